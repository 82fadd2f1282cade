from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from notifications.migrations._concurrently import AddIndex, RemoveIndex

# Items of one statement, a fraction of a second each.
BATCH = 5000
COPY = """
    UPDATE clarion_item SET
        category = (SELECT category FROM clarion_notification said WHERE said.id = notification_id),
        thread = (SELECT thread FROM clarion_notification said WHERE said.id = notification_id)
    WHERE id > %s AND id <= %s AND category = ''
"""


def copy_categories(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Items bear the category and thread of their notification from now on."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM clarion_item")
        last = cursor.fetchone()[0] or 0
        for start in range(0, last, BATCH):
            cursor.execute(COPY, [start, start + BATCH])


# On big tables: nothing here is one transaction. Rows are written in batches, and PostgreSQL builds
# the indexes beside the writers. One that was
# interrupted leaves an invalid index behind: drop that and run the migration again; what has been
# copied is passed over. Relays of the release before add items without a category meanwhile; so
# stop them first, or run COPY once more.
class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('clarion', '0005_living_notifications'),
    ]

    operations = [
        migrations.RunPython(copy_categories, migrations.RunPython.noop),
        AddIndex(
            model_name='item',
            index=models.Index(fields=['notification', 'inbox'], name='clarion_item_of_notification'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('archived_at', None), ('folded', False), ('gone', False), ('snoozed_until', None)), fields=['inbox', 'notification'], name='clarion_item_listed'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('archived_at', None), ('folded', False), ('gone', False), ('snoozed_until', None), ('read_at', None)), fields=['inbox', 'notification'], name='clarion_item_unread'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('archived_at__isnull', False), ('folded', False), ('gone', False)), fields=['inbox', 'notification'], name='clarion_item_archived'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(fields=['inbox', 'category', 'notification'], name='clarion_item_category'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('thread', ''), _negated=True), fields=['inbox', 'thread', 'notification'], name='clarion_item_thread'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['inbox', 'notification'], name='clarion_item_snoozed'),
        ),
        AddIndex(
            model_name='item',
            index=models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['snoozed_until'], name='clarion_item_wakes'),
        ),
        AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('expires_at__isnull', False), ('retracted_at', None)), fields=['expires_at'], name='clarion_notification_expires'),
        ),
        AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(models.Q(('thread', ''), _negated=True), ('retracted_at', None)), fields=['thread'], name='clarion_notification_thread'),
        ),
        AddIndex(
            model_name='logentry',
            index=models.Index(condition=models.Q(('kind', 'retract')), fields=['topic', 'position'], name='clarion_logentry_retracted'),
        ),
        RemoveIndex(
            model_name='item',
            name='clarion_item_notification',
        ),
    ]
