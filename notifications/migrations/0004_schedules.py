import django.db.models.deletion
from django.conf import settings
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def everybody_belongs(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """`everyone` is the topic to which everybody has always belonged."""
    apps.get_model("clarion", "Topic").objects.filter(key="everyone").update(default_since=0)


# On a big table of memberships: the columns have no default or a constant one, so no row is written;
# the index holds nothing yet, and reading the table for it stops writers for seconds, not minutes.
# The one on items takes about a second for each million of items.
class Migration(migrations.Migration):

    dependencies = [
        ('clarion', '0003_rejoined_memberships'),
        ('django_celery_beat', '0019_alter_periodictasks_options'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slot', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('sent', 'Sent'), ('late', 'sent late'), ('skipped', 'left out'), ('failed', 'Failed')], default='sent', max_length=10)),
                ('topic', models.CharField(blank=True, max_length=100)),
                ('recipients', models.PositiveBigIntegerField(default=0)),
                ('spared', models.PositiveBigIntegerField(default=0)),
                ('missed', models.PositiveIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
            ],
            options={
                'permissions': [('compose', 'Can send to topics and to chosen people'), ('announce_to_everyone', 'Can send to everyone, now or by schedule')],
            },
        ),
        migrations.CreateModel(
            name='Heard',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'heard',
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=100)),
                ('type', models.CharField(default='message', max_length=100)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('body', models.TextField(blank=True)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('level', models.CharField(blank=True, choices=[('info', 'Info'), ('success', 'Success'), ('warning', 'Warning'), ('error', 'Error')], max_length=10)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('kind', models.CharField(choices=[('once', 'once'), ('every', 'every so often'), ('cron', 'by a crontab')], max_length=10)),
                ('at', models.DateTimeField(blank=True, null=True)),
                ('every', models.PositiveIntegerField(blank=True, null=True)),
                ('period', models.CharField(blank=True, choices=[('minutes', 'Minutes'), ('hours', 'Hours'), ('days', 'Days')], max_length=10)),
                ('cron', models.CharField(blank=True, max_length=100)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('missed', models.CharField(choices=[('skip', 'leave it out'), ('last', 'send the last one late')], default='skip', max_length=10)),
                ('enabled', models.BooleanField(default=True)),
                ('next_slot', models.DateTimeField(blank=True, editable=False, null=True)),
                ('mirrored', models.BooleanField(default=True, editable=False)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.AddField(
            model_name='membership',
            name='version',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='topic',
            name='default_since',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='topic',
            name='version',
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='topic',
            name='default_version',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='topic',
            name='asked_up_to',
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddIndex(
            model_name='topic',
            index=models.Index(condition=models.Q(('default_since__isnull', False)), fields=['default_since'], name='clarion_topic_default'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('version__isnull', False)), fields=['topic', 'version'], name='clarion_membership_left'),
        ),
        migrations.AddField(
            model_name='announcement',
            name='cancelled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='announcement',
            name='notification',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='clarion.notification'),
        ),
        migrations.AddField(
            model_name='announcement',
            name='sent_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='schedule',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='schedule',
            name='periodic_task',
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='django_celery_beat.periodictask'),
        ),
        migrations.AddField(
            model_name='announcement',
            name='schedule',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='announcements', to='clarion.schedule'),
        ),
        migrations.AddIndex(
            model_name='schedule',
            index=models.Index(condition=models.Q(('enabled', True), ('next_slot__isnull', False)), fields=['next_slot'], name='clarion_schedule_due'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['-created_at'], name='clarion_announcement_newest'),
        ),
        migrations.AddConstraint(
            model_name='announcement',
            constraint=models.UniqueConstraint(fields=('schedule', 'slot'), name='clarion_announcement_once'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('read_at__isnull', False)), fields=['notification'], name='clarion_item_read'),
        ),
        migrations.RunPython(everybody_belongs, migrations.RunPython.noop),
    ]
