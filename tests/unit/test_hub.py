"""The hub's part in that nobody is given what was said after they left a topic."""

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError

from notifications import hub as module
from notifications import selectors
from notifications.hub import Hub
from notifications.wire.cursor import Cursor
from notifications.wire.events import LogEvent, LogRecord
from notifications.wire.session import Session
from tests.unit.test_session import EVERYONE, STAFF, record, standing

ADA, BOB = 1, 2


class Dialect:
    """Says positions only."""

    def encode_all(self, given: list[Any]) -> list[int]:
        return [frame.position for frame in given]


@pytest.fixture
def database(monkeypatch):
    """What was asked of the database, and what it answers in turn."""
    database = SimpleNamespace(questions=[], answers=[])

    def leavers(topic: int, version: int) -> Any:
        database.questions.append((topic, version))
        # One question too many is seen in `questions`.
        answer = database.answers.pop(0) if database.answers else []
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read(function: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args)

    monkeypatch.setattr(selectors, "leavers", leavers)
    monkeypatch.setattr(selectors, "began", lambda topic, version: False)
    monkeypatch.setattr(module.threads, "read", read)
    monkeypatch.setattr(module, "FETCH_AGAIN_SECONDS", 0.01)
    return database


@pytest.fixture
async def hub():
    hub = Hub()
    hub.log.begin(10, time.monotonic())
    return hub


def member(hub: Hub, inbox_id: int) -> list[int]:
    """What somebody is written who is in everyone and staff."""
    written: list[int] = []
    session = Session(30, hub.log)
    session.address = (Dialect(), written.extend)
    now = standing(topics={EVERYONE: 0, STAFF: 0})
    session.opened(now, Cursor("e", 5, 10), 0.0)
    socket: Any = SimpleNamespace(session=session)
    hub._of_inbox[inbox_id] = [socket]
    return written


async def say(hub: Hub, *records: LogRecord) -> None:
    """Have entries arrive, and be spread."""
    hub._hear(LogEvent(list(records)).message())
    assert hub._spreading
    await hub._spreading


async def test_who_left_is_passed_over(hub, database):
    ada, bob = member(hub, ADA), member(hub, BOB)
    database.answers = [[(ADA, 6), (99, 3)]]
    await say(hub, record(11, STAFF), record(12, STAFF, 1), record(13))
    assert (ada, bob) == ([11, 13], [11, 12, 13])
    assert database.questions == [(STAFF, 0)]


async def test_nobody_left_nothing_is_asked(hub, database):
    hub.log.know_versions({STAFF: 7})
    ada = member(hub, ADA)
    await say(hub, record(11, STAFF, 7), record(12, STAFF, 6), record(13))
    assert ada == [11, 12, 13]
    assert database.questions == []


async def test_while_the_database_is_away_the_log_waits(hub, database):
    """In order: what would not have to wait does not overtake."""
    ada, bob = member(hub, ADA), member(hub, BOB)
    database.answers = [OperationalError("away"), OperationalError("away"), [(ADA, 6)]]
    await say(hub, record(11, STAFF, 1), record(12))
    assert (ada, bob) == ([12], [11, 12])
    assert database.questions == [(STAFF, 0)] * 3


async def test_versions_are_read_before_anybody_reads_where_they_are(hub, database, monkeypatch):
    """Once, however many come; who comes first may fail."""
    answers = [OperationalError("away"), {STAFF: 3}]

    def versions() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    arrivals: list[bool] = []

    class Arrivals:
        async def get(self, arriving: Any) -> Any:
            arrivals.append(hub.log.knows_versions)
            return SimpleNamespace(standing=standing())

    monkeypatch.setattr(selectors, "topic_versions", versions)
    hub._arrivals = Arrivals()
    several = await asyncio.gather(*(hub.arrive(None) for _ in range(5)), return_exceptions=True)
    assert [type(one) for one in several].count(OperationalError) == 1
    assert arrivals == [True] * 4
    await say(hub, record(11, STAFF, 3))
    assert database.questions == []
