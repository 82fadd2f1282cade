"""Django's login sessions, read many at a time and never written."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, TypeGuard, cast

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class StoredSession:
    """What a session holds, and when it runs out (Unix time)."""

    data: Mapping[str, Any]
    expires_at: float


def store_class() -> type[SessionBase]:
    """The session store of SESSION_ENGINE."""
    return cast("type[SessionBase]", import_module(settings.SESSION_ENGINE).SessionStore)


def read_sessions(keys: Collection[str]) -> dict[str, StoredSession]:
    """The sessions that are there and have not run out, by key.

    One query for sessions in the database, with a cache before it or not: each is saved there
    first, and a cache that was emptied says nothing. Other engines are asked one by one.
    """
    store = store_class()
    if issubclass(store, DatabaseStore):
        return dict(_rows(store, keys))
    return {key: session for key in keys if (session := _loaded(store, key))}


def expiry_of(session: SessionBase) -> float:
    """When a session that a request has loaded runs out (Unix time).

    Sessions tell how long they would last if they were saved now, rows when they really end.
    """
    if is_row(session):
        rows = session.get_model_class().objects.filter(session_key=session.session_key)
        ends: datetime | None = rows.values_list("expire_date", flat=True).first()
        if ends is not None:
            return ends.timestamp()
    return latest_expiry(session)


def is_row(session: SessionBase) -> TypeGuard[DatabaseStore]:
    """Whether it is kept in the database, beside a cache or not."""
    return isinstance(session, DatabaseStore)


def latest_expiry(session: SessionBase) -> float:
    """When it runs out if it was saved just now: the bound for engines that do not say more.

    Without it a socket would outlive a login in signed cookies, of which nothing is kept.
    """
    return session.get_expiry_date().timestamp()


def _rows(store: type[DatabaseStore], keys: Collection[str]) -> Iterator[tuple[str, StoredSession]]:
    rows = store.get_model_class().objects.filter(
        session_key__in=_possible(keys), expire_date__gt=timezone.now()
    )
    decode = store().decode
    for key, data, ends in rows.values_list("session_key", "session_data", "expire_date"):
        yield key, StoredSession(decode(data), ends.timestamp())


def _loaded(store: type[SessionBase], key: str) -> StoredSession | None:
    session = store(key)
    # `items` loads; what is wrong, forged or too old has none.
    data = dict(session.items())
    return StoredSession(data, latest_expiry(session)) if data else None


def _possible(keys: Collection[str]) -> list[str]:
    """Keys without those that no session has, which some databases would raise for."""
    return [key for key in keys if key.isascii() and key.isalnum()]
