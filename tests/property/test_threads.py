"""Whatever is said, taken back and put away in a few threads: one row for each, and it is right."""

from datetime import timedelta
from typing import Any

import pytest
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings, strategies

from notifications import notify, retract, update
from notifications.models import Inbox, Item, Notification, Outbox
from notifications.selectors import standing
from notifications.services import inbox as service
from notifications.services.relay import relay_batch
from notifications.wire.cursor import Cursor
from tests.property.network import Network
from tests.settings import TEST_DATABASE
from tests.support.inboxes import assert_consistent

# Counted from the newest: what is at the head is what it is about.
picks = strategies.integers(0, 2)
STATES = ["read", "unread", "archived", "unarchived", "unsnoozed", "snoozed", "snoozed"]
said = strategies.tuples(
    strategies.just("say"),
    strategies.sampled_from(["t", "t", "t", "u"]),
    strategies.sampled_from(["", "Ada", "Bob"]),
    strategies.sampled_from([False, False, True]),
)
done = strategies.one_of(
    strategies.tuples(strategies.just("retract"), picks),
    strategies.tuples(strategies.just("update"), picks, strategies.sampled_from(["", "Cy"])),
    strategies.tuples(
        strategies.just("mark"),
        strategies.sampled_from(STATES),
        strategies.lists(picks, min_size=1, max_size=2),
    ),
    strategies.tuples(strategies.sampled_from(["wake", "come late", "archive read"])),
)
steps = strategies.lists(strategies.one_of(said, done), min_size=15, max_size=40)


class World:
    """One person, and what was said to them."""

    def __init__(self) -> None:
        self.user = User.objects.create(username=f"u{User.objects.count()}")
        self.inbox = Inbox.objects.get(user=self.user)
        self.said: list[Notification] = []

    def do(self, step: tuple[Any, ...]) -> None:
        """Do a step, whose first part is the name of a method."""
        name, *arguments = step
        getattr(self, name.replace(" ", "_"))(*arguments)

    def say(self, thread: str, actor: str, late: bool) -> None:
        self.said.append(notify(self.user, "message", title="T", thread=thread, actor=actor))
        if late:
            Outbox.objects.filter(notification=self.said[-1]).update(due_at=None)

    def come_late(self) -> None:
        Outbox.objects.update(due_at=Now())

    def retract(self, pick: int) -> None:
        for one in self.pick(pick):
            retract(one)

    def update(self, pick: int, actor: str) -> None:
        for one in self.pick(pick):
            if Notification.objects.get(pk=one.pk).retracted_at is None:
                update(one, actor=actor)

    def mark(self, state: Any, picks: list[int]) -> None:
        ids = [one.pk for one in self.pick(*picks)]
        if state == "snoozed":
            service.snooze(self.inbox.pk, ids, timezone.now() + timedelta(days=1))
        else:
            service.mark(self.inbox.pk, state, ids)

    def wake(self) -> None:
        Item.objects.exclude(snoozed_until=None).update(snoozed_until=timezone.now())
        service.wake(60.0)

    def archive_read(self) -> None:
        now = standing(self.inbox.pk)
        cursor = Cursor(now.epoch, now.seq, now.position)
        service.mark_all(self.inbox.pk, "archived", cursor)

    def pick(self, *picks: int) -> list[Notification]:
        return [self.said[-1 - pick] for pick in set(picks) if pick < len(self.said)]

    def relay(self) -> None:
        while sum(relay_batch(lane) for lane in Outbox.Lane):
            pass


# The same examples every time, so that a change is what turns this red.
PROFILE = settings(
    max_examples=15 if TEST_DATABASE == "sqlite" else 8,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.promise_4
@PROFILE
@given(steps=steps)
def test_threads_are_folded_as_they_must_be(
    transactional_db: None, redis_server: object, settings: Any, steps: list[tuple[Any, ...]]
) -> None:
    settings.CHANNEL_LAYERS = {DEFAULT_CHANNEL_LAYER: {"BACKEND": "tests.property.network.Network"}}
    channel_layers.backends = {}
    Network.subscribers = []
    world = World()
    for step in steps:
        world.do(step)
        world.relay()
        assert_consistent(world.inbox)
