"""Whose inbox it is: that of whoever is signed in, and no other can be named."""

from typing import cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from notifications.exceptions import InvalidCursor
from notifications.services import inboxes
from notifications.wire.cursor import Cursor


def user_of(request: HttpRequest) -> AbstractBaseUser:
    """The person who asks: pages and API have let nobody else through."""
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
