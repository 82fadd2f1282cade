"""Waiting for a condition in an event loop."""

import asyncio
from collections.abc import Callable

from tests.support.waiting import PATIENCE


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Return when `condition` holds, which the loop's other tasks bring about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (any condition)
            await asyncio.sleep(0.002)
