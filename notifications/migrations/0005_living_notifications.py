from django.db import migrations, models


# On big tables: no column needs a row to be written, as each is null or has a constant default.
class Migration(migrations.Migration):

    dependencies = [
        ('clarion', '0004_schedules'),
    ]

    operations = [
        migrations.AddField(
            model_name='inbox',
            name='burst',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='inbox',
            name='burst_since',
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='inbox',
            name='choices',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='item',
            name='category',
            field=models.CharField(db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='item',
            name='gathered',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='item',
            name='gone',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='item',
            name='thread',
            field=models.CharField(db_default='', default='', max_length=150),
        ),
        migrations.AddField(
            model_name='logentry',
            name='origin',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='loghead',
            name='retracted',
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='notification',
            name='actions',
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='outbox',
            name='done_up_to',
            field=models.PositiveBigIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='outbox',
            name='lane',
            field=models.CharField(choices=[('direct', 'Direct'), ('bulk', 'Bulk'), ('change', 'Change')], max_length=10),
        ),
    ]
