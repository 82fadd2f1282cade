from django.db import migrations, models

from notifications.migrations._concurrently import AddIndex


# Safe beside writers: a new table, and an index that PostgreSQL builds beside them, of what was
# retracted or has expired. An interrupted one leaves an invalid index behind: drop that and run the
# migration again, with the table made.
class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('clarion', '0007_publishing'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pass',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('up_to', models.PositiveBigIntegerField(null=True)),
            ],
            options={
                'verbose_name_plural': 'passes',
            },
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('gone', True)), fields=['inbox', 'notification'], name='clarion_item_gone'),
        ),
    ]
