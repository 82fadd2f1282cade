"""The ASGI application: which protocol goes where, and through which guards."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
# Settings give psycopg's pool to web processes only.
os.environ.setdefault("CLARION_PROCESS", "web")

from django.core.asgi import get_asgi_application

# Before any import that needs models: this loads Django.
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter

from notifications.authentication import Authenticate, SameOrigin
from notifications.routing import Routes, websocket_urlpatterns
from project.lifespan import lifespan

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": SameOrigin(Authenticate(Routes(websocket_urlpatterns))),
        "lifespan": lifespan,
    }
)
