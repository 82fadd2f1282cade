"""`Authorization: Bearer <API key>`: who publishes."""

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from notifications.api.errors import Refused
from notifications.api.rates import count_failure
from notifications.authentication.bearer import bearer_of
from notifications.models import ApiKey
from notifications.selectors.api_keys import valid
from notifications.services import api_keys
from notifications.wire import error_codes as codes


class ApiKeyAuth(HttpBearer):
    """An API key and nothing else: cookies do not count here, so no CSRF token is asked for."""

    openapi_description = "An API key, made in the admin"

    def __call__(self, request: HttpRequest) -> ApiKey:
        """The key that is shown. Raises `Refused` unless it is good."""
        shown = bearer_of(request)
        key = None if shown is None else self.authenticate(request, shown)
        if key is None:
            count_failure(request)
            raise Refused(
                codes.UNAUTHORIZED,
                "Show an API key that is neither expired nor revoked: Authorization: Bearer <key>.",
                {"WWW-Authenticate": "Bearer"},
            )
        api_keys.use(key)
        return key

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The key of this token, if it is good."""
        return valid(token)


api_key = ApiKeyAuth()


def key_of(request: HttpRequest) -> ApiKey:
    """The key that has been let through."""
    authenticated: Any = request
    found: ApiKey = authenticated.auth
    return found
