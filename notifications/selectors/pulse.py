"""What the heartbeat compares open sockets with."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import IntegerField, Model, QuerySet, Value
from django.db.models.functions import Now

from notifications.models import Inbox
from notifications.selectors.users import active, head, password

NO_INBOX = -1


@dataclass(frozen=True)
class Beat:
    """Where one inbox is, and the password column of its user."""

    seq: int
    unread: int
    unseen: int
    taken: int
    password: str


@dataclass(frozen=True)
class Pulse:
    """Where many inboxes are, by id; the log's position; which login sessions still hold.

    Inboxes of deleted or inactive users are missing. `position` is None if no inbox was found,
    `logins` where nothing is kept of login sessions.
    """

    beats: dict[int, Beat]
    position: int | None
    logins: Collection[str] | None


def pulse(inbox_ids: Iterable[int], session_keys: Iterable[str]) -> Pulse:
    """Read all that in one query (where login sessions are rows, as by default)."""
    keys = {key for key in session_keys if key}
    nothing = Value(0, IntegerField())
    rows: QuerySet[Any, Any] = active(Inbox.objects.filter(pk__in=set(inbox_ids))).values_list(
        "pk", "seq", "unread", "unseen", "taken", head("position"), password()
    )
    sessions = _sessions(keys)
    if sessions is not None and keys:
        # In the same columns, told apart by an id that no inbox has.
        no_inbox = Value(NO_INBOX, IntegerField())
        columns = (no_inbox, nothing, nothing, nothing, nothing, nothing, "session_key")
        rows = rows.union(sessions.values_list(*columns), all=True)
    beats: dict[int, Beat] = {}
    position: int | None = None
    held: set[str] = set()
    for pk, seq, unread, unseen, taken, log_position, text in rows:
        if pk == NO_INBOX:
            held.add(text)
        else:
            beats[pk] = Beat(seq, unread, unseen, taken, text)
            position = log_position
    return Pulse(beats, position, held if sessions is not None else _stored(keys))


def logins(session_keys: Iterable[str]) -> Collection[str] | None:
    """Those of the login sessions that still hold; None where nothing is kept of them."""
    keys = {key for key in session_keys if key}
    sessions = _sessions(keys)
    if sessions is None:
        return _stored(keys)
    return set(sessions.values_list("session_key", flat=True)) if keys else keys


def _sessions(keys: Collection[str]) -> QuerySet[Any, Any] | None:
    """The rows of login sessions; None if they are kept elsewhere."""
    get_model = getattr(_engine().SessionStore, "get_model_class", None)
    if get_model is None:
        return None
    model: type[Model] = get_model()
    return model._default_manager.filter(pk__in=keys, expire_date__gt=Now())


def _stored(keys: Iterable[str]) -> Collection[str] | None:
    """Those of the sessions that a store without a table still has, asked one by one."""
    if _engine().__name__.endswith("signed_cookies"):
        return None
    store = _engine().SessionStore()
    return {key for key in keys if store.exists(key)}


def _engine() -> Any:
    return import_module(settings.SESSION_ENGINE)
