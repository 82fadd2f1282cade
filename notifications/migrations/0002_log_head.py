import secrets

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_rows(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The head of the broadcast log, with this database's epoch, and the topics that always are."""
    apps.get_model("clarion", "LogHead").objects.get_or_create(
        pk=1, defaults={"epoch": secrets.token_hex(4)}
    )
    for key in ("everyone", "staff"):
        apps.get_model("clarion", "Topic").objects.get_or_create(key=key)


class Migration(migrations.Migration):
    dependencies = [("clarion", "0001_initial")]

    # Backwards the tables go anyway.
    operations = [migrations.RunPython(make_rows, migrations.RunPython.noop)]
