"""The Celery application; its values are in `celeryconfig.py`."""

import os

from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import task_prerun
from django.db import InterfaceError, InternalError, OperationalError, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("clarion")
app.config_from_object("celeryconfig")
# `current_app` is per thread unless there is a default, and web processes send from many threads.
app.set_default()

# What passes when a database comes back: it is away, locked, read-only after a fail-over, or hangs
# until the time limit. Tasks that say something retry it for ever, as their key makes harmless.
PASSING = (OperationalError, InterfaceError, InternalError, SoftTimeLimitExceeded)


@task_prerun.connect
def drop_failed_connections(**_: object) -> None:
    """Let a task begin with a new connection where something failed on the last one.

    With CELERY_DB_REUSE_MAX Celery keeps connections whatever became of them: one that the
    database has closed would fail each of a thousand tasks.
    """
    for connection in connections.all(initialized_only=True):
        if connection.errors_occurred:
            connection.close()
