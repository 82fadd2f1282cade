"""From the cookie to a login: what `django.contrib.auth.get_user` does, for many at a time."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import F
from django.utils.crypto import constant_time_compare

from notifications.authentication.handshake import Scope, cookies
from notifications.authentication.login import Login, mark_of
from notifications.authentication.sessions import StoredSession, read_sessions
from notifications.exceptions import InvalidNotification
from notifications.live import threads
from notifications.live.batch import MicroBatch, Missing
from notifications.services.audience import UserKey, primary_key

logger = logging.getLogger(__name__)

# Handshakes that are looked up in one go.
BATCH = 500
Found = Login | Exception


class Logins:
    """The logins of one event loop's handshakes; those of the same moment share their queries."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Logins"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._batch: MicroBatch[str, Found] = MicroBatch(_read, BATCH, threads.pool())

    @classmethod
    def of_running_loop(cls) -> "Logins":
        """The one of this event loop, made when it is first asked for."""
        loop = asyncio.get_running_loop()
        known = cls._of_loop.get(loop)
        if known is None:
            known = cls._of_loop[loop] = cls()
        return known

    async def get(self, scope: Scope) -> Login | None:
        """The login of a handshake's cookie; None if it is not a login of somebody active.

        Raises what the database raises, or the person's own authentication backend.
        """
        key = cookies(scope).get(settings.SESSION_COOKIE_NAME)
        if not key:
            return None
        try:
            found = await self._batch.get(key)
        except Missing:
            return None
        if isinstance(found, Exception):
            raise found
        return found


def logins(session_keys: Collection[str]) -> dict[str, Found]:
    """The logins of these sessions; those that nobody may use are left out.

    Two queries, however many there are, where the sessions are in the database and the backends
    get their users as Django's own does. A backend that fails stands for its own people only.
    """
    claims: dict[str, defaultdict[UserKey, list[str]]] = {}
    sessions = read_sessions(session_keys)
    for key, session in sessions.items():
        claim = _claim(session.data)
        if claim is not None:
            claims.setdefault(claim[0], defaultdict(list))[claim[1]].append(key)
    found: dict[str, Found] = {}
    for path, keys_of in claims.items():
        for user_id, user in _users(load_backend(path), list(keys_of)):
            for key in keys_of[user_id]:
                if isinstance(user, Exception):
                    found[key] = user
                elif _is_verified(user, sessions[key]):
                    found[key] = _login(user, key, sessions[key])
    return found


@threads.reading
def _read(keys: Sequence[str]) -> Mapping[str, Found]:
    return logins(keys)


def _claim(data: Mapping[str, Any]) -> tuple[str, UserKey] | None:
    """The backend and the user that a session names, if the backend is still one of ours."""
    try:
        path = data[BACKEND_SESSION_KEY]
        user_id = primary_key(data[SESSION_KEY])
    except (KeyError, InvalidNotification):
        return None
    return (path, user_id) if path in settings.AUTHENTICATION_BACKENDS else None


def _users(
    backend: Any, user_ids: list[UserKey]
) -> Iterator[tuple[UserKey, AbstractBaseUser | Exception]]:
    if type(backend).get_user is ModelBackend.get_user:
        users = get_user_model()._default_manager.filter(pk__in=user_ids)
        for user in users.annotate(clarion_inbox_id=F("inbox__id")):
            if backend.user_can_authenticate(user):
                yield user.pk, user
        return
    for user_id in user_ids:
        try:
            user = backend.get_user(user_id)
        except Exception as error:  # noqa: BLE001 (it is raised for those whom it concerns)
            yield user_id, error
        else:
            if user is not None:
                yield user_id, user


def _is_verified(user: AbstractBaseUser, session: StoredSession) -> bool:
    """Whether the person may be let in, and the password is the one of the session."""
    if not user.is_active:
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    known = session.data.get(HASH_SESSION_KEY, "")
    if constant_time_compare(known, user.get_session_auth_hash()):
        return True
    # Signed before SECRET_KEY was changed. Django would renew the session; a handshake does not
    # write, the next request does.
    return any(constant_time_compare(known, old) for old in user.get_session_auth_fallback_hash())


def _login(user: AbstractBaseUser, key: str, session: StoredSession) -> Login:
    inbox_id: int | None = getattr(user, "clarion_inbox_id", None)
    return Login(user.pk, key, mark_of(user), inbox_id, session.expires_at)
