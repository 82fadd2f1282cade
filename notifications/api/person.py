"""Whose inbox it is: that of whoever is signed in, and no other can be named."""

from typing import Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from notifications.exceptions import InvalidCursor
from notifications.rendering import rendered
from notifications.services import inboxes
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent
from notifications.wire.frames import Counters

Answer = dict[str, Any]


def user_of(request: HttpRequest) -> AbstractBaseUser:
    """The person who asks: `django_auth` has let nobody else through."""
    return cast("AbstractBaseUser", request.user)


def inbox_of(request: HttpRequest) -> int:
    """The id of their inbox, made if it is missing."""
    return inboxes.ensure(user_of(request)).pk


def cursor_of(text: str) -> Cursor:
    """The cursor that a client sent. Raises `InvalidCursor`."""
    try:
        return Cursor.parse(text)
    except ValueError:
        raise InvalidCursor(f"{text!r} is not a cursor.") from None


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
