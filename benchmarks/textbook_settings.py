"""The site's own settings, less Clarion: same database engine and options, same broker server."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS, REDIS_URL

INSTALLED_APPS = [
    name for name in INSTALLED_APPS if name.startswith("django.contrib.") or name == "channels"
]

# An empty one; Celery's start-up checks load it.
ROOT_URLCONF = "benchmarks.textbook"

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    # redis-py 8 waits 5 s for an answer, and the layer's own BZPOPMIN takes 5 s:
                    # with the default every idle socket dies (channels_redis#422).
                    "socket_timeout": 30,
                    "socket_connect_timeout": 5,
                    # redis-py 8 opens 100 at most; more consumers at once than that would fail.
                    "max_connections": 2000,
                }
            ],
            # The default of 100 messages, counted per process and not per socket, loses most of a
            # burst without a word. Enough to lose nothing here, so that it can be timed.
            "capacity": 100_000,
        },
    }
}

# Nobody waits for results. CELERY_BROKER_URL and CELERY_DB_REUSE_MAX, with which a worker keeps its
# database connection, come from the site's settings.
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
