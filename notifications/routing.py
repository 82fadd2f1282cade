"""WebSocket routes; the last one catches what would otherwise be a traceback per probe."""

from django.urls import path, re_path

from notifications.authentication import not_found
from notifications.consumers import NotificationConsumer

websocket_urlpatterns = [
    path("ws/notifications/", NotificationConsumer.as_asgi()),
    re_path(r"^", not_found),  # type: ignore[arg-type]  # an ASGI application, no view
]
