"""What beat is for: whom a wake-up did not reach is woken again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from celery import current_app

from notifications.services.wake import RELAY_TASK

SECONDS = 2.0


@contextmanager
def waking() -> Iterator[None]:
    """Have workers look for rows every `SECONDS`, unless the broker is away.

    Not the sweep, which would be written down as a sign of beat.
    """
    ended = threading.Event()

    def wake() -> None:
        while not ended.wait(SECONDS):
            # Each broker's client raises its own.
            with suppress(Exception), current_app.connection_for_write() as connection:
                current_app.send_task(RELAY_TASK, connection=connection, retry=False)

    thread = threading.Thread(target=wake)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
