"""A relay that dies at the worst moment neither loses nor repeats anything."""

import signal
import subprocess
import sys

import pytest
from django.conf import settings

from notifications import broadcast, notify
from notifications.models import Item, LogEntry, Outbox
from notifications.services.relay import relay
from tests.acceptance.screen import counted, titles_of
from tests.support.processes import environment

pytestmark = pytest.mark.promise_1


def relay_dies(point, after=0):
    ended = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.dying_relay", point, str(after)],
        cwd=settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def said_to(ada, bob, crowd):
    """Direct rows, a bulk row and a broadcast, all waiting in the outbox."""
    people = [ada, bob, *crowd(30)]
    titles = [f"Direct {n}" for n in range(20)]
    for title in titles:
        notify([ada, bob], "message", title=title)
    notify(people, "message", title="Bulk")
    broadcast("everyone", "message", title="Broadcast")
    return people, titles


def everything_is_there_once(people, titles):
    assert not Outbox.objects.exists()
    ada, bob, *others = people
    for person in (ada, bob):
        assert sorted(titles_of(person)) == sorted([*titles, "Bulk"])
    assert Item.objects.filter(inbox__user__in=others).count() == len(others)
    assert LogEntry.objects.count() == 1
    assert counted([ada, bob, others[-1]])


def test_killed_in_the_middle_of_a_batch(live_site, ada, bob, crowd, screen):
    page = screen(ada)
    people, titles = said_to(ada, bob, crowd)
    waiting = Outbox.objects.count()
    relay_dies("before-commit")
    assert (Item.objects.count(), LogEntry.objects.count()) == (0, 0)
    assert Outbox.objects.count() == waiting
    relay()
    everything_is_there_once(people, titles)
    page.follow_until("Bulk", "Broadcast", *titles)
    assert page.agrees()


@pytest.mark.promise_2
def test_killed_between_commit_and_publish(live_site, ada, bob, crowd, screen):
    page = screen(ada)
    people, titles = said_to(ada, bob, crowd)
    relay_dies("before-publish")
    assert titles_of(ada) == titles, "the first batch is committed, and was told to nobody"
    # Nothing more is published for these: the heartbeat finds them.
    page.follow_until("Broadcast", *titles)
    assert set(page.came) == {"sync"}
    relay()
    everything_is_there_once(people, titles)
    page.follow_until("Bulk")
    assert page.agrees()


def test_done_twice_changes_nothing(redis_server, transactional_db, ada, bob):
    """A batch done again, as by a relay whose commit was in doubt."""
    notify([ada, bob], "message", title="Once")
    rows = list(Outbox.objects.values())
    relay()
    Outbox.objects.bulk_create([Outbox(**row) for row in rows])
    relay()
    assert not Outbox.objects.exists()
    assert titles_of(ada) == titles_of(bob) == ["Once"]
    assert counted([ada, bob])
    assert ada.inbox.seq == 1
