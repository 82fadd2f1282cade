import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(max_length=100)),
                ('category', models.CharField(max_length=100)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('body', models.TextField(blank=True)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('level', models.CharField(choices=[('info', 'Info'), ('success', 'Success'), ('warning', 'Warning'), ('error', 'Error')], max_length=10)),
                ('priority', models.CharField(choices=[('normal', 'Normal'), ('urgent', 'Urgent')], default='normal', max_length=10)),
                ('thread', models.CharField(blank=True, max_length=100)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('actor_type', models.CharField(blank=True, max_length=100)),
                ('actor_id', models.CharField(blank=True, max_length=100)),
                ('actor_label', models.CharField(blank=True, max_length=100)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('retracted_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Inbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveBigIntegerField(default=0)),
                ('unread', models.PositiveIntegerField(default=0)),
                ('unseen', models.PositiveIntegerField(default=0)),
                ('taken', models.PositiveBigIntegerField(default=0)),
                ('floor', models.PositiveBigIntegerField(default=0)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='inbox', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'inboxes',
            },
        ),
        migrations.CreateModel(
            name='LogHead',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('epoch', models.CharField(max_length=16)),
                ('position', models.PositiveBigIntegerField(default=0)),
                ('floor', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='clarion_one_log_head')],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.PositiveBigIntegerField()),
                ('position', models.PositiveBigIntegerField(null=True)),
                ('folded', models.BooleanField(default=False)),
                ('seen_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('archived_at', models.DateTimeField(null=True)),
                ('snoozed_until', models.DateTimeField(null=True)),
                ('inbox', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='clarion.inbox')),
                ('notification', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='clarion.notification')),
            ],
            options={
                'indexes': [models.Index(fields=['notification'], name='clarion_item_notification')],
                'constraints': [models.UniqueConstraint(fields=('inbox', 'notification'), name='clarion_item_once'), models.UniqueConstraint(fields=('inbox', 'seq'), name='clarion_item_seq'), models.CheckConstraint(condition=models.Q(('read_at', None), ('seen_at__isnull', False), _connector='OR'), name='clarion_item_read_is_seen')],
            },
        ),
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True)),
                ('fingerprint', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('notification', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='clarion.notification')),
            ],
            options={
                'indexes': [models.Index(fields=['created_at'], name='clarion_idempotency_age')],
            },
        ),
        migrations.CreateModel(
            name='Outbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('items', 'Items'), ('log', 'Log'), ('update', 'Update'), ('retract', 'Retract')], max_length=10)),
                ('lane', models.CharField(choices=[('direct', 'Direct'), ('bulk', 'Bulk')], max_length=10)),
                ('recipients', models.JSONField(blank=True, default=list)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('due_at', models.DateTimeField(blank=True, db_default=django.db.models.functions.datetime.Now(), null=True)),
                ('error', models.TextField(blank=True)),
                ('notification', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='clarion.notification')),
                ('topic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='clarion.topic')),
            ],
            options={
                'verbose_name_plural': 'outbox',
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['lane', 'due_at', 'id'], name='clarion_outbox_claim')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.PositiveBigIntegerField()),
                ('until', models.PositiveBigIntegerField(null=True)),
                ('seq', models.PositiveBigIntegerField(default=0)),
                ('inbox', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='clarion.inbox')),
                ('topic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='clarion.topic')),
            ],
            options={
                'indexes': [models.Index(fields=['topic', 'inbox'], name='clarion_membership_topic')],
                'constraints': [models.UniqueConstraint(fields=('inbox', 'topic'), name='clarion_membership_once')],
            },
        ),
        migrations.CreateModel(
            name='LogEntry',
            fields=[
                ('position', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('new', 'New'), ('update', 'Update'), ('retract', 'Retract')], max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('notification', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='clarion.notification')),
                ('topic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='clarion.topic')),
            ],
            options={
                'verbose_name_plural': 'log entries',
                'indexes': [models.Index(fields=['topic', 'position'], name='clarion_logentry_pending'), models.Index(fields=['notification'], name='clarion_logentry_notification')],
            },
        ),
    ]
