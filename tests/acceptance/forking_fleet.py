"""A Celery app whose parent process has published before it forks: `celery -A` this module.

Its task publishes from whichever child process runs it.
"""

import os
import time

from celery.signals import worker_init
from channels.layers import get_channel_layer

from workers import app

# Seconds for which a task keeps its process, so that others have to take the next one.
BUSY = 0.05


@worker_init.connect
def publish_before_forking(**_: object) -> None:
    """Have connections that a careless child would go on using."""
    for number in range(3):
        publish(number)


@app.task(name="tests.publish")
def publish(number: int) -> None:
    """Publish to a group whose name tells who publishes, and to one that everybody has."""
    fleet = f"fleet.{os.getpid()}"
    message = {"type": "fleet.event", "number": number, "from": os.getpid()}
    get_channel_layer().publish_many([(fleet, message), ("fleet", message)])
    time.sleep(BUSY)
