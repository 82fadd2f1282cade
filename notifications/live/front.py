"""The first protocol of a connection: looks at the first bytes and hands over.

uvicorn makes an HTTP parser for each connection and has each header pass through Python twice
before a WebSocket begins. This saves both for handshakes in the form that browsers send.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.server import ServerState

from notifications.live import handshake
from notifications.live.protocol import LiveWebSocketProtocol


class LiveHttpProtocol(asyncio.Protocol):
    """Becomes a `LiveWebSocketProtocol` or uvicorn's HTTP protocol with the first bytes."""

    __slots__ = ("_app_state", "_config", "_loop", "_state", "_transport")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes HTTP protocols."""
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._loop = _loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes."""
        self._transport = transport
        self._state.connections.add(self)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        """Become what they ask for."""
        self._state.connections.discard(self)
        request = None
        if self._config.ws_protocol_class is LiveWebSocketProtocol:
            request = handshake.parse(data, self._config.ws_per_message_deflate)
        if request is not None:
            socket = LiveWebSocketProtocol(self._config, self._state, self._app_state, self._loop)
            socket.connection_made(self._transport)
            socket.begin(request)
            self._transport.set_protocol(socket)
        else:
            make: Any = AutoHTTPProtocol
            http = make(self._config, self._state, self._app_state, self._loop)
            http.connection_made(self._transport)
            self._transport.set_protocol(http)
            http.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody said anything."""
        self._state.connections.discard(self)

    def shutdown(self) -> None:
        """The server is stopping."""
        self._transport.close()
