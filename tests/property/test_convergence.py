"""The heart: whatever happens on the way, what a client assembled equals a fresh page load.

And on the way nobody is given what was said before they joined a topic or after they left it.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Any

import pytest
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, note, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from notifications import (
    NotificationType,
    broadcast,
    notify,
    register,
    retract,
    selectors,
    update,
)
from notifications.conf import settings as clarion
from notifications.exceptions import AlreadyGone
from notifications.live.breaker import breaker
from notifications.models import Inbox, Item, LogEntry, Membership, Notification, Outbox
from notifications.selectors.keeping import Limit, Limits, outlived
from notifications.services import inbox as inbox_service
from notifications.services import living, preferences
from notifications.services.pruning import prune_batch
from notifications.services.relay import relay_batch
from notifications.wire import events, frames
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent, LogEvent, LogRecord
from notifications.wire.log import Log, Question
from notifications.wire.outputs import Fetch, Output, Send
from notifications.wire.session import Session
from notifications.wire.standing import Page, Standing
from tests.property.network import Network
from tests.settings import TEST_DATABASE
from tests.support.client import ReferenceClient
from tests.support.redis import RedisProcess

PAGE = 4
PERSONS = ("ada", "bob")
DEVICES = 3
CATEGORIES = {"message": "messages", "convergence.news": "news"}
THREADS = ("one", "two")
ACTION = {"label": "Look", "url": "/"}

register(NotificationType(key="convergence.news", category="news"))


class Process:
    """A web process: the log as its sockets share it, and the network before it."""

    def __init__(self, world: "Convergence") -> None:
        self.world = world
        self.devices: list[Device] = []
        self.log = Log()
        self.in_flight: list[dict[str, Any]] = []
        self.spreading: Iterator[Any] = iter(())
        self.run: list[LogRecord] = []
        self.answer: tuple[Question, list[tuple[int, int]]] | None = None

    def hears(self, group: str, message: dict[str, Any]) -> None:
        """The network has something; without a socket the process is in no group."""
        if group == events.LOG_GROUP and any(device.session for device in self.devices):
            self.in_flight.append(message)

    def deliver(self, index: int) -> None:
        """Let one event through."""
        event = events.read(self.in_flight.pop(index % len(self.in_flight)))
        assert isinstance(event, LogEvent)
        self.log.take(event.entries, self.world.now)

    def spread(self, steps: int) -> None:
        """Write to some sockets; in between anything may happen."""
        for _ in range(steps):
            seat = next(self.spreading, None)
            if seat is None and self.log.question is not None:
                self.ask(self.log.question)
                continue
            if seat is None:
                self.run = self.log.next()
                if not self.run:
                    return
                self.spreading = self.log.spread(self.run)
                continue
            device = next(device for device in self.devices if device.session is seat.address)
            for frame in seat.frames(self.run):
                device.write(frame)

    def ask(self, question: Question) -> None:
        """Read who has left, then hear the answer; in between anything may happen."""
        if self.answer is None:
            self.answer = question, selectors.leavers(question.topic, question.known)
            return
        (question, leavers), self.answer = self.answer, None
        for inbox_id, seq in leavers:
            for device in self.devices:
                if device.session and device.inbox_id == inbox_id:
                    device.session.left(question.topic, seq)
        self.log.told(question)

    def tick(self) -> None:
        """Fetch what did not come."""
        if self.log.deadline is not None and self.log.deadline <= self.world.now:
            tail = selectors.log_after(self.log.taken, PAGE)
            if tail.head - self.log.taken > clarion.resume_limit:
                for session in self.log.followers():
                    device = next(device for device in self.devices if device.session is session)
                    device.perform(session.lost())
                self.log.jump(tail.head, self.world.now)
            else:
                self.log.fetched(tail.records, tail.up_to, tail.head, self.world.now)
                self.log.heard_of(tail.head, self.world.now, 0.0)

    def left(self) -> None:
        """A socket is gone; with the last one goes the log."""
        if not any(device.session for device in self.devices):
            self.log = Log()
            self.in_flight.clear()
            self.spreading = iter(())
            self.answer = None


class Device:
    """A browser of one person: client, wire, session, and the network before it."""

    def __init__(self, world: "Convergence", user: User, process: Process) -> None:
        self.world = world
        self.user = user
        self.process = process
        process.devices.append(self)
        self.inbox_id = Inbox.objects.get(user=user).pk
        self.client = ReferenceClient()
        self.session: Session | None = None
        self.in_flight: list[dict[str, Any]] = []
        self.on_the_wire: list[str] = []
        self.to_fetch: list[Cursor] = []
        # What was read, on its way from the database.
        self.answers: list[Callable[[], None]] = []

    def hears(self, group: str, message: dict[str, Any]) -> None:
        """The network has something for the group that this device is in."""
        if self.session and group == events.user_group(self.inbox_id):
            self.in_flight.append(message)

    def connect(self, *, at_once: bool = True) -> None:
        """Open a socket; what is published from now on is heard."""
        if self.session:
            return
        log = self.process.log
        self.session = Session(clarion.heartbeat_seconds, log)
        cursor = Cursor.parse(self.client.cursor) if self.client.cursor else None
        if not log.knows_versions:
            log.know_versions(selectors.topic_versions())
        self.answers.append(partial(self._opened, selectors.standing(self.inbox_id), cursor))
        if at_once:
            self.answer()

    def _opened(self, standing: Standing, cursor: Cursor | None) -> None:
        assert self.session
        log = self.process.log
        if not log.begun:
            log.begin(standing.position, self.world.now)
        log.heard_of(standing.position, self.world.now)
        self.perform(self.session.opened(standing, cursor, self.world.now))

    def answer(self) -> None:
        """Let what was read come back."""
        while self.answers:
            self.answers.pop(0)()

    def disconnect(self) -> None:
        """Lose the socket with all that is on the way."""
        if self.session:
            self.session.closed()
        self.session = None
        self.in_flight.clear()
        self.on_the_wire.clear()
        self.to_fetch.clear()
        self.answers.clear()
        self.process.left()

    def perform(self, outputs: list[Output]) -> None:
        """What the consumer does."""
        for output in outputs:
            if isinstance(output, Send):
                self.write(output.frame)
            elif isinstance(output, Fetch):
                self.to_fetch.append(output.cursor)
            else:
                raise AssertionError(output)

    def write(self, frame: frames.Frame) -> None:
        """Put a frame on the wire; nothing may be in it that is not this person's."""
        given: list[frames.Item] = getattr(frame, "items", [])
        positions = [item["position"] for item in given if item["position"] is not None]
        if isinstance(frame, frames.Broadcast):
            positions.append(frame.position)
        for position in positions:
            assert self.world.concerns(self.inbox_id, position), (position, frame)
        self.on_the_wire.append(frames.encode(frame))

    def fetch(self, *, at_once: bool = True) -> None:
        """Do a database read that the session asked for."""
        cursor = self.to_fetch.pop(0)
        page = selectors.changes(self.inbox_id, cursor)
        self.answers.append(partial(self._fetched, cursor, page))
        if at_once:
            self.answer()

    def _fetched(self, cursor: Cursor, page: Page) -> None:
        assert self.session
        self.process.log.heard_of(page.standing.position, self.world.now)
        self.perform(self.session.fetched(cursor, page, self.world.now))

    def deliver(self, index: int) -> None:
        """Let one event through."""
        assert self.session
        event = events.read(self.in_flight.pop(index % len(self.in_flight)))
        assert isinstance(event, InboxEvent)
        self.perform(self.session.event(event, self.world.now))

    def read_wire(self) -> None:
        """Have the client take the frames that have arrived."""
        while self.on_the_wire:
            self.client.take(json.loads(self.on_the_wire.pop(0)))
        if self.client.wants_page:
            self.client.load(self.world.page_of(self.user))
        if self.client.wants_resume and self.session:
            self.client.wants_resume = False
            cursor = Cursor.parse(self.client.cursor)
            frame = {"type": "resume", **vars(cursor)}
            self.perform(self.session.received(json.dumps(frame), self.world.now))

    def settle(self) -> None:
        """Let all that is on the way arrive."""
        self.answer()
        while self.process.in_flight:
            self.process.deliver(0)
        while self.process.log.has_ready:
            self.process.spread(1)
        self.process.spread(DEVICES)
        while self.in_flight or self.to_fetch or self.on_the_wire:
            if self.to_fetch:
                self.fetch()
            elif self.in_flight:
                self.deliver(0)
            self.read_wire()

    def drain(self) -> None:
        """The client has read all that it was sent."""
        if self.session:
            self.perform(self.session.drained())

    def heartbeat(self) -> None:
        """The wheel comes round."""
        if self.session:
            pulse = selectors.pulse([self.inbox_id], [])
            assert pulse.position is not None
            self.process.log.heard_of(pulse.position, self.world.now)
            seq = pulse.beats[self.inbox_id].seq
            self.perform(self.session.heartbeat(seq, self.world.now))

    def tick(self) -> None:
        """The session's timer, if it is due."""
        deadline = self.session.deadline if self.session else None
        if self.session and deadline is not None and deadline <= self.world.now:
            self.perform(self.session.tick(self.world.now))


class Convergence(RuleBasedStateMachine):
    """Two persons with three devices, one network that loses and reorders, one database."""

    @initialize()
    def begin(self) -> None:
        self.now = 0.0
        self.said = 0
        self.notifications: list[Notification] = []
        number = User.objects.count()
        self.users = [User.objects.create(username=f"{name}{number}") for name in PERSONS]
        self.http = {user.pk: Client() for user in self.users}
        for user in self.users:
            self.http[user.pk].force_login(user)
        # What concerned each inbox so far: by inbox and topic the stays, from position to position.
        self.stays: dict[tuple[Any, ...], list[tuple[int, int | None]]] = {}
        self.began = dict(Inbox.objects.values_list("pk", "taken"))
        self.topics: dict[int, str] = {}
        self.group = Group.objects.create(name=f"team{number}")
        for person in range(len(PERSONS)):
            self.membership(person, joins=True)
        # One person's two devices at different processes, two persons' at the same one.
        here, there = self.processes = [Process(self), Process(self)]
        ada, bob = self.users
        self.devices = [Device(self, ada, here), Device(self, ada, there), Device(self, bob, here)]
        Network.subscribers = [at.hears for at in (*self.devices, *self.processes)]
        breaker.reset()
        for device in self.devices:
            device.read_wire()
            device.connect()

    types_ = strategies.sampled_from(list(CATEGORIES))
    # Mostly without one.
    threads_ = strategies.sampled_from(["", "", *THREADS])
    mutable_ = strategies.sampled_from(
        [*({"category": c} for c in CATEGORIES.values()), *({"thread": t} for t in THREADS)]
    )
    picks_ = strategies.integers(0, 9)
    devices_ = strategies.integers(0, DEVICES - 1)
    processes_ = strategies.integers(0, 1)

    # -- what is said and done ------------------------------------------------------------------

    @rule(
        who=strategies.sampled_from([(0,), (1,), (0, 1)]),
        type=types_,
        thread=threads_,
        copies=strategies.integers(1, PAGE + 2),
    )
    def notify(self, who: tuple[int, ...], type: str, thread: str, copies: int) -> None:
        for _ in range(copies):
            self.said += 1
            actor = f"Actor {self.said % 3}"
            said = notify(
                [self.users[i] for i in who],
                type,
                title=f"direct {self.said}",
                thread=thread,
                actor=actor,
            )
            self.notifications.append(said)

    @rule(to_group=strategies.booleans(), type=types_, thread=threads_)
    def broadcast(self, to_group: bool, type: str = "message", thread: str = "") -> None:
        self.said += 1
        topic = f"auth_group.{self.group.pk}" if to_group else "everyone"
        said = broadcast(topic, type, title=f"broadcast {self.said}", thread=thread)
        self.notifications.append(said)

    @rule(
        lanes=strategies.lists(strategies.sampled_from(list(Outbox.Lane)), min_size=1, max_size=3)
    )
    def relay(self, lanes: list[Outbox.Lane] | None = None) -> None:
        for lane in lanes or Outbox.Lane:
            relay_batch(lane)

    # -- what is changed afterwards -------------------------------------------------------------

    def pick(self, index: int) -> Notification | None:
        """One of the newest things said, the newest one for 0."""
        return self.notifications[-1 - index % len(self.notifications)] if self.said else None

    @rule(index=picks_)
    def update(self, index: int) -> None:
        if said := self.pick(index):
            self.said += 1
            with suppress(AlreadyGone):
                update(said, title=f"updated {self.said}", actions=[ACTION])

    @rule(index=picks_)
    def retract(self, index: int) -> None:
        if said := self.pick(index):
            retract(said)

    @rule(person=strategies.integers(0, 1), thread=strategies.sampled_from(THREADS))
    def retract_thread(self, person: int, thread: str) -> None:
        retract(thread=thread, recipient=self.users[person])

    @rule(index=picks_, noticed=strategies.booleans())
    def expire(self, index: int, noticed: bool) -> None:
        """Its time is over; perhaps the sweep finds out at once."""
        if said := self.pick(index):
            over = timezone.now() - timedelta(seconds=1)
            Notification.objects.filter(pk=said.pk).update(expires_at=over)
        if noticed:
            living.expire()

    # -- what is chosen -------------------------------------------------------------------------

    @rule(person=strategies.integers(0, 1), type=types_, receive=strategies.booleans())
    def opt(self, person: int, type: str, receive: bool) -> None:
        inbox_id = Inbox.objects.get(user=self.users[person]).pk
        choose = preferences.opt_in if receive else preferences.opt_out
        choose(inbox_id, CATEGORIES[type])

    @rule(person=strategies.integers(0, 1), what=mutable_, loud=strategies.booleans())
    def mute(self, person: int, what: dict[str, str], loud: bool) -> None:
        inbox_id = Inbox.objects.get(user=self.users[person]).pk
        if loud:
            preferences.unmute(inbox_id, **what)
        else:
            preferences.mute(inbox_id, **what)

    @rule(person=strategies.integers(0, 1), joins=strategies.booleans())
    def membership(self, person: int, joins: bool) -> None:
        groups = self.users[person].groups
        groups.add(self.group) if joins else groups.remove(self.group)
        for *key, since, until in Membership.objects.filter(inbox__user__in=self.users).values_list(
            "inbox", "topic__key", "since", "until"
        ):
            # A row tells of the last stay only.
            stays = self.stays.setdefault(tuple(key), [])
            if stays and stays[-1][0] == since:
                stays.pop()
            stays.append((since, until))

    @rule(
        person=strategies.integers(0, 1),
        comes_back=strategies.booleans(),
        reopens=strategies.booleans(),
    )
    def leave_and_be_talked_of(self, person: int, comes_back: bool, reopens: bool) -> None:
        """What the others are told arrives everywhere before the news of it."""
        for device in self.devices:
            if reopens and device.user == self.users[person]:
                # What is read now comes back later.
                device.disconnect()
                device.connect(at_once=False)
        self.membership(person, joins=False)
        self.broadcast(to_group=True)
        self.relay()
        if comes_back:
            self.membership(person, joins=True)
        for process in self.processes:
            while process.in_flight:
                process.deliver(0)
            process.spread(2 * DEVICES)

    @rule(
        device=devices_,
        state=strategies.sampled_from(
            ["seen", "read", "unread", "archived", "unarchived", "unsnoozed", "snoozed"]
        ),
        picks=strategies.lists(strategies.integers(0, 50), min_size=1, max_size=3),
    )
    def mark(self, device: int, state: Any, picks: list[int]) -> None:
        at = self.devices[device]
        # What was put away, or is superseded, is known by other lists.
        hidden = state in ("unarchived", "unsnoozed") or picks[0] % 5 == 0
        known = at.client.known if hidden else at.client.listed()
        if listed := sorted(known, key=int):
            ids = [int(listed[pick % len(listed)]) for pick in picks]
            if state == "snoozed":
                inbox_service.snooze(at.inbox_id, ids, timezone.now() + timedelta(days=1))
            else:
                inbox_service.mark(at.inbox_id, state, ids)

    @rule(
        device=devices_,
        state=strategies.sampled_from(["seen", "read", "archived"]),
        limits=strategies.one_of(strategies.just({}), mutable_),
    )
    def mark_all(self, device: int, state: Any, limits: dict[str, str]) -> None:
        at = self.devices[device]
        inbox_service.mark_all(at.inbox_id, state, Cursor.parse(at.client.cursor), **limits)

    @rule(person=strategies.integers(0, 1))
    def morning(self, person: int) -> None:
        """What was snoozed comes back."""
        snoozed = Item.objects.filter(inbox__user=self.users[person], snoozed_until__isnull=False)
        snoozed.update(snoozed_until=timezone.now() - timedelta(seconds=1))
        inbox_service.wake(10.0)

    @rule(person=strategies.integers(0, 1))
    def look_from_elsewhere(self, person: int) -> None:
        self.page_of(self.users[person])

    @rule(person=strategies.integers(0, 1), keep=strategies.integers(1, 2 * PAGE))
    def prune(self, person: int, keep: int) -> None:
        """The night: only the newest are kept."""
        # Of what is gone, too: who comes back begins anew.
        newest = Limits([Limit(items=keep)], gone_since=timezone.now() + timedelta(days=1))
        inbox_id = Inbox.objects.get(user=self.users[person]).pk
        for items in outlived(newest, inbox_id):
            while prune_batch(inbox_id, items):
                pass

    # -- the network ----------------------------------------------------------------------------

    @rule(device=devices_, index=strategies.integers(0, 20))
    def deliver(self, device: int, index: int) -> None:
        at = self.devices[device]
        if at.in_flight:
            at.deliver(index)

    @rule(device=devices_)
    def deliver_in_order(self, device: int) -> None:
        at = self.devices[device]
        while at.in_flight:
            at.deliver(0)

    @rule(device=devices_, index=strategies.integers(0, 20))
    def lose(self, device: int, index: int) -> None:
        at = self.devices[device]
        if at.in_flight:
            at.in_flight.pop(index % len(at.in_flight))

    @rule(process=processes_, index=strategies.integers(0, 20))
    def deliver_entry(self, process: int, index: int) -> None:
        at = self.processes[process]
        if at.in_flight:
            at.deliver(index)

    @rule(process=processes_, index=strategies.integers(0, 20))
    def lose_entry(self, process: int, index: int) -> None:
        at = self.processes[process]
        if at.in_flight:
            at.in_flight.pop(index % len(at.in_flight))

    @rule(process=processes_, steps=strategies.integers(1, 9))
    def spread(self, process: int, steps: int) -> None:
        self.processes[process].spread(steps)

    @rule(device=devices_, at_once=strategies.booleans())
    def fetch(self, device: int, at_once: bool) -> None:
        at = self.devices[device]
        if at.to_fetch:
            at.fetch(at_once=at_once)

    @rule(device=devices_)
    def answer(self, device: int) -> None:
        self.devices[device].answer()

    @rule(device=devices_)
    def read_wire(self, device: int) -> None:
        self.devices[device].read_wire()

    @rule(device=devices_, at_once=strategies.booleans())
    def reconnect(self, device: int, at_once: bool) -> None:
        self.devices[device].disconnect()
        self.devices[device].connect(at_once=at_once)

    @rule(device=devices_)
    def disconnect(self, device: int) -> None:
        self.devices[device].disconnect()

    @rule(device=devices_)
    def stall(self, device: int) -> None:
        at = self.devices[device]
        if at.session:
            at.session.stalled()
            # A read under way comes back to a session that does not want it any more.

    @rule(device=devices_)
    def drain(self, device: int) -> None:
        self.devices[device].drain()

    @rule(device=devices_)
    def heartbeat(self, device: int) -> None:
        self.devices[device].heartbeat()

    @rule(seconds=strategies.sampled_from([0.1, 0.6, 2.5, 6.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for device in self.devices:
            device.tick()
        for process in self.processes:
            process.tick()

    # -- what must hold -------------------------------------------------------------------------

    def concerns(self, inbox_id: int, position: int) -> bool:
        """Whether an entry is this inbox's: it belonged to the topic when it was appended."""
        if position not in self.topics:
            entries = LogEntry.objects.filter(position=position)
            self.topics[position] = entries.values_list("topic__key", flat=True).get()
        topic = self.topics[position]
        if topic == "everyone":
            return position > self.began[inbox_id]
        return any(
            since < position and (until is None or position <= until)
            for since, until in self.stays.get((inbox_id, topic), ())
        )

    def teardown(self) -> None:
        """Let everything settle, with a network that now works, and compare."""
        if not hasattr(self, "devices"):
            return
        living.expire()
        while Outbox.objects.exists():
            self.relay()
        for device in self.devices:
            if device.session is None:
                device.connect()
        # Each turn is a heartbeat and the time that healing may take after it (promise 2: one
        # heartbeat and 5 s; the first turn may find a session stalled or a resume rationed).
        for _ in range(4):
            for device in self.devices:
                device.drain()
                device.heartbeat()
            for _ in range(4):
                self.wait(1.6)
                for device in self.devices:
                    device.settle()
        for device in self.devices:
            self.compare(device)

    def compare(self, device: Device) -> None:
        client = device.client
        before = {key: stripped(item) for key, item in client.listed().items()}
        badges = {state: client.badge(state) for state in ("unread", "unseen")}
        note(f"{device.user} {client.cursor} {device.session.state} {badges}")

        pages, first = self.pages_of(device.user)
        fresh = {item["id"]: stripped(item) for item in pages}
        assert {key: fresh.get(key) for key in before} == before
        assert {item["id"] for item in first["items"]} <= set(before)
        assert badges == {"unread": first["unread"], "unseen": first["unseen"]}

        self.compare_threads(device.inbox_id)
        listed = Item.objects.filter(inbox=device.inbox_id).listed()
        assert listed.filter(read_at=None).count() == first["unread"]
        assert listed.filter(seen_at=None).count() == first["unseen"]

    def compare_threads(self, inbox_id: int) -> None:
        """One item of each thread is listed, and says what it stands for."""
        items = Item.objects.filter(inbox=inbox_id, gone=False, position=None)
        items = items.exclude(thread="").order_by("thread", "-notification")
        for thread, members in groupby(items.select_related("notification"), attrgetter("thread")):
            group = list(takewhile(_is_in_group, members))
            assert [item.folded for item in group] == [place > 0 for place in range(len(group))]
            if len(group) > 1:
                actors = list(dict.fromkeys(item.notification.actor_label for item in group))
                assert group[0].gathered["count"] == len(group), thread
                assert [a["label"] for a in group[0].gathered["actors"]] == actors[:3]
                assert group[0].gathered["actor_count"] == len(actors)
            elif group:
                assert group[0].gathered is None

    # -- HTTP -----------------------------------------------------------------------------------

    def page_of(self, user: User, **query: Any) -> dict[str, Any]:
        answer = self.http[user.pk].get("/api/v1/inbox/", query)
        assert answer.status_code == 200, answer.content
        page: dict[str, Any] = answer.json()
        return page

    def pages_of(self, user: User) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        first = page = self.page_of(user)
        items = list(first["items"])
        while page["next"]:
            page = self.page_of(user, before=page["next"])
            items += page["items"]
        return items, first


def _is_in_group(item: Item) -> bool:
    return item.archived_at is None and item.snoozed_until is None


def stripped(item: dict[str, Any]) -> dict[str, Any]:
    """The item without what differs between one from the log and the same one taken in."""
    return {key: value for key, value in item.items() if key != "seq"}


@pytest.mark.promise_1
@pytest.mark.promise_2
@pytest.mark.promise_3
@pytest.mark.promise_4
@pytest.mark.promise_8
def test_every_client_converges(
    transactional_db: None, redis_server: RedisProcess, settings: Any
) -> None:
    settings.CHANNEL_LAYERS = {DEFAULT_CHANNEL_LAYER: {"BACKEND": "tests.property.network.Network"}}
    settings.CLARION_PAGE_SIZE = PAGE
    settings.CLARION_RESUME_LIMIT = 3 * PAGE
    # Seldom, and for the rest of the example.
    settings.CLARION_STORM_LIMIT, settings.CLARION_STORM_SECONDS = 4 * PAGE, 3600
    channel_layers.backends = {}
    try:
        run_state_machine_as_test(Convergence, settings=PROFILE)
    finally:
        Network.subscribers = []
        channel_layers.backends = {}


# The same examples every time, so that a change is what turns this red; `make converge` explores.
# Half as many on PostgreSQL, where each takes twice as long.
EXPLORE = int(os.environ.get("CONVERGENCE_EXAMPLES", "0"))
# Looking for the shortest example takes minutes.
PHASES = [Phase.generate, Phase.shrink] if EXPLORE else [Phase.generate]
PROFILE = settings(
    max_examples=EXPLORE or (20 if TEST_DATABASE == "sqlite" else 10),
    derandomize=not EXPLORE,
    database=None,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=PHASES,
)
