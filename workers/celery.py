"""The Celery application; its values are in `celeryconfig.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

app = Celery("clarion")
app.config_from_object("celeryconfig")
# `current_app` is per thread unless there is a default, and web processes send from many threads.
app.set_default()
