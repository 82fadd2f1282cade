"""The protocol itself; `server` is the door to it.

It leans on the inside of uvicorn, as `internals` checks.
"""

import asyncio
import logging
import os
import random
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent, WebSocketAcceptEvent
from uvicorn.config import Config
from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.utils import (
    ClientDisconnected,
    get_client_addr,
    get_path_with_query_string,
)
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from notifications.live import handshake
from notifications.live.ceiling import Ceiling
from notifications.live.framing import BINARY, TEXT, frame_of
from notifications.live.keepalive import Keepalive
from notifications.live.linger import Linger
from notifications.live.mailbox import Mailbox, Queue
from notifications.live.parsers import Parsers, ends_between_frames
from notifications.live.statistics import statistics

EXTENSION = "clarion.frame"
_logger = logging.getLogger("uvicorn.error")
# Sockets that a process takes, and seconds over which it spreads their closing when it stops.
MAX_SOCKETS = int(os.environ.get("CLARION_MAX_SOCKETS", "20000"))
SHUTDOWN_SPREAD = float(os.environ.get("CLARION_SHUTDOWN_SPREAD", "0"))
# Seconds between two complaints about refused sockets.
COMPLAIN_SECONDS = 60.0
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 17\r\n\r\n"
    b"Too many sockets."
)
_writable = asyncio.Event()
_writable.set()


class Shared:
    """What the sockets of one server have in common."""

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare for this server's sockets."""
        self.parsers = Parsers(config)
        self.linger = Linger(loop)
        self.keepalive: Keepalive | None = None
        if config.ws_ping_interval is not None and config.ws_ping_interval > 0:
            self.keepalive = Keepalive(loop, config.ws_ping_interval, config.ws_ping_timeout)
        self.complained_at = -COMPLAIN_SECONDS

    def complain(self) -> None:
        """Say, from time to time, that sockets are refused."""
        now = time.monotonic()
        if now - self.complained_at >= COMPLAIN_SECONDS:
            self.complained_at = now
            _logger.warning("Refusing WebSockets: CLARION_MAX_SOCKETS=%d are open", MAX_SOCKETS)


_shared: WeakKeyDictionary[ServerState, Shared] = WeakKeyDictionary()


class LiveWebSocketProtocol(WebSocketsSansIOProtocol):
    """One socket. What the extension offers is for the event loop's thread only.

    After `listen` the transport tells us of the first byte that the kernel does not take, and when
    all are gone. A socket in between is *behind*; all others cost nothing to keep account of.

    An open socket has no parser of its own: between two frames there is nothing to remember.
    """

    # uvicorn's names first. Slots, as a dictionary of so many attributes takes two kilobytes.
    __slots__ = (
        "_behind",
        "_budget",
        "_ceiling",
        "_conn",
        "_counted",
        "_direct",
        "_full",
        "_key",
        "_listening",
        "_mailbox",
        "_on_drained",
        "_on_event",
        "_on_full",
        "_paused",
        "_shared",
        "app",
        "app_state",
        "asgi_version",
        "client",
        "close_sent",
        "close_timeout",
        "close_timer",
        "config",
        "connections",
        "curr_msg_data_type",
        "default_headers",
        "disconnected",
        "frames",
        "handshake_complete",
        "handshake_initiated",
        "initial_response",
        "last_ping_rtt",
        "logger",
        "loop",
        "pending_ping_payload",
        "ping_interval",
        "ping_sent_at",
        "ping_timeout",
        "ping_timer",
        "pong_timer",
        "read_paused",
        "request",
        "response",
        "root_path",
        "scheme",
        "scope",
        "server",
        "tasks",
        "transport",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes it, without what an idle socket can do without."""
        if not config.loaded:
            config.load()
        self.config = config
        self.app = config.loaded_app
        self.loop = _loop or asyncio.get_event_loop()
        self.logger = _logger
        self.root_path = config.root_path
        self.asgi_version = config.asgi_version
        self.app_state = app_state

        self.connections = server_state.connections
        self.tasks = server_state.tasks
        self.default_headers = server_state.default_headers

        self.server = None
        self.client = None

        self.handshake_initiated = False
        self.handshake_complete = False
        self.close_sent = False
        self.disconnected = False
        self.close_timer = None
        self.close_timeout = 10.0
        self.initial_response = None

        self.read_paused = False

        self.ping_interval = config.ws_ping_interval
        self.ping_timeout = config.ws_ping_timeout
        self.ping_timer = None
        self.pong_timer = None
        self.pending_ping_payload = None
        self.ping_sent_at = 0.0
        self.last_ping_rtt = 0.0

        self.frames = _NO_FRAMES
        self.curr_msg_data_type = "bytes"

        shared = _shared.get(server_state)
        if shared is None:
            shared = _shared[server_state] = Shared(config, self.loop)
        self._shared = shared
        self._conn: ServerProtocol | None = None
        self._mailbox: Mailbox | None = Mailbox()
        self._on_event: Callable[[ASGIReceiveEvent], None] | None = None
        self._paused: asyncio.Event | None = None
        # Of the request for a handshake that we answer ourselves.
        self._key = b""

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

    def detach(self, on_event: Callable[[ASGIReceiveEvent], None]) -> None:
        """Hand what `receive` would return to this function instead; call it after accept.

        The application may return then: the socket lives on without a task, until the last event,
        `websocket.disconnect`, which never comes from within another of our methods.
        """
        mailbox, self._mailbox = self._mailbox, None
        self._on_event = on_event
        if self.read_paused:
            self.transport.resume_reading()
        # Nothing has to be resumed by `receive`, so nothing is to be paused for it.
        self.read_paused = True
        while mailbox is not None and (message := mailbox.take()) is not None:
            self.put_nowait(message)

    def put_nowait(self, message: ASGIReceiveEvent) -> None:
        """Take the place of the queue of a detached socket."""
        on_event = self._on_event
        if on_event is None:
            return
        if message["type"] == "websocket.disconnect":
            self._on_event = _ignore
            self.loop.call_soon(self._hand_over, on_event, message)
        else:
            self._hand_over(on_event, message)

    def _hand_over(
        self, on_event: Callable[[ASGIReceiveEvent], None], message: ASGIReceiveEvent
    ) -> None:
        try:
            on_event(message)
        except Exception:
            self.logger.exception("Exception in ASGI application\n")
            self.transport.close()
            self._end()

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
        if self.read_paused and self._mailbox is not None:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)
        self._end()

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
        self._paused = asyncio.Event()
        if self._listening:
            self._behind = True
            self._direct = False
            self._look()

    def resume_writing(self) -> None:
        """Everything is gone (before `listen`: most of it)."""
        if self._paused is not None:
            self._paused.set()
            self._paused = None
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
        """The socket is closing, or its client is to."""
        self._stop_listening()
        if not self.disconnected:
            self._shared.linger.add(self)

    # -- what uvicorn's code asks for ------------------------------------------------------------

    @property
    def conn(self) -> ServerProtocol:  # type: ignore[override]
        """Our parser, from the shared ones if we had none."""
        if self._conn is None:
            self._conn = self._shared.parsers.take()
        return self._conn

    @property
    def queue(self) -> Queue:  # type: ignore[override]
        """Where events for the application go."""
        return self._mailbox or self

    @property
    def writable(self) -> asyncio.Event:  # type: ignore[override]
        """Set unless the transport has told us to wait."""
        return self._paused or _writable

    # -- opening ---------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection from uvicorn's HTTP protocol."""
        statistics.sockets += 1
        if self.logger.level <= TRACE_LOG_LEVEL:
            super().connection_made(transport)
            return
        self.connections.add(self)
        self.transport = transport  # type: ignore[assignment]
        # Known already; uvicorn asks the kernel, twice for each socket.
        server = transport.get_extra_info("sockname")
        client = transport.get_extra_info("peername")
        if isinstance(server, tuple):
            self.server = (str(server[0]), int(server[1]))
        elif isinstance(server, str):
            self.server = (server, None)
        if isinstance(client, tuple):
            self.client = (str(client[0]), int(client[1]))
        self.scheme = "wss" if transport.get_extra_info("sslcontext") else "ws"

    def data_received(self, data: bytes) -> None:
        """Bytes from the client: first the request, then frames."""
        if self._conn is not None:
            super().data_received(data)
        elif self.handshake_initiated:
            self._frames_received(data)
        else:
            request = handshake.parse(data, self.config.ws_per_message_deflate)
            if request is None and statistics.sockets > MAX_SOCKETS:
                self._refuse()
            elif request is None:
                self._conn = self._shared.parsers.for_request()
                super().data_received(data)
                if self._conn.eof_sent and not self.handshake_initiated:
                    # Too long to be parsed. uvicorn forgets to say so, and waits for ever.
                    self.transport.write(b"".join(self._conn.data_to_send()))
                    self.transport.close()
                    self._end()
            else:
                self.begin(request)

    def _refuse(self) -> None:
        """Answer that the process has as many sockets as it may."""
        statistics.refused += 1
        self._shared.complain()
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(_BUSY)
        self.transport.close()
        self._end()

    def begin(self, request: handshake.Handshake) -> None:
        """Run the application for a request that it may accept."""
        if statistics.sockets > MAX_SOCKETS:
            self._refuse()
            return
        self.handshake_initiated = True
        self._key = request.key
        path, _, query = request.target.partition(b"?")
        root = self.root_path
        self.scope = {
            "type": "websocket",
            "asgi": {"version": self.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": self.scheme,
            "server": self.server,
            "client": self.client,
            "root_path": root,
            "path": root + unquote(path.decode("ascii")),
            "raw_path": root.encode("ascii") + path,
            "query_string": query,
            "headers": request.headers,
            "subprotocols": request.subprotocols,
            "state": self.app_state.copy(),
            "extensions": {"websocket.http.response": {}, EXTENSION: {"socket": self}},
        }
        self.queue.put_nowait({"type": "websocket.connect"})
        task = self.loop.create_task(self.run_asgi())
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def handle_connect(self, event: Request) -> None:
        """Offer the extension; the application's task has been made and has not begun."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["extensions"][EXTENSION] = {"socket": self}

    @property
    def _may_accept(self) -> bool:
        """Whether this is a handshake of ours, and is not answered yet."""
        return bool(self._key) and not self.handshake_complete and self.initial_response is None

    def _accept(self, message: WebSocketAcceptEvent) -> None:
        if self.logger.isEnabledFor(logging.DEBUG):
            self.logger.debug(
                '%s - "WebSocket %s" [accepted]',
                get_client_addr(self.scope),
                get_path_with_query_string(self.scope),
            )
        headers = b"".join(
            name.lower() + b": " + value + b"\r\n" for name, value in self.default_headers
        )
        more = message.get("headers")
        subprotocol = message.get("subprotocol")
        if more or subprotocol:
            checked = Headers()
            for name, value in more or ():
                checked[name.decode("latin-1").lower()] = value.decode("latin-1")
            if subprotocol:
                checked["Sec-WebSocket-Protocol"] = subprotocol
            headers += checked.serialize()[:-2]
        if not self.transport.is_closing():
            self.handshake_complete = True
            self.transport.write(handshake.response(self._key, headers))
            self.start_keepalive()
            self._forget()

    def _forget(self) -> None:
        """Drop what only the opening needed."""
        self._key = b""
        for name in ("scope", "request", "response"):
            if hasattr(self, name):
                delattr(self, name)

    # -- receiving -------------------------------------------------------------------------------

    def _frames_received(self, data: bytes) -> None:
        """Parse frames with a parser that we give back, unless it has to remember something."""
        whole = ends_between_frames(data)
        parser = self.conn
        super().data_received(data)
        if whole and parser.state is OPEN and parser.current_size is None:
            self._conn = None
            self._shared.parsers.give(parser)

    def send_receive_event_to_app(self) -> None:
        """A message is complete."""
        super().send_receive_event_to_app()
        self.frames = _NO_FRAMES

    async def receive(self) -> ASGIReceiveEvent:
        """ASGI's `receive`."""
        mailbox = self._mailbox
        if mailbox is None:
            raise RuntimeError("A detached socket has nothing to receive.")
        message = await mailbox.get()
        if self.read_paused and mailbox.empty():
            self.read_paused = False
            self.transport.resume_reading()
        return message

    # -- sending ---------------------------------------------------------------------------------

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI's `send`; a listening application's close does not wait for the client."""
        if self._listening and message["type"] == "websocket.close":
            self.close(message.get("code", 1000), message.get("reason") or "")
            return
        if self._paused is not None:
            await self._paused.wait()
        if self.disconnected:
            raise ClientDisconnected
        opening = not self.handshake_complete
        if message["type"] == "websocket.accept" and self._may_accept:
            self._accept(message)
        elif message["type"] == "websocket.send" and self._conn is None and not opening:
            text, binary = message.get("text"), message.get("bytes")
            if binary is not None:
                self.transport.write(frame_of(BINARY, binary))
            elif text is not None:
                self.transport.write(frame_of(TEXT, text.encode()))
        else:
            await super().send(message)
            if opening and self.handshake_complete and not self.close_sent:
                self._forget()
        if self._behind:
            self._look()

    def handle_ping(self) -> None:
        """Answer a ping, unless the client lets answers pile up (RFC 6455, section 5.5.3)."""
        if self._full or (self._paused is not None and not self._listening):
            self.conn.data_to_send()
            return
        super().handle_ping()
        if self._behind:
            self._look()

    # -- keeping alive ---------------------------------------------------------------------------

    def start_keepalive(self) -> None:
        """Have the socket pinged."""
        if self._shared.keepalive is not None:
            self._shared.keepalive.add(self)

    def stop_keepalive(self) -> None:
        """Do not ping any more."""
        if self._shared.keepalive is not None:
            self._shared.keepalive.remove(self)
        self.pending_ping_payload = None

    def ping(self, frame: bytes, payload: bytes, now: float) -> bool:
        """Send a ping; returns whether the socket is still there."""
        if self.close_sent or self.transport.is_closing():
            return False
        self.pending_ping_payload = payload
        self.ping_sent_at = now
        # Never between fragments, as no message is sent in fragments.
        self.transport.write(frame)
        return True

    def handle_pong(self, event: Frame) -> None:
        """An answer to the ping in flight, or something unasked-for."""
        if self.pending_ping_payload is None or bytes(event.data) != self.pending_ping_payload:
            return
        self.last_ping_rtt = self.loop.time() - self.ping_sent_at
        self.pending_ping_payload = None
        if self._shared.keepalive is not None:
            self._shared.keepalive.answered(self)

    def keepalive_timeout(self) -> None:
        """The client did not answer a ping: closed with 1011."""
        super().keepalive_timeout()
        self._end()

    # -- closing ---------------------------------------------------------------------------------

    def handle_close(self, event: Frame) -> None:
        """The client closes."""
        super().handle_close(event)
        self._end()

    def handle_parser_exception(self) -> None:
        """The client does not speak the protocol."""
        super().handle_parser_exception()
        self._end()

    def eof_received(self) -> None:
        """The client will send nothing more: asyncio closes the transport after this."""
        self._end()

    def shutdown(self) -> None:
        """The server is stopping: closed with 1012, at once or within the spread."""
        if SHUTDOWN_SPREAD and self.handshake_complete and not self.close_sent:
            # Not all of them at once, as they are about to come back.
            delay = random.uniform(0, SHUTDOWN_SPREAD)  # noqa: S311 (no secret)
            self.loop.call_later(delay, self._shut_down)
        else:
            self._shut_down()

    def _shut_down(self) -> None:
        if not self.disconnected:
            super().shutdown()
            self._end()

    async def run_asgi(self) -> None:
        """Run the application; its end is the socket's."""
        try:
            result = await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            # As uvicorn does: a cancellation ends here, too.
            self.logger.exception("Exception in ASGI application\n")
            self.send_500_response()
        else:
            if not self.handshake_complete:
                self.logger.error("ASGI callable returned without completing handshake.")
                self.send_500_response()
            elif result is not None:
                self.logger.error("ASGI callable should return None, but returned '%s'.", result)
            elif self._on_event is not None:
                return
        if self.close_timer is None:
            self.transport.close()
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        statistics.sockets -= 1
        self._stop_listening()
        self._behind = False
        self.recount()
        self._shared.linger.remove(self)
        super().connection_lost(exc)


_NO_FRAMES: list[bytes] = []


def _nothing() -> None:
    """Call nobody."""


def _ignore(event: ASGIReceiveEvent) -> None:
    """Tell nobody."""
