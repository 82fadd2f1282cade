"""What answers have in common."""

from typing import Any

from notifications.rendering import rendered
from notifications.wire.events import InboxEvent
from notifications.wire.frames import Counters

Answer = dict[str, Any]


def counted(counters: Counters) -> Answer:
    """Counters, as they stand in every answer."""
    return {"unread": counters.unread, "unseen": counters.unseen, "taken": counters.taken}


def changed(event: InboxEvent) -> Answer:
    """What a change did, in the reader's language."""
    return {
        "items": [rendered(item) for item in event.items],
        "removed": event.removed,
        "since": event.since,
        "seq": event.seq,
        **counted(event.counters),
        "all_up_to": event.all_up_to,
    }
