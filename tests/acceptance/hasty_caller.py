"""Says things one after the other, in a process that knows nothing of earlier failures.

`python -m tests.acceptance.hasty_caller USER_ID COUNT` writes as JSON the seconds that all calls
took together, and those that each step towards Redis or the broker may take.
"""

import json
import os
import sys
import time

import django

# Redis has the first two, for wake-ups and as a broker; AMQP the others.
TIMEOUTS = (
    *("socket_timeout", "socket_connect_timeout"),
    *("connect_timeout", "read_timeout", "write_timeout"),
)


def main(user_id: str, count: int) -> None:
    """Notify `count` times."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import connection

    from notifications import notify
    from notifications.conf import settings
    from notifications.services import wake

    user = get_user_model().objects.get(pk=user_id)
    connection.ensure_connection()
    begun = time.monotonic()
    for number in range(count):
        notify(user, "message", title=f"Call {number}")
    seconds = time.monotonic() - begun
    towards_redis = wake._redis(settings.redis_url, os.getpid()).connection_pool.connection_kwargs
    towards_broker = wake._broker(os.getpid()).transport_options
    steps = [
        value
        for options in (towards_redis, towards_broker)
        for name, value in options.items()
        if name in TIMEOUTS
    ]
    sys.stdout.write(json.dumps([seconds, steps]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
