"""What the heartbeat compares open sockets with."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.db.models import IntegerField, Model, QuerySet, Value
from django.db.models.functions import Now

from notifications.models import Inbox
from notifications.selectors.prepared import Prepared
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


def _beats(ids: list[int]) -> QuerySet[Any, Any]:
    inboxes = active(Inbox.objects.filter(pk__in=ids))
    columns = ("pk", "seq", "unread", "unseen", "taken", head("position"), password())
    return inboxes.values_list(*columns)


def _sessions(keys: list[str]) -> QuerySet[Any, Any]:
    table: type[Model] = _engine().SessionStore.get_model_class()
    return table._default_manager.filter(pk__in=keys, expire_date__gt=Now())


def _beats_and_logins(ids: list[int], keys: list[str]) -> QuerySet[Any, Any]:
    """Login sessions in the same columns, told apart by an id that no inbox has."""
    no_inbox, nothing = Value(NO_INBOX, IntegerField()), Value(0, IntegerField())
    columns = (no_inbox, nothing, nothing, nothing, nothing, nothing, "session_key")
    return _beats(ids).union(_sessions(keys).values_list(*columns), all=True)


def _logins(keys: list[str]) -> QuerySet[Any, Any]:
    return _sessions(keys).values_list("session_key")


BEATS = Prepared(_beats, -2)
BEATS_AND_LOGINS = Prepared(_beats_and_logins, -2, "sample")
LOGINS = Prepared(_logins, "sample")


def pulse(inbox_ids: Iterable[int], session_keys: Iterable[str]) -> Pulse:
    """Read all that in one query (where login sessions are rows, as by default)."""
    ids, keys = set(inbox_ids), {key for key in session_keys if key}
    in_table = keys and _are_rows()
    beats: dict[int, Beat] = {}
    position: int | None = None
    held: set[str] = set()
    rows = BEATS_AND_LOGINS.rows(ids, keys) if in_table else BEATS.rows(ids)
    for pk, seq, unread, unseen, taken, log_position, text in rows:
        if pk == NO_INBOX:
            held.add(text)
        else:
            beats[pk] = Beat(seq, unread, unseen, taken, text)
            position = log_position
    return Pulse(beats, position, held if in_table else logins(keys))


def logins(session_keys: Iterable[str]) -> Collection[str] | None:
    """Those of the login sessions that still hold; None where nothing is kept of them."""
    keys = {key for key in session_keys if key}
    if _engine().__name__.endswith("signed_cookies"):
        # These end with their cookie.
        return None
    if not keys:
        return keys
    if _are_rows():
        return {key for (key,) in LOGINS.rows(keys)}
    store = _engine().SessionStore()
    return {key for key in keys if store.exists(key)}


def _are_rows() -> bool:
    """Whether login sessions are in a table, beside a cache or not."""
    return hasattr(_engine().SessionStore, "get_model_class")


def _engine() -> Any:
    return import_module(settings.SESSION_ENGINE)
