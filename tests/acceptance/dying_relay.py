"""Runs one relay that kills itself: `python -m tests.acceptance.dying_relay POINT [AFTER]`.

`before-commit`: a batch has been done and not committed.
`before-publish`: a batch has been committed and nobody told.
AFTER so many batches that nothing happened to.
"""

import os
import signal
import sys

import django

POINTS = {"before-commit": "_do", "before-publish": "publish_many"}


def main(point: str, after: int) -> None:
    """Relay until the point is reached."""
    django.setup()
    from notifications.services import relay

    name = POINTS[point]
    real = getattr(relay, name)
    batches = 0

    def deadly(argument: object) -> object:
        nonlocal batches
        done = real(argument) if point == "before-commit" or batches < after else None
        if argument and batches == after:
            os.kill(os.getpid(), signal.SIGKILL)
        batches += bool(argument)
        return done

    setattr(relay, name, deadly)
    relay.relay()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
