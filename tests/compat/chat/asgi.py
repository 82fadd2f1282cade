"""The application, as in Channels' tutorial."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.compat.chat.settings")
http = get_asgi_application()

from tests.compat.chat import consumers

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter(
            [
                path("ws/chat/<str:room_name>/", consumers.ChatConsumer.as_asgi()),
                path("ws/async/<str:room_name>/", consumers.AsyncChatConsumer.as_asgi()),
                path("ws/operators/", consumers.OperatorConsumer.as_asgi()),
            ]
        ),
    }
)
