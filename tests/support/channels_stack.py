"""The site with Channels' own `AuthMiddlewareStack` where it has `Authenticate`."""

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

import asgi
from notifications.authentication import RequireUser, SameOrigin
from notifications.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    asgi.application.application_mapping
    | {
        "websocket": SameOrigin(AuthMiddlewareStack(RequireUser(URLRouter(websocket_urlpatterns)))),
    }
)
