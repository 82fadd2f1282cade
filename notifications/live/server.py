"""uvicorn's WebSocket protocol, with a short way out: framed bytes straight to the transport.

For `uvicorn --ws notifications.live.server:LiveWebSocketProtocol`. An application finds it in
`scope["extensions"]["clarion.frame"]["socket"]`; one that does not look for it sees uvicorn.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame
from websockets.http11 import Request

from notifications.live.ceiling import Ceiling

EXTENSION = "clarion.frame"
# Seconds that a closing socket may stand still before it is cut off.
LINGER_SECONDS = 5.0


class LiveWebSocketProtocol(WebSocketsSansIOProtocol):
    """One socket. What the extension offers is for the event loop's thread only.

    After `listen` the transport tells us of the first byte that the kernel does not take, and when
    all are gone. A socket in between is *behind*; all others cost nothing to keep account of.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes it."""
        super().__init__(config, server_state, app_state, _loop)
        # Whether a write goes straight to the transport: open, listening and not behind.
        self._direct = False
        self._listening = False
        self._behind = False
        self._full = False
        self._counted = 0
        self._budget = 0
        self._ceiling: Ceiling | None = None
        self._on_full: Callable[[], None] = _nothing
        self._on_drained: Callable[[], None] = _nothing
        self._linger_timer: asyncio.TimerHandle | None = None
        self._lingering_bytes = 0

    # -- the extension ---------------------------------------------------------------------------

    def listen(
        self,
        budget: int,
        ceiling: Ceiling | None,
        on_full: Callable[[], None],
        on_drained: Callable[[], None],
    ) -> None:
        """Let `write` work, up to `budget` unsent bytes; call it after `websocket.accept`.

        `on_full` is called, from within `write`, when the budget or the process's ceiling is
        reached; `on_drained` afterwards, when the client has been sent everything.
        """
        if not self.handshake_complete or self.close_sent or self.transport.is_closing():
            return
        self._listening = True
        self._budget = budget
        self._ceiling = ceiling
        self._on_full = on_full
        self._on_drained = on_drained
        self._direct = True
        # At the first unsent byte (TLS transports count from one, so zero would mean always).
        self.transport.set_write_buffer_limits(high=1, low=0)

    def write(self, frame: bytes) -> bool:
        """Write a frame (see `framed`); returns whether it was taken, never waits.

        It is not taken before `listen`, while the socket is full, and from its closing on.
        """
        if self._direct:
            self.transport.write(frame)
            return True
        return self._write_behind(frame)

    @property
    def buffered(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return 0 if self.disconnected else self.transport.get_write_buffer_size()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame at once, behind what is unsent, and cut off who does not read on."""
        if self.close_sent or not self.handshake_complete or self.transport.is_closing():
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self._stop_listening()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)
        self._linger()

    def abort(self) -> None:
        """Cut the connection; what is unsent is lost."""
        self._stop_listening()
        self.transport.abort()

    # -- keeping account -------------------------------------------------------------------------

    def recount(self) -> None:
        """Bring our share of the ceiling up to date."""
        before, self._counted = self._counted, self.buffered if self._behind else 0
        if self._ceiling is not None:
            self._ceiling.change(self, before, self._counted)

    def pause_writing(self) -> None:
        """The kernel did not take everything."""
        super().pause_writing()
        if self._listening:
            self._behind = True
            self._direct = False
            self._look()

    def resume_writing(self) -> None:
        """Everything is gone (before `listen`: most of it)."""
        super().resume_writing()
        if self._behind:
            self._behind = False
            self.recount()
            if self._full:
                self.loop.call_soon(self._drained)
            else:
                self._direct = self._listening

    def _write_behind(self, frame: bytes) -> bool:
        if not self._behind or not self._listening or self._full:
            if self._full and self._ceiling is not None:
                self._ceiling.refused += 1
            return False
        self.transport.write(frame)
        self._look()
        return True

    def _look(self) -> None:
        self.recount()
        if self._full:
            return
        over_budget = self._counted >= self._budget
        if over_budget or (self._ceiling is not None and self._ceiling.reached()):
            self._full = True
            if self._ceiling is not None:
                self._ceiling.over_budget += over_budget
                self._ceiling.over_ceiling += not over_budget
            self._on_full()

    def _drained(self) -> None:
        # Something may have been written meanwhile, a pong for one; that calls again.
        if self._listening and self._full and not self._behind:
            self._full = False
            self._direct = True
            self._on_drained()

    def _stop_listening(self) -> None:
        self._listening = self._direct = self._full = False
        # They hold whoever listens, who holds us.
        self._on_full = self._on_drained = _nothing

    def _end(self) -> None:
        """The transport is closing, as far as it was told to."""
        if self.transport.is_closing():
            self._stop_listening()
            self._linger()

    def _linger(self) -> None:
        """Watch a closing socket: once it stands still for too long, nothing will free it."""
        if self._linger_timer is None and self.buffered > 0:
            self._lingering_bytes = self.buffered
            self._linger_timer = self.loop.call_later(LINGER_SECONDS, self._linger_on)

    def _linger_on(self) -> None:
        self._linger_timer = None
        if self.buffered >= self._lingering_bytes:
            self.abort()
        else:
            self._linger()

    # -- uvicorn's own ---------------------------------------------------------------------------

    def handle_connect(self, event: Request) -> None:
        """Offer the extension; the application's task has been made and has not begun."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["extensions"][EXTENSION] = {"socket": self}

    def eof_received(self) -> None:
        """The client will send nothing more: asyncio closes the transport after this."""
        self._stop_listening()
        self._linger()

    def handle_close(self, event: Frame) -> None:
        """The client closes."""
        super().handle_close(event)
        self._end()

    def handle_parser_exception(self) -> None:
        """The client does not speak the protocol."""
        super().handle_parser_exception()
        self._end()

    def keepalive_timeout(self) -> None:
        """The client did not answer a ping: closed with 1011."""
        super().keepalive_timeout()
        self._end()

    def shutdown(self) -> None:
        """The server is stopping: closed with 1012."""
        super().shutdown()
        self._end()

    async def run_asgi(self) -> None:
        """Run the application; its end is the socket's."""
        await super().run_asgi()
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_listening()
        self._behind = False
        self.recount()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        super().connection_lost(exc)

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI's `send`; a listening application's close does not wait for the client."""
        if self._listening and message["type"] == "websocket.close":
            self.close(message.get("code", 1000), message.get("reason") or "")
        else:
            await super().send(message)


def _nothing() -> None:
    """Call nobody."""
