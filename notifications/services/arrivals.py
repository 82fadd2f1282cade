"""Putting what was said to people into their inboxes, many at once."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from notifications.conf import settings
from notifications.models import Notification
from notifications.rendering import wire_item
from notifications.selectors.choices import verdict_on
from notifications.selectors.places import choices_of
from notifications.services import threads
from notifications.services.audience import UserKey, keys_written
from notifications.services.inboxes import ensure_locked
from notifications.services.statements import (
    Claimed,
    Growth,
    LockedInbox,
    NewItem,
    grow_inboxes,
    insert_items,
    item_seqs,
    write_items,
    write_quiet,
    write_threads,
)
from notifications.services.storms import storm_threads
from notifications.services.threads import Left, Thread
from notifications.wire.choices import Verdict
from notifications.wire.events import InboxEvent, Message, quiet, user_group
from notifications.wire.frames import Counters, Item

Publications = list[tuple[str, Message]]


@dataclass
class Turn:
    """What a transaction does to one inbox, and what its sockets are told."""

    inbox: LockedInbox
    seq: int
    unread: int = 0
    unseen: int = 0
    # By notification: what is in the list and changed.
    items: dict[int, Item] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)
    removed: list[int] = field(default_factory=list)

    @property
    def growth(self) -> Growth:
        """By how much the inbox grows."""
        return Growth(self.seq - self.inbox.seq, self.unread, self.unseen, len(self.new))

    def event(self, page_size: int) -> InboxEvent:
        """What sockets are told. Too much for one frame is left to be fetched."""
        inbox = self.inbox
        fits = len(self.items) + len(self.removed) <= page_size
        only_new = self.items.keys() <= self.new and not self.removed
        return InboxEvent(
            frame="notifications" if only_new else "change",
            since=inbox.seq if fits else self.seq,
            seq=self.seq,
            counters=Counters(inbox.unread + self.unread, inbox.unseen + self.unseen, inbox.taken),
            items=list(self.items.values()) if fits else [],
            removed=[str(key) for key in self.removed] if fits else [],
        )


def to_inboxes(rows: Iterable[Claimed], speakable: Mapping[int, Notification]) -> Publications:
    """Put notifications into the inboxes of those who want to hear them; what to publish."""
    wanted: dict[UserKey, dict[int, None]] = defaultdict(dict)
    for row in rows:
        if row.notification_id in speakable:
            for key in keys_written(row.recipients):
                wanted[key][row.notification_id] = None
    inboxes = ensure_locked(wanted) if wanted else []
    if not inboxes:
        return []
    hushed: set[tuple[int, int]] = set()
    planned = [
        NewItem(inbox.pk, notification_id, seq)
        for inbox in inboxes
        for seq, notification_id in enumerate(
            _heard(inbox, wanted[inbox.user_id], speakable, hushed), start=inbox.seq + 1
        )
    ]
    new = _insert(planned)
    now = int(time.time())
    storms = storm_threads(inboxes, new, speakable, now)
    if storms:
        write_threads(storms)
        hushed |= _muted(inboxes, storms, speakable)
    quietly = [item for item in new if (item.inbox_id, item.notification_id) in hushed]
    if quietly:
        write_quiet((item.inbox_id, item.notification_id) for item in quietly)

    turns = _arrive(inboxes, new, speakable, hushed, storms)
    touched: dict[Thread, set[int]] = defaultdict(set)
    for item in new:
        if thread := _thread(item, speakable, storms):
            touched[item.inbox_id, thread].add(item.notification_id)
    if touched:
        refold(turns, touched, speakable)
    return settle(turns.values(), now)


def _heard(
    inbox: LockedInbox,
    wanted: Iterable[int],
    said: Mapping[int, Notification],
    hushed: set[tuple[int, int]],
) -> list[int]:
    """The notifications that this person wants to hear; `hushed` gets what is delivered quietly."""
    choices = choices_of(inbox.choices)
    if choices is None:
        return list(wanted)
    heard = []
    for pk in wanted:
        verdict = verdict_on(said[pk], choices)
        if verdict is not Verdict.DROP:
            heard.append(pk)
        if verdict is Verdict.QUIET:
            hushed.add((inbox.pk, pk))
    return heard


def _muted(
    inboxes: Iterable[LockedInbox],
    storms: Mapping[tuple[int, int], str],
    said: Mapping[int, Notification],
) -> set[tuple[int, int]]:
    """Those of a storm whose thread is muted."""
    choices = {inbox.pk: choices_of(inbox.choices) for inbox in inboxes}
    return {
        (inbox_id, pk)
        for (inbox_id, pk), thread in storms.items()
        if verdict_on(said[pk], choices[inbox_id], thread) is Verdict.QUIET
    }


def _insert(planned: list[NewItem]) -> list[NewItem]:
    """Insert items; those that their inbox did not have yet."""
    if planned and insert_items(planned) < len(planned):
        # Some were there, so their numbers stay unused. Theirs are older, and not these.
        here = item_seqs({inbox for inbox, _, _ in planned}, {pk for _, pk, _ in planned})
        return [item for item in planned if (item.inbox_id, item.seq) in here]
    return planned


def _arrive(
    inboxes: Iterable[LockedInbox],
    new: Iterable[NewItem],
    said: Mapping[int, Notification],
    hushed: set[tuple[int, int]],
    storms: Mapping[tuple[int, int], str],
) -> dict[int, Turn]:
    """What new items do to their inboxes, by inbox."""
    by_inbox = {inbox.pk: inbox for inbox in inboxes}
    shared = {pk: wire_item(notification) for pk, notification in said.items()}
    turns: dict[int, Turn] = {}
    for inbox_id, pk, seq in new:
        turn = turns.get(inbox_id)
        if turn is None:
            turn = turns[inbox_id] = Turn(by_inbox[inbox_id], seq)
        item: Item = {**shared[pk], "seq": seq}
        if (inbox_id, pk) in storms:
            item["thread"] = storms[inbox_id, pk]
        if (inbox_id, pk) in hushed:
            item = quiet(item)
        else:
            turn.unread += 1
            turn.unseen += 1
        turn.items[pk] = item
        turn.new.add(pk)
        turn.seq = seq
    return turns


def _thread(
    item: NewItem, said: Mapping[int, Notification], storms: Mapping[tuple[int, int], str]
) -> str:
    return storms.get((item.inbox_id, item.notification_id)) or said[item.notification_id].thread


def refold(
    turns: Mapping[int, Turn],
    touched: Mapping[Thread, Collection[int]],
    said: Mapping[int, Notification],
    left: Mapping[Thread, Sequence[Left]] | None = None,
) -> None:
    """Fold these threads of the inboxes whose turn it is, as `threads.fold`."""
    seqs = {inbox_id: turn.seq for inbox_id, turn in turns.items()}
    folds = threads.fold(touched, seqs, left)
    write_items(fold.state for fold in folds)
    heads = {fold.notification_id for fold in folds if not fold.state.folded} - said.keys()
    others = Notification.objects.in_bulk(heads) if heads else {}
    for fold in folds:
        turn = turns[fold.inbox_id]
        turn.seq = fold.state.seq
        turn.unread += fold.unread
        turn.unseen += fold.unseen
        if fold.state.folded:
            turn.items.pop(fold.notification_id, None)
            turn.removed.append(fold.notification_id)
        else:
            notification = said.get(fold.notification_id) or others[fold.notification_id]
            turn.items[fold.notification_id] = fold.shown(wire_item(notification))


def settle(turns: Iterable[Turn], now: int) -> Publications:
    """Write what the turns come to; what to publish."""
    publications: Publications = []
    grown: dict[Growth, list[int]] = defaultdict(list)
    # Once: reading a setting takes as long as all else for an inbox.
    page_size = settings.page_size
    for turn in turns:
        grown[turn.growth].append(turn.inbox.pk)
        publications.append((user_group(turn.inbox.pk), turn.event(page_size).message()))
    # A statement for each distinct growth, nearly always one.
    for growth, inbox_ids in grown.items():
        grow_inboxes(inbox_ids, growth, now, settings.storm_seconds)
    return publications
