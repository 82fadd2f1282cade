"""The application, with static files as `runserver` serves them."""

import os

from channels.routing import ProtocolTypeRouter
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.compat.news.settings")
http = ASGIStaticFilesHandler(get_asgi_application())

from notifications.authentication import Authenticate, SameOrigin
from notifications.routing import Routes, websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SameOrigin(Authenticate(Routes(websocket_urlpatterns))),
    }
)
