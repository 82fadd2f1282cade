from django.db import migrations, models


# Safe beside writers: the column has a default in the database, so no row is written and older
# processes go on making keys. Going back takes the right away from all keys, and with it every
# token that was made for them.
class Migration(migrations.Migration):

    dependencies = [
        ('clarion', '0008_retention'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='apikey',
            options={'permissions': [('embed_inboxes', "Can let services show anybody's inbox")], 'verbose_name': 'API key'},
        ),
        migrations.AddField(
            model_name='apikey',
            name='may_embed',
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
