"""Says things one after the other, in a process that knows nothing of earlier failures.

`python -m tests.acceptance.hasty_caller USER_ID COUNT` writes the seconds of each call as JSON.
"""

import json
import sys
import time

import django


def main(user_id: str, count: int) -> None:
    """Notify `count` times."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import connection

    from notifications import notify

    user = get_user_model().objects.get(pk=user_id)
    connection.ensure_connection()
    seconds = []
    for number in range(count):
        begun = time.monotonic()
        notify(user, "message", title=f"Call {number}")
        seconds.append(time.monotonic() - begun)
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
