"""The other side: live notifications as tutorials write them, all of it in this file.

A sync `WebsocketConsumer` behind `AuthMiddlewareStack`, a group per user and one for everyone,
`RedisChannelLayer`, and a Celery task that saves a row and calls `async_to_sync(group_send)`. It
keeps nothing for whoever is offline, and what the layer drops is gone; only speed is compared. Its
settings, with what `RedisChannelLayer` needs to work at all here, are in `textbook_settings.py`.
"""

# ruff: noqa: E402 - Django has to be loaded before what needs its models

import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.textbook_settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from asgiref.sync import async_to_sync
from celery import Celery
from channels.auth import AuthMiddlewareStack
from channels.generic.websocket import WebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.urls import path
from django.utils import timezone

# --- models.py -------------------------------------------------------------------------------


class Notification(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    is_read = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "textbook"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.title

    def event(self) -> dict:
        return {
            "type": "send_notification",
            "notification": {
                "id": self.pk,
                "title": self.title,
                "body": self.body,
                "is_read": self.is_read,
                "created_at": self.created_at.isoformat(),
            },
        }


# --- consumers.py ----------------------------------------------------------------------------


class NotificationConsumer(WebsocketConsumer):
    """Personal ones."""

    group = ""

    def group_name(self) -> str:
        return f"user_{self.scope['user'].pk}"

    def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            self.close()
            return
        self.group = self.group_name()
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)
        self.accept()

    def disconnect(self, code: int) -> None:
        if self.group:
            async_to_sync(self.channel_layer.group_discard)(self.group, self.channel_name)

    def send_notification(self, event: dict) -> None:
        self.send(text_data=json.dumps(event["notification"]))


class NewsConsumer(NotificationConsumer):
    """What everyone is told; apart, so that neither pays for the other's group."""

    def group_name(self) -> str:
        return "everyone"


# --- urls.py, routing.py and asgi.py -----------------------------------------------------------

urlpatterns: list = []

websocket_urlpatterns = [
    path("ws/notifications/", NotificationConsumer.as_asgi()),
    path("ws/news/", NewsConsumer.as_asgi()),
]

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)

# --- celery.py and tasks.py ------------------------------------------------------------------

app = Celery("textbook")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task
def send_notification(user_id: int, title: str, body: str) -> None:
    """One person."""
    notification = Notification.objects.create(user_id=user_id, title=title, body=body)
    async_to_sync(get_channel_layer().group_send)(f"user_{user_id}", notification.event())


@app.task
def send_to_all(user_ids: list[int], title: str, body: str) -> None:
    """Many people in one task, as somebody writes it who was told that the above is slow."""
    notifications = Notification.objects.bulk_create(
        [Notification(user_id=user_id, title=title, body=body) for user_id in user_ids],
        batch_size=500,
    )

    async def publish() -> None:
        layer = get_channel_layer()
        for notification in notifications:
            await layer.group_send(f"user_{notification.user_id}", notification.event())

    async_to_sync(publish)()


@app.task
def send_to_everyone(title: str, body: str) -> None:
    """Whoever is connected; nothing is kept."""
    event = Notification(pk=0, title=title, body=body, created_at=timezone.now()).event()
    async_to_sync(get_channel_layer().group_send)("everyone", event)


@app.task
def announce(title: str, body: str) -> None:
    """Everybody, so that whoever is away finds it later: a row each."""
    users = get_user_model().objects.values_list("pk", flat=True)
    notifications = [Notification(user_id=pk, title=title, body=body) for pk in users]
    Notification.objects.bulk_create(notifications, batch_size=500)
    async_to_sync(get_channel_layer().group_send)("everyone", notifications[0].event())
