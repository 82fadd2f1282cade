"""To whom: from users to user keys, streamed."""

import hashlib
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet

from notifications.exceptions import InvalidNotification

# Keys fetched from the database at a time.
STREAM_ROWS = 2000

# Typed as for Django's own user model; a swapped one may have UUIDs or anything else.
UserKey = str | int
Recipients = AbstractBaseUser | Iterable[AbstractBaseUser]


class Audience:
    """User keys as JSON strings, each once; those of a queryset are read as they are needed."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def digest(self) -> str:
        """The same for the same people in any order: the sum of the keys' SHA-256."""
        total = sum(int.from_bytes(hashlib.sha256(key.encode()).digest()) for key in self)
        return f"{total % 2**256:064x}"


def of_users(recipients: Recipients) -> Audience:
    """The audience of a user, or an iterable or queryset of users.

    Raises `InvalidNotification` for anything that is not a saved user.
    """
    if isinstance(recipients, QuerySet):
        if not issubclass(recipients.model, get_user_model()):
            raise InvalidNotification(
                f"recipients: a queryset of {recipients.model.__name__}, not of users."
            )
        return Audience(_Stream(recipients))
    users = [recipients] if _is_user(recipients) else recipients
    if isinstance(users, str | bytes) or not isinstance(users, Iterable):
        raise InvalidNotification(f"recipients: {recipients!r} is not a user.")
    return Audience(list(dict.fromkeys(_key(user) for user in users)))


def of_keys(user_ids: Iterable[object]) -> Audience:
    """The audience of these primary keys, which may have come as JSON.

    Raises `InvalidNotification` for what cannot be a key; one that no user has is dropped later,
    like that of somebody deleted meanwhile.
    """
    if isinstance(user_ids, str | bytes) or not isinstance(user_ids, Iterable):
        raise InvalidNotification("user_ids must be a list of primary keys.")
    return Audience(list(dict.fromkeys(str(primary_key(key)) for key in user_ids)))


def primary_key(key: object) -> UserKey:
    """A user's primary key from its JSON form. Raises `InvalidNotification`."""
    try:
        if not isinstance(key, str | int | UUID) or isinstance(key, bool):
            raise ValidationError("no key")
        field = get_user_model()._meta.pk
        primary: UserKey = field.to_python(key)
        # Among others: what the database's integers cannot hold.
        field.run_validators(primary)
        return primary
    except (ValidationError, ValueError, TypeError):
        raise InvalidNotification(f"{key!r} cannot be a user's primary key.") from None


def keys_written(recipients: Iterable[str]) -> Iterator[UserKey]:
    """Primary keys from an outbox row, where they were checked when it was written.

    Those that the user model cannot have are left out: its key has changed its type since.
    """
    to_python = get_user_model()._meta.pk.to_python
    for text in recipients:
        try:
            yield to_python(text)
        except (ValidationError, ValueError, TypeError):
            continue


def stored(key: UserKey) -> object:
    """A primary key as the database holds it."""
    if isinstance(key, int):
        return key
    return get_user_model()._meta.pk.get_db_prep_value(key, connection)


class _Stream:
    """The keys of a queryset of users, read anew at each iteration, never all in memory."""

    def __init__(self, users: "QuerySet[AbstractBaseUser]") -> None:
        self._keys = users.values_list("pk", flat=True)

    def __iter__(self) -> Iterator[str]:
        return (str(key) for key in self._keys.iterator(chunk_size=STREAM_ROWS))


def _is_user(value: object) -> bool:
    # Not type(): request.user is a lazy object.
    return isinstance(value, get_user_model())


def _key(user: object) -> str:
    if not _is_user(user) or not isinstance(user, AbstractBaseUser):
        raise InvalidNotification(f"recipients: {user!r} is not a user.")
    if user.pk is None or user._state.adding:
        raise InvalidNotification(f"recipients: {user!r} is not saved.")
    return str(user.pk)
