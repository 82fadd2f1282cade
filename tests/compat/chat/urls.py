"""A view that says something to a room, as tutorials show it."""

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.http import HttpRequest, HttpResponse
from django.urls import path


def say(request: HttpRequest, room: str) -> HttpResponse:
    """Send from a sync view to everybody in the room."""
    async_to_sync(get_channel_layer().group_send)(
        f"chat_{room}", {"type": "chat.message", "message": request.GET["message"]}
    )
    return HttpResponse("said")


urlpatterns = [
    path("", lambda request: HttpResponse("ready")),
    path("say/<str:room>/", say),
]
