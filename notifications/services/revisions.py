"""Carrying updates and retractions on to the log and to inboxes, so many in a transaction."""

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from notifications import selectors
from notifications.models import Inbox, Item, LogEntry, LogHead, Notification, Outbox
from notifications.rendering import wire_item
from notifications.services.arrivals import Publications, Turn, refold, settle
from notifications.services.audience import UserKey, keys_written
from notifications.services.fanout import append
from notifications.services.inboxes import ensure_locked
from notifications.services.locks import lock_head
from notifications.services.statements import (
    Claimed,
    ItemState,
    LockedInbox,
    NewItem,
    insert_items,
    is_waiting,
    lock_inboxes,
    lock_notifications,
    write_items,
)
from notifications.services.taking import take_in
from notifications.services.threads import Left, Thread

# Inboxes of one transaction, a fraction of a second.
INBOXES = 500
KINDS = (Outbox.Kind.UPDATE, Outbox.Kind.RETRACT)


class Progress(NamedTuple):
    """Rows that are done, up to which inbox others are, which come too early, what to publish."""

    done: list[int]
    up_to: dict[int, int]
    early: set[int]
    publications: Publications


class Step(NamedTuple):
    """A row, its notification, and the people whose inboxes are next.

    `up_to` is the last of these inboxes; None if there are no more after them.
    """

    row: Claimed
    notification: Notification
    people: list[UserKey]
    up_to: int | None

    @property
    def begins(self) -> bool:
        """Whether the log has to be told, too."""
        return not self.row.done_up_to and not self.row.recipients


def carry(rows: Sequence[Claimed]) -> Progress:
    """Take rows that update or retract some inboxes further, and the log where they begin.

    Locks in the order: (outbox,) notifications, log head, inboxes, items. No inbox gets such a
    notification meanwhile and misses the change: whoever puts it there locks it, too, and the
    caller has changed it by now. Rows for which there is no room stay as they are.
    """
    said = {n.pk: n for n in lock_notifications({row.notification_id for row in rows})}
    done: list[int] = []
    steps: list[Step] = []
    room = INBOXES
    updated: set[int] = set()
    for row in rows:
        notification = said[row.notification_id]
        if row.kind == Outbox.Kind.UPDATE:
            # One tells all there is to tell, also of the others that have not begun.
            if notification.retracted_at or notification.pk in updated:
                done.append(row.pk)
                continue
            if not row.done_up_to:
                updated.add(notification.pk)
        if room > 0:
            step = _next(row, notification, room)
            steps.append(step)
            room -= len(step.people)
    early: set[int] = set()
    publications = _to_log([step for step in steps if step.begins])
    publications += _to_inboxes(steps, early)
    done += [step.row.pk for step in steps if step.up_to is None and step.row.pk not in early]
    up_to = {step.row.pk: step.up_to for step in steps if step.up_to is not None}
    return Progress(done, up_to, early, publications)


def _next(row: Claimed, notification: Notification, room: int) -> Step:
    if row.recipients:
        return Step(row, notification, list(keys_written(row.recipients)), None)
    # Along clarion_item_of_notification.
    holders = Item.objects.filter(notification=notification, inbox__gt=row.done_up_to, gone=False)
    found = list(holders.order_by("inbox").values_list("inbox", "inbox__user")[: room + 1])
    people: list[UserKey] = [user for _, user in found[:room]]
    return Step(row, notification, people, found[room - 1][0] if len(found) > room else None)


def _to_log(steps: Sequence[Step]) -> Publications:
    """Append entries for what is in the log."""
    kinds = {step.notification.pk: step.row.kind for step in steps}
    notifications = {step.notification.pk: step.notification for step in steps}
    origins = LogEntry.objects.filter(notification__in=kinds, kind=LogEntry.Kind.NEW)
    said = list(origins.order_by("position").values_list("notification", "topic", "position"))
    if not said:
        return []
    entries = [
        LogEntry(
            topic_id=topic,
            kind=kinds[notification],
            notification=notifications[notification],
            origin=position,
        )
        for notification, topic, position in said
    ]
    return append(lock_head(), entries)


@dataclass
class Work:
    """What is done to inboxes, whose turn is by inbox."""

    turns: dict[int, Turn]
    states: list[ItemState] = field(default_factory=list)
    touched: dict[Thread, set[int]] = field(default_factory=lambda: defaultdict(set))
    left: dict[Thread, list[Left]] = field(default_factory=lambda: defaultdict(list))


def _to_inboxes(steps: Sequence[Step], early: set[int]) -> Publications:
    """Change items, and count and fold them anew; `early` gets rows that have to wait."""
    people = {user for step in steps for user in step.people}
    if not people:
        return []
    inboxes = {inbox.user_id: inbox for inbox in _lock(steps, people)}
    items = {
        (item.inbox_id, item.notification_id): item
        for item in Item.objects.filter(
            inbox__in=[inbox.pk for inbox in inboxes.values()],
            notification__in=[step.notification.pk for step in steps],
        )
    }
    work = Work({inbox.pk: Turn(inbox, inbox.seq) for inbox in inboxes.values()})
    for step in steps:
        for user in step.people:
            if user not in inboxes:
                continue
            turn = work.turns[inboxes[user].pk]
            item = items.get((turn.inbox.pk, step.notification.pk))
            if item is None and step.row.recipients:
                if is_waiting(step.notification.pk, user):
                    item = _tombstone(turn, step.notification)
                elif _is_coming(turn.inbox, step.notification):
                    early.add(step.row.pk)
            if item is not None and not item.gone:
                _revise(work, turn, item, step)
    write_items(work.states)
    if work.touched:
        said = {step.notification.pk: step.notification for step in steps}
        refold(work.turns, work.touched, said, work.left)
    changed = [turn for turn in work.turns.values() if turn.seq > turn.inbox.seq]
    return settle(changed, int(time.time()))


def _revise(work: Work, turn: Turn, item: Item, step: Step) -> None:
    """Have an item be as its notification is now, or be gone."""
    if item.thread and item.position is None:
        # What a head gathers may be other actors now.
        work.touched[item.inbox_id, item.thread].add(item.notification_id)
        if step.row.kind == Outbox.Kind.RETRACT and not item.folded:
            work.left[item.inbox_id, item.thread].append(Left.of(item))
    if step.row.kind == Outbox.Kind.RETRACT:
        _retract(turn, item)
    elif item.folded:
        return
    else:
        turn.seq = item.seq = turn.seq + 1
        turn.items[item.notification_id] = wire_item(step.notification, item)
    work.states.append(_state(item))


def _retract(turn: Turn, item: Item) -> None:
    if item.is_listed:
        turn.unread -= item.read_at is None
        turn.unseen -= item.seen_at is None
    turn.seq = item.seq = turn.seq + 1
    item.gone = True
    turn.items.pop(item.notification_id, None)
    turn.removed.append(item.notification_id)


def _lock(steps: Sequence[Step], people: Iterable[UserKey]) -> list[LockedInbox]:
    """Lock all inboxes at once; those for whom something is retracted take the log in first."""
    named = {user for step in steps if step.row.recipients for user in step.people}
    if named:
        ensure_locked(people)
        for locked in lock_inboxes(list(people)):
            if locked.user_id in named:
                take_in(Inbox.objects.get(pk=locked.pk))
    # Again, as they are now.
    return lock_inboxes(list(people))


def _is_coming(inbox: LockedInbox, notification: Notification) -> bool:
    """Whether it is a broadcast that this inbox may still take in."""
    if Outbox.objects.filter(notification=notification, kind=Outbox.Kind.LOG).exists():
        return True
    spans = selectors.spans_of(inbox.pk)
    entries = selectors.pending(spans, inbox.taken, LogHead.objects.get().position)
    return entries.filter(notification=notification).exists()


def _tombstone(turn: Turn, notification: Notification) -> Item:
    """An item for what has not arrived yet, so that it does not."""
    turn.seq += 1
    insert_items([NewItem(turn.inbox.pk, notification.pk, turn.seq)])
    item = Item.objects.get(inbox=turn.inbox.pk, notification=notification)
    # It was never listed, so nothing is to be counted.
    item.folded = True
    return item


def _state(item: Item) -> ItemState:
    return ItemState(
        pk=item.pk,
        seq=item.seq,
        folded=item.folded,
        gone=item.gone,
        gathered=None if item.gathered is None else json.dumps(item.gathered),
        seen_at=item.seen_at,
        read_at=item.read_at,
        archived_at=item.archived_at,
        snoozed_until=item.snoozed_until,
    )
