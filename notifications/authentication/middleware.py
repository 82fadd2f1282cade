"""ASGI applications that decide who gets to the consumer."""

import logging
from collections.abc import Awaitable

from django.db import Error as DatabaseError
from django.utils.functional import SimpleLazyObject

from notifications.authentication import ticket, token
from notifications.authentication.cookie import Logins
from notifications.authentication.handshake import Application, Receive, Scope, Send, refuse
from notifications.authentication.login import SCOPE_KEY, Login, login_of
from notifications.live import threads
from notifications.selectors.api_keys import may_embed
from notifications.wire import close_codes

logger = logging.getLogger(__name__)

SECRETS = (ticket.PREFIX, token.PREFIX)


class Authenticate:
    """Lets signed-in, active people through: by token or ticket, else by their session's cookie.

    Sets `scope["clarion.login"]` and, as Channels' `AuthMiddlewareStack` does, `scope["user"]`,
    which is loaded when something of it is asked for (in a sync handler). A ticket takes no query,
    a cookie two, which all handshakes of the moment share. Others are accepted and closed at
    once, because a browser does not tell its page why a handshake was refused, and the client
    must learn that it should not come back.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The ASGI application.

        Not a coroutine itself: that would be one more for as long as the socket lives.
        """
        token_shown = token.shown(scope)
        if token_shown is not None:
            return self._by_token(token_shown, scope, receive, send)
        login = ticket.shown(scope)
        if login is None:
            return self._by_cookie(scope, receive, send)
        return self._inner(_entered(scope, login), receive, send)

    async def _by_token(self, shown: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing else counts beside a token. Whose it is, is looked at when the socket opens."""
        claim = token.read(shown)
        code = close_codes.SIGNED_OUT
        if claim is not None and claim.has_expired():
            code = close_codes.TOKEN_EXPIRED
        elif claim is not None:
            try:
                holds = await threads.read(may_embed, claim.key_id)
            except DatabaseError:
                logger.warning("A socket could not be opened", exc_info=True)
                code, holds = close_codes.TRY_AGAIN, False
            if holds:
                await self._inner(_entered(scope, claim.login), receive, send)
                return
        await refuse(code, scope, receive, send)

    async def _by_cookie(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            login = await Logins.of_running_loop().get(scope)
        except DatabaseError:
            logger.warning("A socket could not be opened", exc_info=True)
            await refuse(close_codes.TRY_AGAIN, scope, receive, send)
            return
        if login is None:
            await refuse(close_codes.SIGNED_OUT, scope, receive, send)
        else:
            await self._inner(_entered(scope, login), receive, send)


class RequireUser:
    """Lets only signed-in, active people through (`scope["user"]`, set by a middleware outside).

    For use inside Channels' `AuthMiddlewareStack`, in place of `Authenticate`.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The ASGI application."""
        if login_of(scope) is None:
            return refuse(close_codes.SIGNED_OUT, scope, receive, send)
        return self._inner(scope, receive, send)


def _entered(scope: Scope, login: Login) -> Scope:
    """The scope of somebody who was let in; tickets and tokens have done their duty and go.

    The same dictionary: it is this handshake's own, and a copy would live as long as the socket.
    """
    offered = scope.get("subprotocols", ())
    scope["subprotocols"] = [name for name in offered if not name.startswith(SECRETS)]
    scope[SCOPE_KEY] = login
    scope["user"] = SimpleLazyObject(login.load_user)
    return scope
