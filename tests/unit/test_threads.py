"""Blocking code of one kind does not wait for that of another."""

import asyncio
import threading
from contextlib import contextmanager

import pytest

from notifications.conf import settings
from notifications.live import threads

pytestmark = pytest.mark.any_database


@contextmanager
def held_up(run):
    """More calls than there are threads of a kind, none of which comes to an end."""
    gate = threading.Event()
    calls = [asyncio.ensure_future(run(gate.wait, 30)) for _ in range(2 * settings.threads)]
    yield calls
    gate.set()


async def test_kinds_do_not_wait_for_each_other():
    async with asyncio.timeout(10):
        with held_up(threads.handle) as handlers:
            await threads.read(int)
            await threads.beat(int)
            with held_up(threads.read) as reads:
                await threads.beat(int)
        assert await asyncio.gather(*handlers, *reads) == [True] * 4 * settings.threads


async def test_there_are_only_so_many():
    meeting = threading.Barrier(settings.threads + 1)
    first = [asyncio.ensure_future(threads.read(meeting.wait, 10)) for _ in range(settings.threads)]
    more = asyncio.ensure_future(threads.read(int))
    await threads.beat(meeting.wait, 10)
    await asyncio.gather(*first, more)
    names = {thread.name for thread in threading.enumerate()}
    kinds = ("clarion-read", "clarion-handler", "clarion-beat")
    counts = [sum(name.startswith(kind) for name in names) for kind in kinds]
    assert counts[0] <= settings.threads
    assert counts[1] <= settings.threads
    assert counts[2] == 1
