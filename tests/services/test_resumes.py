"""Resumes of many inboxes at once are those of each alone, and cost queries as one does."""

from datetime import timedelta
from itertools import product

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import broadcast, notify
from notifications.models import Inbox, Item, LogEntry, LogHead, Membership, Notification, Topic
from notifications.selectors import Arriving, Request, arrivals, changes, resumes, standing
from notifications.selectors.places import places
from notifications.selectors.pulse import NO_INBOX
from notifications.services import inboxes
from notifications.services.inbox import list_items, mark
from notifications.wire.cursor import Cursor

pytestmark = [pytest.mark.django_db, pytest.mark.promise_3]

ENTRIES = 12


@pytest.fixture
def crowd(relay_all):
    """A hundred inboxes, of which no two have the same changes, topics and place in the log."""
    users = User.objects.bulk_create(
        User(username=f"u{n}", is_staff=n % 3 == 0) for n in range(100)
    )
    with transaction.atomic():
        inboxes.ensure_locked([user.pk for user in users])
    for n in range(8):
        notify(users[n:], "message", title=f"Said {n}", body="b" * 10 * n)
    relay_all()
    ids = list(Inbox.objects.order_by("user_id").values_list("pk", flat=True))
    for n in range(ENTRIES):
        broadcast("staff" if n % 3 else "everyone", "message", title=f"To all {n}")
        relay_all()
        for pk in ids[n * 5 : n * 5 + 2]:
            list_items(pk, None, 1)
    Membership.objects.filter(inbox__in=ids[::9]).update(since=ENTRIES // 2)
    for n, pk in enumerate(ids[::4]):
        kept = list(Item.objects.filter(inbox=pk).values_list("notification_id", flat=True))
        mark(pk, "archived" if n % 2 else "read", kept[: n % 4])
    gone, expired = LogEntry.objects.order_by("position")[7:9]
    now = timezone.now()
    Notification.objects.filter(pk=gone.notification_id).update(retracted_at=now)
    past = now - timedelta(days=1)
    Notification.objects.filter(pk=expired.notification_id).update(expires_at=past)
    Notification.objects.filter(title="Said 2").update(retracted_at=now)
    return ids


def asked(ids: list[int], languages=(None,)) -> list[Request]:
    """Requests of three devices of each, from cursors that differ."""
    epoch = LogHead.objects.get().epoch
    found = []
    for n, place in enumerate(places(ids)[pk] for pk in ids):
        seq, position = place.standing.seq, place.standing.position
        for cursor in (
            Cursor(epoch, max(seq - n % 7, 0), max(position - n % 11, 0)),
            Cursor(epoch, 0, 0),
            Cursor(epoch, seq, position),
            Cursor("other" if n % 2 else epoch, seq, position + 1),
        ):
            found += [Request(ids[n], cursor, language) for language in languages]
    return found


def test_many_are_answered_as_each_alone(crowd):
    for limit, count in ((1, 2), (2, 100), (30, 2), (30, 100)):
        requests = asked(crowd[:count])
        pages = resumes(requests, limit)
        assert len(pages) == len(set(requests))
        # Of many every third, which meets all kinds.
        for request in requests[:: 3 if count > 2 else 1]:
            assert pages[request] == changes(request.inbox_id, request.cursor, limit)
        kinds = {(bool(p.items), bool(p.removed), p.more, p.reset) for p in pages.values()}
        assert len(kinds) > 3, "the requests differ"


@pytest.mark.parametrize("count", [4, 100])
def test_arrivals_are_those_of_each_alone(crowd, count):
    requests = asked(crowd[:count:3], languages=("en", "de"))
    arriving = [
        Arriving(one.inbox_id, one.cursor, one.language or "", f"session {n}")
        for n, one in enumerate(requests)
    ]
    arriving.append(Arriving(crowd[0], None, "en", "nobody"))
    arrived = arrivals(arriving)
    assert set(arrived) == set(arriving)
    for one in arriving:
        page = arrived[one].page
        if page is not None:
            assert page == resumes([Request(one.inbox_id, one.cursor, one.language)]).popitem()[1]
        else:
            now = standing(one.inbox_id)
            assert one.cursor in (None, Cursor(now.epoch, now.seq, now.position))
        assert arrived[one].standing == standing(one.inbox_id)


def test_pages_one_after_the_other_bring_everything(crowd):
    """What a client has at the end does not depend on how long the pages were."""
    epoch = LogHead.objects.get().epoch
    for inbox, limit in product(crowd[:40:3], (1, 30)):
        whole = changes(inbox, Cursor(epoch, 0, 0), 100)
        items, removed, cursor, more = [], [], Cursor(epoch, 0, 0), True
        while more:
            assert len(items) + len(removed) < 100, "it goes on for ever"
            page = changes(inbox, cursor, limit)
            assert len(page.items) + len(page.removed) <= limit
            items += page.items
            removed += page.removed
            cursor, more = Cursor(epoch, page.seq, page.position), page.more
        assert (items, removed) == (whole.items, whole.removed)
        assert cursor == Cursor(epoch, whole.seq, whole.position)
        retracted = Item.objects.filter(inbox=inbox, notification__retracted_at__isnull=False)
        ids = retracted.order_by("seq").values_list("notification_id", flat=True)
        assert removed == [str(pk) for pk in ids]


def test_log_entries_are_those_of_the_topics_in_order(crowd):
    """Each sees what was said to its topics since it joined, current, without what it has."""
    epoch = LogHead.objects.get().epoch
    everyone = Topic.objects.get(key="everyone").pk
    for inbox in crowd[::9]:
        taken = Inbox.objects.get(pk=inbox).taken
        since = dict(Membership.objects.filter(inbox=inbox).values_list("topic_id", "since"))
        wanted = [
            entry.position
            for entry in LogEntry.objects.select_related("notification").order_by("position")
            if entry.position > max(taken, ({everyone: 0} | since).get(entry.topic_id, 10**9))
            and entry.notification.retracted_at is None
            and entry.notification.expires_at is None
        ]
        page = changes(inbox, Cursor(epoch, standing(inbox).seq, 0))
        assert [item["position"] for item in page.items] == wanted


def test_a_hundred_take_no_more_queries_than_a_few(crowd, settings):
    epoch = LogHead.objects.get().epoch
    requests = [
        Request(pk, Cursor(epoch, min(n % 3, standing(pk).seq), n % ENTRIES))
        for n, pk in enumerate(crowd)
    ]

    def cost(requests: list[Request]) -> int:
        with CaptureQueriesContext(connection) as queries:
            pages = resumes(requests, 2)
        assert {page.reset for page in pages.values()} >= {"", "too_far"}
        return len(queries)

    settings.CLARION_RESUME_LIMIT = 10
    # Inboxes, memberships; items, entries; floors; how many there are of each; notifications.
    assert cost(requests) == cost(requests[:10]) == 8


def test_too_far_counts_what_each_would_be_shown(crowd, settings):
    requests = asked(crowd)
    shown = {
        one: len(page.items) + len(page.removed) for one, page in resumes(requests, 99).items()
    }
    for bound in (1, 5, max(shown.values())):
        settings.CLARION_RESUME_LIMIT = bound
        for one, page in resumes(requests, 1).items():
            if page.reset in ("", "too_far"):
                assert (page.reset == "too_far") == (shown[one] > bound)


@pytest.mark.promise_2
@pytest.mark.parametrize("row", [0, 1, 2])
def test_what_vanishes_meanwhile_hides_nothing(ada, relay_all, row):
    """Somebody deletes a notification between the queries of a resume."""
    inbox = inboxes.ensure(ada)
    for n in range(3):
        notify(ada, "message", title=f"Said {n}")
    relay_all()
    broadcast("everyone", "message", title="To all")
    relay_all()
    doomed = Item.objects.filter(inbox=inbox).order_by("seq")[row].notification_id

    def delete(execute, sql, params, many, context):
        if sql.startswith("SELECT * FROM clarion_notification"):
            Notification.objects.filter(pk=doomed).delete()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(delete):
        page = changes(inbox.pk, Cursor(LogHead.objects.get().epoch, 0, 0))
    assert not Notification.objects.filter(pk=doomed).exists()
    titles = [f"Said {n}" for n in range(3) if n != row]
    assert [item["title"] for item in page.items] == [*titles, "To all"]
    assert page.removed == [str(doomed)]
    assert (page.seq, page.position, page.more) == (3, 1, False)


def test_people_of_the_same_topics_share_them(crowd, monkeypatch):
    """In whatever order their rows come."""
    ids = crowd[:30:3]
    staff = Topic.objects.get(key="staff").pk
    other = Topic.objects.create(key="other").pk
    everyone = Topic.objects.get(key="everyone").pk
    rows = [(pk, topic, 0, None, 0, False) for pk in ids for topic in (staff, other)]
    everybodys = (NO_INBOX, everyone, 0, None, 0, False)
    rows = [*rows[: len(ids)], everybodys, *rows[len(ids) :][::-1]]
    monkeypatch.setattr("notifications.selectors.places.MEMBERSHIPS.rows", lambda ids: rows)
    topics = [place.standing.topics for place in places(ids).values()]
    assert len(topics) == len(ids)
    assert topics[0] == {everyone: 0, staff: 0, other: 0}
    assert len({id(each) for each in topics}) == 1


def test_moments_are_those_of_the_list(ada, relay_all):
    """Rows as the database gives them become what the list shows."""
    inbox = inboxes.ensure(ada)
    for n in range(3):
        notify(ada, "message", title=f"Said {n}")
    relay_all()
    ids = list(Item.objects.order_by("seq").values_list("notification_id", flat=True))
    mark(inbox.pk, "seen", ids[:1])
    mark(inbox.pk, "read", ids[1:2])
    listed = list_items(inbox.pk, None, 10).items
    page = changes(inbox.pk, Cursor(LogHead.objects.get().epoch, 0, 0))
    assert sorted(page.items, key=lambda item: item["id"], reverse=True) == listed
    mark(inbox.pk, "archived", ids[2:])
    page = changes(inbox.pk, Cursor(LogHead.objects.get().epoch, 5, 0))
    stored = Item.objects.get(notification=ids[2])
    assert stored.archived_at is not None
    assert page.items[0]["archived_at"] == stored.archived_at.isoformat(
        timespec="milliseconds"
    ).replace("+00:00", "Z")
