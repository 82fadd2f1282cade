"""The site on stock parts: Channels' own authentication, the stock channel layer.

For `uvicorn --ws websockets-sansio`, with `tests.support.stock_settings`.
"""

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
