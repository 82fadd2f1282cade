"""From our exceptions to HTTP answers."""

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from notifications.exceptions import InvalidCursor


def install(api: NinjaAPI) -> None:
    """Have the API answer our exceptions with a code that clients can rely on."""

    def invalid_cursor(
        request: HttpRequest, error: InvalidCursor | type[InvalidCursor]
    ) -> HttpResponse:
        answer = {"code": "cursor_invalid", "detail": str(error)}
        return api.create_response(request, answer, status=409)

    api.add_exception_handler(InvalidCursor, invalid_cursor)
