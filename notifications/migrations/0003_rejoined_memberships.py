from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clarion', '0002_log_head'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='rejoined',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
