"""What a broadcast costs does not depend on how many people there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext

from notifications import broadcast
from notifications.models import (
    Inbox,
    Item,
    LogEntry,
    LogHead,
    Membership,
    Notification,
    Outbox,
    Topic,
)
from notifications.services import topics
from notifications.services.announcements import announce
from notifications.services.relay import relay_batch

pytestmark = [pytest.mark.promise_5, pytest.mark.django_db(transaction=True)]

FEW, MANY = 10, 100_000
TABLES = (Inbox, Item, LogEntry, LogHead, Membership, Notification, Outbox, Topic)


@contextmanager
def quickly() -> Iterator[CursorWrapper]:
    """A cursor for very many rows: on PostgreSQL no trigger looks at each for its foreign keys."""
    trusting = connection.vendor == "postgresql"
    with transaction.atomic(), connection.cursor() as cursor:
        if trusting:
            cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor


def people(count: int) -> None:
    """So many users, all of them staff and with an inbox."""
    topic = topics.row("staff").pk
    numbers = (
        f"generate_series(1, {count}) AS s(n)"
        if connection.vendor == "postgresql"
        else f"(WITH RECURSIVE s(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM s WHERE n < {count})"
        " SELECT n FROM s)"
    )
    with quickly() as cursor:
        cursor.execute(
            "INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser,"
            " is_staff, is_active, date_joined) SELECT 'p' || n, '', '', '', '', false, true, true,"
            f" CURRENT_TIMESTAMP FROM {numbers}"
        )
        cursor.execute(
            "INSERT INTO clarion_inbox (user_id, seq, unread, unseen, taken, floor)"
            " SELECT id, 0, 0, 0, 0, 0 FROM auth_user"
        )
        cursor.execute(
            "INSERT INTO clarion_membership (topic_id, inbox_id, since, seq)"
            f" SELECT {topic}, id, 0, 0 FROM clarion_inbox"
        )
    # Else autovacuum does, sometime; until then plans are for empty tables, and may take minutes.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def nobody() -> None:
    """No users."""
    with quickly() as cursor:
        for table in ("clarion_membership", "clarion_inbox", "auth_user"):
            cursor.execute(f"DELETE FROM {table}")


def rows() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in TABLES}


def costs(say) -> tuple[list[str], list[str], dict[str, int]]:
    """The statements of the caller and of the relay, and the rows that are more afterwards."""
    before = rows()
    with CaptureQueriesContext(connection) as said:
        say()
    with CaptureQueriesContext(connection) as relayed:
        assert relay_batch(Outbox.Lane.DIRECT) == 1
    after = rows()
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    return shapes(said), shapes(relayed), grown


def shapes(queries: CaptureQueriesContext) -> list[str]:
    """How each statement begins, without the names of savepoints."""
    return [" ".join(query["sql"].partition('"s')[0].split()[:3]) for query in queries]


@pytest.fixture(autouse=True)
def _nobody():
    yield
    nobody()


def test_ten_and_a_hundred_thousand(published):
    def say(topic):
        return costs(lambda: broadcast(topic, "message", title="The shop opens"))

    def tell(topic):
        return costs(lambda: announce(topic, {"title": "The shop opens"}, None))

    people(FEW)
    few = [say("everyone"), say("staff"), tell("everyone"), tell("staff")]
    nobody()
    people(MANY)
    assert Inbox.objects.count() == Membership.objects.count() == MANY
    many = [say("everyone"), say("staff"), tell("everyone"), tell("staff")]
    assert many == few
    assert all(grown == {"Notification": 1, "LogEntry": 1} for _, _, grown in many[:2])
    # As many events in the channel layer as broadcasts.
    assert [group for group, _ in published] == ["log"] * 8
