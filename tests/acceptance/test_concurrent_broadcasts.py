"""Eight processes broadcast at once while people come, go and reconnect.

`make stress SECONDS=120 SEED=7` does it for longer.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict

import pytest
from django.conf import settings
from django.contrib.auth.models import Group

from notifications import receivers, selectors, subscribe, unsubscribe
from notifications.models import Inbox, Item, LogEntry, Membership, Outbox
from notifications.services.inbox import list_items
from notifications.services.relay import sweep
from project.demo.notification_types import NEWS, RELEASES
from tests.support.processes import environment
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_1, pytest.mark.promise_5, pytest.mark.promise_8]

CALLERS = 8
PEOPLE = 10
SECONDS = float(os.environ.get("STRESS_SECONDS", "2"))
SEED = int(os.environ.get("STRESS_SEED", "4"))
# Seconds by which news of a membership is late, at most: log entries overtake it.
LATE = 0.3
# Seconds between two things that happen to people, on average.
PAUSE = 0.03
# Seconds for the machine to catch up when the callers have ended.
CATCH_UP = 60


@pytest.fixture
def late_news(monkeypatch):
    """What this process tells inboxes travels for a while."""
    chance, publish, on_the_way = random.Random(SEED), receivers.publish_many, []

    def publish_late(pairs):
        timer = threading.Timer(chance.uniform(0, LATE), publish, [pairs])
        on_the_way.append(timer)
        timer.start()

    monkeypatch.setattr(receivers, "publish_many", publish_late)
    yield
    for timer in on_the_way:
        timer.join()


@pytest.fixture
def callers():
    """Processes that broadcast to topics until their time is over."""
    started = []

    def start(topics):
        arguments = [str(CALLERS), str(SECONDS), str(SEED), *topics]
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.acceptance.loud_callers", *arguments],
                cwd=settings.BASE_DIR,
                env=environment(),
                stdout=subprocess.PIPE,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


class Town:
    """People, their topics, and when each of them belonged to which."""

    def __init__(self, people):
        self.people = people
        self.groups = [Group.objects.create(name=f"team {number}") for number in range(2)]
        self.choices = [*(f"auth_group.{group.pk}" for group in self.groups)]
        self.choices += [NEWS.key, RELEASES.key]
        self.topics = ["everyone", *self.choices]
        self.inboxes = dict(Inbox.objects.values_list("user_id", "pk"))
        # By inbox and topic: from position to position.
        self._stays = defaultdict(list)

    def move(self, person, topic):
        """Have somebody join or leave, and note since when and until when."""
        if topic.startswith("auth_group."):
            group = next(group for group in self.groups if topic.endswith(f".{group.pk}"))
            belongs = person.groups.filter(pk=group.pk).exists()
            (person.groups.remove if belongs else person.groups.add)(group)
        else:
            belongs = {c.key: c.subscribed for c in selectors.topic_choices(person)}[topic]
            (unsubscribe if belongs else subscribe)(person, topic)
        row = Membership.objects.get(inbox__user=person, topic__key=topic)
        stays = self._stays[person.pk, topic]
        # The row tells of the last stay only.
        if stays and stays[-1][0] == row.since:
            stays.pop()
        stays.append((row.since, row.until))

    def positions_of(self, person):
        """What was said to somebody, by the database."""
        entries = LogEntry.objects.values_list("position", "topic__key")
        return {p for p, topic in entries if self._concerns(person, topic, p)}

    def _concerns(self, person, topic, position):
        # Who never chose belongs to a default topic from its beginning, before all entries here.
        always = [(0, None)] if topic in ("everyone", NEWS.key) else []
        return any(
            since < position and (until is None or position <= until)
            for since, until in self._stays[person.pk, topic] or always
        )


def positions_given(member):
    """Positions of all that a client was ever sent or has loaded."""
    given = {frame["position"] for frame in member.frames if frame["type"] == "broadcast"}
    for page in (*member.frames, *member.pages):
        given |= {item["position"] for item in page.get("items", ())}
    return given - {None}


@pytest.mark.postgresql
def test_everybody_hears_exactly_what_was_said_to_them(
    live_site, worker, make_user, many, late_news, callers
):
    town = Town([make_user(f"person{number}") for number in range(PEOPLE)])
    for number, person in enumerate(town.people):
        town.move(person, town.choices[number % 2])
    members = many.join(live_site, town.people)
    for member in members:
        member.refuge = live_site

    chance = random.Random(SEED)
    calling = callers(town.topics)
    while calling.poll() is None:
        town.move(chance.choice(town.people), chance.choice(town.choices))
        if chance.random() < 0.3:
            many.stumble(chance.choice(members))
        time.sleep(chance.uniform(0, 2 * PAUSE))
    said = json.loads(calling.stdout.read())
    assert calling.returncode == 0
    assert len(said) == CALLERS
    assert all(said)
    # A relay that met a lock has left its rows for later, when nobody wakes one but the sweep.
    wait_until(lambda: sweep() or not Outbox.objects.exists(), CATCH_UP, what="an empty outbox")

    positions = LogEntry.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, sum(said) + 1))
    many.converge(CATCH_UP)
    for person, member in zip(town.people, members, strict=True):
        theirs = town.positions_of(person)
        assert positions_given(member) <= theirs, f"seed {SEED}: {member.frames}"
        if len(member.pages) == 1:
            # Who was told to begin anew has the newest hundred, which `converge` has compared.
            assert {item["position"] for item in member.known.values()} == theirs
        list_items(town.inboxes[person.pk], None, 1)
        taken = Item.objects.filter(inbox__user=person).values_list("position", flat=True)
        assert sorted(taken) == sorted(theirs)
