"""The login session of the cookie: who asks, beside tokens."""

from typing import Any

from django.http import HttpRequest
from ninja.security import SessionAuth

from notifications.authentication import may_enter


class PersonSession(SessionAuth):
    """django-ninja's, but for those whom a backend signs in although they are not active."""

    openapi_description = "The login session of somebody active; changes need a CSRF token, too"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any | None:
        """The person, who may use sockets, too; None for anybody else."""
        return request.user if may_enter(request.user) else None


person_session = PersonSession()
