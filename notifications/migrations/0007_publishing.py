import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Safe beside writers: two new tables, which nothing that runs yet knows. Adding their references
# takes a moment's lock on users and notifications, which only those wait for who change the tables
# themselves or write just then. Going back drops the tables, and with them all keys: services that
# publish are refused until they are given new ones.
class Migration(migrations.Migration):

    dependencies = [
        ('clarion', '0006_living_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('prefix', models.CharField(editable=False, max_length=20, unique=True)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('types', models.JSONField(default=list)),
                ('topics', models.JSONField(blank=True, default=list)),
                ('may_notify', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(editable=False, null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API key',
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('notification', 'Notification'), ('broadcast', 'Broadcast')], max_length=20)),
                ('recipients', models.PositiveBigIntegerField(default=0)),
                ('unknown', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('key', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clarion.apikey')),
                ('notification', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clarion.notification')),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='clarion_publication_age')],
            },
        ),
    ]
