"""WebSocket routes; the last one catches what would otherwise be a traceback per probe."""

from collections.abc import Awaitable, Sequence
from typing import cast

from django.urls import URLPattern, path, re_path

from notifications.authentication import Application, Receive, Scope, Send, not_found
from notifications.consumers import NotificationConsumer

websocket_urlpatterns = [
    path("ws/notifications/", NotificationConsumer.as_asgi()),
    re_path(r"^", not_found),  # type: ignore[arg-type]  # an ASGI application, no view
]


class Routes:
    """Hands a socket to the application of its path, and is out of the way then.

    As Channels' `URLRouter`, which does in its place, for routes that end here. That one stays
    with a copy of the scope for as long as the socket: 1.4 KB of it.
    """

    def __init__(self, routes: Sequence[URLPattern]) -> None:
        self._routes = routes

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The ASGI application. Raises `ValueError` for a path that nothing matches."""
        wanted: str = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
        for route in self._routes:
            match = route.pattern.match(wanted)
            if match:
                scope["path_remaining"], args, kwargs = match
                scope["url_route"] = {"args": args, "kwargs": kwargs | route.default_args}
                return cast("Application", route.callback)(scope, receive, send)
        raise ValueError(f"No route for {wanted!r}.")
