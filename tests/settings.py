"""Settings of the test suite: the site's own, in a world of its own.

Every run has a fresh folder, Redis port, password and database. They are put into the environment
first, so that this process and all that it starts read the same; nothing of the developer's
environment or of `.clarion/` gets in.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from project.local.redis_server import free_port

for name in (
    *("ALLOWED_HOSTS", "CELERY_BROKER_URL", "CLARION_LAYER_URLS", "CLARION_PROCESS"),
    *("CSRF_TRUSTED_ORIGINS", "CLARION_ORIGINS"),
):
    os.environ.pop(name, None)

# In memory, where there is room: runs side by side wait for one disk.
MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30  # bytes; PostgreSQL's log alone may take one
IN_MEMORY = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
# Sockets live below it, whose paths may have some hundred characters at most.
WORK = Path(tempfile.mkdtemp(prefix="clarion-", dir=MEMORY if IN_MEMORY else None))
atexit.register(shutil.rmtree, WORK, ignore_errors=True)

TEST_DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
POSTGRESQL_FOLDER = WORK / "pg"
DATABASE_URLS = {
    # A file: other processes use it too.
    "sqlite": f"sqlite:///{WORK / 'clarion.sqlite3'}",
    "postgresql": f"postgres://postgres@/clarion?host={POSTGRESQL_FOLDER}",
}
if TEST_DATABASE not in DATABASE_URLS:
    raise ValueError(f"TEST_DATABASE must be one of {', '.join(DATABASE_URLS)}.")

REDIS_PORT = free_port()
REDIS_PASSWORD = secrets.token_hex(16)
os.environ.update(
    CLARION_STATE=str(WORK),
    DEBUG="1",
    SECRET_KEY=secrets.token_hex(32),
    DATABASE_URL=DATABASE_URLS[TEST_DATABASE],
    REDIS_URL=f"redis://:{REDIS_PASSWORD}@127.0.0.1:{REDIS_PORT}/0",
    LOG_LEVEL="INFO",
    # Hundreds are sent to one person in a moment; tests of storms set their own limit.
    CLARION_STORM_LIMIT="0",
)

from project.settings import *  # noqa: E402, F403 - after the environment it reads
from project.settings import DATABASES  # noqa: E402

# The database itself, not a copy beside it: processes find it by DATABASE_URL.
DATABASES["default"]["TEST"] = {"NAME": DATABASES["default"]["NAME"]}
# Hashing is not what these tests are about.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    # What the web processes know, for tests that sign in over HTTP.
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
