"""What must be true of every inbox, computed from its items alone."""

from itertools import groupby, takewhile
from typing import Any

from notifications.models import Inbox, Item

# A row of a thread says that it stands for so many at most, and names so many actors.
COUNT_MAX, ACTORS_MAX = 100, 3


def assert_consistent(inbox: Inbox) -> None:
    """Counters equal counts, numbers are the inbox's own, and threads are folded as they must be.

    One row for what is in the list of a thread, which gathers exactly that; and nothing is folded
    under nothing.
    """
    inbox.refresh_from_db()
    items = Item.objects.filter(inbox=inbox)
    listed = items.listed()
    assert inbox.unread == listed.filter(read_at=None).count()
    assert inbox.unseen == listed.filter(seen_at=None).count()
    seqs = list(items.values_list("seq", flat=True))
    assert not seqs or 0 < min(seqs) <= max(seqs) <= inbox.seq
    assert not items.filter(folded=True, thread="", gone=False).exists()
    assert not items.filter(folded=True, gone=False, position__isnull=False).exists()
    assert not items.filter(gathered__isnull=False, folded=True).exists()
    threads = items.filter(gone=False, position=None).exclude(thread="")
    rows = threads.select_related("notification").order_by("thread", "-notification")
    for thread, members in groupby(rows, lambda item: item.thread):
        _assert_folded(thread, list(members))


def _assert_folded(thread: str, members: list[Item]) -> None:
    """Members are those of one thread, newest first."""
    # One that is folded may be put away by itself, and outlive what it was folded under.
    newest = next((item for item in members if not (item.folded and _is_apart(item))), None)
    assert newest is None or not newest.folded, f"{thread}: folded under nothing"
    reached = takewhile(lambda item: item.is_listed or item.folded, members)
    group = [item for item in reached if not _is_apart(item)]
    assert [item.folded for item in group[1:]] == [True] * (len(group) - 1), thread
    if group:
        assert group[0].gathered == _gathered(group[:COUNT_MAX]), thread


def _is_apart(item: Item) -> bool:
    return item.archived_at is not None or item.snoozed_until is not None


def _gathered(group: list[Item]) -> dict[str, Any] | None:
    if len(group) == 1:
        return None
    actors: list[dict[str, str]] = []
    for item in group:
        said = item.notification
        actor = {"type": said.actor_type, "id": said.actor_id, "label": said.actor_label}
        if said.actor_label and _who(actor) not in map(_who, actors):
            actors.append(actor)
    return {"count": len(group), "actors": actors[:ACTORS_MAX], "actor_count": len(actors)}


def _who(actor: dict[str, str]) -> tuple[str, ...]:
    """Somebody who is known by a key is the same under another name."""
    return (actor["type"], actor["id"]) if actor["id"] else (actor["label"],)
