"""Who is let in to the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from notifications.authentication import may_enter

Answer = TypeVar("Answer")


def active_required(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Refuse those whom a backend signs in although they are not active.

    For what nobody reaches who is not signed in. Not led to the login: they have been there, and it
    might lead back.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        if not may_enter(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
