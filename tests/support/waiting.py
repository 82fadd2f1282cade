"""Waiting for a condition instead of for seconds."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds; what is waited for comes in a moment, but not on a machine with much else to do.
PATIENCE = 30


def wait_until(condition: Callable[[], T], timeout: float = PATIENCE, *, what: str = "") -> T:
    """Return the first truthy value of `condition`; raises `TimeoutError` after `timeout` seconds.

    The message tells the last value, or `what` was waited for.
    """
    deadline = time.monotonic() + timeout
    pause = 0.005
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what or condition!r} did not come within {timeout} s: {value!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return value
