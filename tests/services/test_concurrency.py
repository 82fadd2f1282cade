"""Everybody at once: the lock order holds, and counters equal counts."""

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from notifications import broadcast, notify
from notifications.models import Inbox, Item, LogEntry, Membership, Outbox
from notifications.selectors import standing
from notifications.services import inbox as service
from notifications.services.relay import relay_batch
from notifications.wire.cursor import Cursor

PEOPLE = 12
ROUNDS = 15


def together(*jobs: Callable[[], object]) -> None:
    """Run the jobs in threads with database connections of their own; raises what they raise."""
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 (to be raised where the test sees it)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.promise_1
@pytest.mark.promise_4
@pytest.mark.django_db(transaction=True)
def test_everybody_at_once(make_user, caplog):
    people = [make_user(f"p{n}") for n in range(PEOPLE)]
    group = Group.objects.create(name="g")
    talking = threading.Event()

    def talk() -> None:
        for n in range(ROUNDS):
            notify(people if n % 2 else people[n % PEOPLE], "message", title=f"{n}")
            broadcast("everyone" if n % 3 else f"auth_group.{group.pk}", "message", title=f"b{n}")
        talking.set()

    def relay() -> None:
        while not talking.is_set() or Outbox.objects.exists():
            if not sum(relay_batch(lane) for lane in Outbox.Lane):
                # SQLite's writers do not queue fairly; a relay that spins would starve the rest.
                talking.wait(0.01)

    def tidy(offset: int) -> Callable[[], None]:
        def run() -> None:
            for n in range(ROUNDS):
                inbox_id = Inbox.objects.get(user=people[(n + offset) % PEOPLE]).pk
                page = service.list_items(inbox_id, None, 10)
                ids = [int(item["id"]) for item in page.items]
                service.mark(inbox_id, ("read", "archived", "unread")[n % 3], ids[:3])
                now = standing(inbox_id)
                service.mark_all(inbox_id, "read", Cursor(now.epoch, now.seq, now.position))

        return run

    def move() -> None:
        for n in range(ROUNDS):
            user = User.objects.get(pk=people[n % PEOPLE].pk)
            user.groups.remove(group) if n % 2 else user.groups.add(group)
            group.user_set.set(people[n % PEOPLE :])

    together(talk, talk, relay, relay, relay, tidy(0), tidy(5), move)

    assert not [record for record in caplog.records if record.name.endswith("services.relay")]
    assert not Outbox.objects.exists()
    for user in people:
        check_inbox(Inbox.objects.get(user=user))
    positions = list(LogEntry.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, 2 * ROUNDS + 1))
    member_of = set(Membership.objects.values_list("inbox__user_id", "topic__key"))
    really = {(pk, f"auth_group.{group.pk}") for pk in group.user_set.values_list("pk", flat=True)}
    assert member_of == really


def check_inbox(inbox: Inbox) -> None:
    service.list_items(inbox.pk, None, 1)
    inbox.refresh_from_db()
    items = Item.objects.filter(inbox=inbox)
    assert inbox.unread == items.counted().filter(read_at=None).count()
    assert inbox.unseen == items.counted().filter(seen_at=None).count()
    assert inbox.seq >= max(items.values_list("seq", flat=True))
    # Each of the two talkers said each of these once to everybody.
    to_all = {f"{n}" for n in range(ROUNDS) if n % 2}
    direct = list(items.filter(position=None).values_list("notification__title", flat=True))
    assert {title: direct.count(title) for title in to_all} == dict.fromkeys(to_all, 2)
