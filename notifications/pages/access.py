"""Who is let in to the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from notifications.authentication import may_enter

View = Callable[..., HttpResponse]


def active_required(view: View) -> View:
    """Refuse those whom a backend signs in although they are not active.

    Below `login_required`. Not led to the login: they have been there, and it might lead back.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not may_enter(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
