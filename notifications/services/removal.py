"""Deleting items, so that whoever shows them is told or begins anew."""

from collections import defaultdict
from collections.abc import Sequence

from notifications.models import Inbox, Item
from notifications.services import threads
from notifications.services.changes import announce, event_of
from notifications.services.statements import delete_items, write_items
from notifications.services.threads import Fold, Left, Thread


def remove(inbox: Inbox, items: Sequence[Item]) -> None:
    """Delete items of a locked inbox. Its counters and its floor follow; open clients are told.

    What has left the list has been told, with the seq that the item bears: only cursors from before
    that may still show it, so the floor rises to there. What is in the list leaves it now, by
    another seq, to which the floor rises. Threads are folded again: a head counts what is there.
    """
    since = inbox.seq
    listed = [item for item in items if item.is_listed]
    told = max((item.seq for item in items if not item.is_listed), default=0)
    if listed:
        inbox.seq += 1
    inbox.floor = max(inbox.floor, inbox.seq if listed else 0, told)
    inbox.unread -= sum(item.read_at is None for item in listed)
    inbox.unseen -= sum(item.seen_at is None for item in listed)
    delete_items([item.pk for item in items])
    folds = _refold(inbox, items)
    inbox.save(update_fields=["seq", "unread", "unseen", "floor"])
    if inbox.seq == since:
        return
    removed = {item.notification_id for item in listed}
    removed |= {fold.notification_id for fold in folds if fold.state.folded}
    heads = [fold.notification_id for fold in folds if not fold.state.folded]
    changed = Item.objects.filter(inbox=inbox, notification__in=heads)
    shown = list(changed.select_related("notification").order_by("seq")) if heads else []
    announce(inbox, event_of(inbox, since, shown, removed=sorted(removed)))


def _refold(inbox: Inbox, items: Sequence[Item]) -> list[Fold]:
    """Fold the threads of deleted items. Whoever takes a head's place was read if that was."""
    touched: dict[Thread, set[int]] = defaultdict(set)
    left: dict[Thread, list[Left]] = defaultdict(list)
    for item in items:
        if item.thread and item.position is None and not item.gone:
            touched[inbox.pk, item.thread].add(item.notification_id)
            if not item.folded:
                left[inbox.pk, item.thread].append(Left.of(item))
    if not touched:
        return []
    seqs = {inbox.pk: inbox.seq}
    folds = threads.fold(touched, seqs, left)
    write_items(fold.state for fold in folds)
    inbox.seq = seqs[inbox.pk]
    inbox.unread += sum(fold.unread for fold in folds)
    inbox.unseen += sum(fold.unseen for fold in folds)
    return folds
