"""Somebody else's project, with a test-suite of its own: a site that only has Clarion as an app."""

import os
import subprocess
import sys
from pathlib import Path

from project.local.redis_server import free_port

ROOT = Path(__file__).resolve().parent.parent.parent

SETTINGS = """
SECRET_KEY = "x" * 50
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "channels",
    "django_celery_beat",
    "notifications.apps.ClarionConfig",
    "shop",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
import os
CLARION_REDIS_URL = CELERY_BROKER_URL = os.environ["REDIS_URL"]
LAYER = "notifications.live.layer.LiveChannelLayer"
CHANNEL_LAYERS = {"default": {"BACKEND": LAYER, "CONFIG": {"hosts": [CLARION_REDIS_URL]}}}
import celery
celery.Celery("shop", broker=CELERY_BROKER_URL).set_default()
"""

PYTEST = """
[pytest]
DJANGO_SETTINGS_MODULE = settings
asyncio_default_fixture_loop_scope = function
"""

URLS = """
from django.urls import path
from notifications.api import api

urlpatterns = [path("api/v1/", api.urls)]
"""


def project(folder: Path, **files: str) -> Path:
    """Write the project with the app `shop`; `files` are modules of the app, by name."""
    app = folder / "shop"
    app.mkdir(parents=True)
    (folder / "settings.py").write_text(SETTINGS)
    (folder / "pytest.ini").write_text(PYTEST)
    for name, text in {"__init__": "", "urls": URLS, **files}.items():
        (app / f"{name}.py").write_text(text)
    conftest = app / "conftest.py"
    if conftest.exists():
        conftest.rename(folder / "conftest.py")
    return folder


def run_tests(folder: Path, redis_url: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run the project's tests in a process of their own, warnings being errors."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "settings",
        "REDIS_URL": redis_url,
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", *command],
        cwd=folder,
        env=environment,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
    )


def closed_redis() -> str:
    """The URL of a Redis that is not there."""
    return f"redis://127.0.0.1:{free_port()}/0"
