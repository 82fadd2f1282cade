"""From people as other services name them to user keys."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from notifications.exceptions import InvalidNotification
from notifications.services.audience import UserKey, primary_key

# Names looked up by one query.
CHUNK = 1000
ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)

Name = str | int


@dataclass(frozen=True)
class Named:
    """People by primary key (as JSON has it), by what they sign in with, by e-mail address."""

    ids: Sequence[Name] = ()
    usernames: Sequence[str] = ()
    emails: Sequence[str] = ()


@dataclass
class Found:
    """User keys, each once; and the names that nobody has, by `ids`, `usernames` and `emails`."""

    keys: list[UserKey] = field(default_factory=list)
    unknown: dict[str, list[Name]] = field(default_factory=dict)


def resolve(named: Named) -> Found:
    """Everybody who is named, inactive people too: one query for each thousand names of a kind.

    An address that several people have means all of them, in whatever case it is written.
    """
    kinds = (
        ("ids", named.ids, F("pk"), _id_forms),
        ("usernames", named.usernames, F(_username().name), _username_forms),
        ("emails", named.emails, _email_column(), _email_forms),
    )
    keys: dict[UserKey, None] = {}
    found = Found()
    for kind, names, column, forms_of in kinds:
        known, unknown = _look_up(names, column, forms_of)
        keys |= dict.fromkeys(known)
        found.unknown[kind] = unknown
    found.keys = list(keys)
    return found


def _look_up(
    names: Sequence[Name], column: Any, forms_of: Callable[[Any], set[Any]]
) -> tuple[list[UserKey], list[Name]]:
    """The keys of those whose column has one of a name's forms, and the names that nobody has."""
    # As a mapping they are each there once.
    forms = {name: forms_of(name) for name in names}
    people: list[UserKey] = []
    seen: set[Any] = set()
    wanted = list(set().union(*forms.values()))
    if column is not None:
        for value, key in _rows(column, wanted):
            people.append(key)
            seen.add(value)
    return people, [name for name, its in forms.items() if not its & seen]


def _rows(column: Any, wanted: list[Any]) -> Iterator[tuple[Any, UserKey]]:
    users: QuerySet[AbstractBaseUser] = get_user_model()._default_manager.order_by()
    users = users.annotate(clarion_name=column)
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        yield from users.filter(clarion_name__in=chunk).values_list("clarion_name", "pk")


def _id_forms(name: Name) -> set[Any]:
    try:
        return {primary_key(name)} if _storable(name) else set()
    except InvalidNotification:
        return set()


def _username_forms(name: str) -> set[Any]:
    if not _storable(name):
        return set()
    model: Any = get_user_model()
    try:
        return {_username().to_python(model.normalize_username(name))}
    except (ValidationError, ValueError, TypeError):
        return set()


def _email_forms(name: str) -> set[Any]:
    # SQLite knows lower case of ASCII letters only.
    return {name.lower(), name.translate(ASCII_LOWER)} if _storable(name) else set()


def _username() -> Any:
    model = get_user_model()
    return model._meta.get_field(model.USERNAME_FIELD)


def _email_column() -> Lower | None:
    model: Any = get_user_model()
    name = model.get_email_field_name()
    return Lower(name) if any(part.name == name for part in model._meta.concrete_fields) else None


def _storable(name: Name) -> bool:
    """Whether a database could have this: PostgreSQL has no NUL, nobody has half a surrogate."""
    if isinstance(name, int):
        return True
    return "\0" not in name and not any("\ud800" <= character <= "\udfff" for character in name)
