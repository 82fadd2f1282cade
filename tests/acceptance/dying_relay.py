"""Runs one relay that kills itself at a point: `python -m tests.acceptance.dying_relay POINT`.

`before-commit`: a batch has been done and not committed.
`before-publish`: a batch has been committed and nobody told.
"""

import os
import signal
import sys

import django

POINTS = {"before-commit": "_do", "before-publish": "publish_many"}


def main(point: str) -> None:
    """Relay until the point is reached."""
    django.setup()
    from notifications.services import relay

    name = POINTS[point]
    real = getattr(relay, name)

    def deadly(argument: object) -> None:
        if argument:
            if point == "before-commit":
                real(argument)
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(relay, name, deadly)
    relay.relay()


if __name__ == "__main__":
    main(sys.argv[1])
