"""What of the user model matters here, whichever it is."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import CharField, F, Field, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable

from notifications.models import Inbox, LogHead


def active(inboxes: QuerySet[Inbox]) -> QuerySet[Inbox]:
    """Those inboxes whose users may sign in."""
    return inboxes.filter(user__is_active=True) if _has("is_active") else inboxes


def password() -> Combinable:
    """The column that changes with a user's password, as an expression over inboxes."""
    return F("user__password") if _has("password") else Value("", CharField())


def head(column: str) -> Subquery:
    """A column of the log's head."""
    return Subquery(LogHead.objects.filter(pk=LogHead.ROW).values(column))


def _has(name: str) -> bool:
    fields: list[Field[object, object]] = list(get_user_model()._meta.concrete_fields)
    return any(field.name == name for field in fields)


def active_users() -> QuerySet[Any, Any]:
    """The users who may sign in."""
    users: QuerySet[Any, Any] = get_user_model()._default_manager.all()
    return users.filter(is_active=True) if _has("is_active") else users
