"""ASGI applications that decide who gets to the consumer."""

from notifications.authentication.handshake import Application, Receive, Scope, Send, refuse
from notifications.wire import close_codes


class RequireUser:
    """Lets only signed-in, active people through (`scope["user"]`, set by a middleware outside).

    Others are accepted and closed at once, because a browser does not tell its page why a
    handshake was refused, and the client must learn that it should not come back.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        user = scope.get("user")
        if user is not None and user.is_authenticated and user.is_active:
            await self._inner(scope, receive, send)
        else:
            await refuse(close_codes.SIGNED_OUT, scope, receive, send)
