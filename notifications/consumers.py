"""The socket: moves bytes between a browser and its `Session`; decides nothing.

Handlers are synchronous, as Channels documents them, and none waits for a client: `send` hands
over to a `Writer`. Events that touch no database are handled on the event loop; see `dispatch`.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from asgiref.sync import async_to_sync
from channels.generic.websocket import WebsocketConsumer
from django.db import Error as DatabaseError

from notifications import selectors
from notifications.authentication import language_of, login_id, offered_subprotocol
from notifications.conf import settings
from notifications.heartbeat import Heartbeat
from notifications.live.cleanup import leave
from notifications.live.inlet import Inlet
from notifications.live.writer import Writer, call_in
from notifications.models import Inbox
from notifications.rendering import rendered
from notifications.selectors import Positions
from notifications.services import inboxes
from notifications.wire import close_codes, events, frames
from notifications.wire.cursor import Cursor
from notifications.wire.outputs import Close, Fetch, Output, Send
from notifications.wire.session import Session

logger = logging.getLogger(__name__)

# Seconds after which a page is fetched again when the database could not be read.
FETCH_AGAIN_SECONDS = 2.0
Message = dict[str, Any]


class NotificationConsumer(WebsocketConsumer):
    """One browser's socket, in the group of its person and in the group of the log."""

    # What is handled on the event loop, as it needs no database: a thread per message would cost
    # twenty times as much, and all sync consumers of a process share one.
    ON_LOOP = frozenset(
        {
            "notification.event",
            "session.drained",
            "session.heartbeat",
            "session.tick",
            "websocket.receive",
        }
    )

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """The ASGI application; what it joined is left however it ends."""
        login = scope.get("session")
        self.session = Session(
            settings.heartbeat_seconds, login_id(login.session_key if login else None)
        )
        self.inlet = Inlet(receive)
        self.writer = Writer(
            send, settings.socket_budget, on_drained=partial(self.inlet.post, "session.drained")
        )
        self.inbox_id = 0
        self._joined: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._heartbeat = Heartbeat.of_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        try:
            await super().__call__(scope, self.inlet, self.writer.send)
        finally:
            # Not in `disconnect`, which is skipped when a handler raises or a task is cancelled.
            await self._clean_up()

    async def dispatch(self, message: Message) -> None:
        """Route a message to its handler: cheap ones here, the others in a thread.

        Types that we do not know are ignored: a newer process may send them during a deploy.
        """
        if message["type"] in self.ON_LOOP:
            getattr(self, message["type"].replace(".", "_"))(message)
        elif message["type"].startswith(("websocket.", "session.")):
            await super().dispatch(message)

    # -- Channels' handlers ----------------------------------------------------------------------

    def connect(self) -> None:
        """Join first, read afterwards: what is said in between comes twice rather than never."""
        self.language = language_of(self.scope)
        self.inbox_id = inboxes.ensure(self.scope["user"]).pk
        for group in (events.user_group(self.inbox_id), events.LOG_GROUP):
            self._joined.append(group)
            async_to_sync(self.channel_layer.group_add)(group, self.channel_name)
        self.accept(subprotocol=offered_subprotocol(self.scope))
        standing = selectors.standing(self.inbox_id)
        self._perform(self.session.opened(standing, self._cursor(), time.monotonic()))
        call_in(self._loop, partial(self._heartbeat.add, self))

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A frame from the client."""
        now = time.monotonic()
        if text_data is None:
            self._perform(self.session.received_binary(now))
        else:
            self._perform(self.session.received(text_data, now))

    def disconnect(self, code: int) -> None:
        """Leave the groups."""
        for group in self._joined:
            async_to_sync(self.channel_layer.group_discard)(group, self.channel_name)
        self._joined.clear()

    # -- group events and events of this process -------------------------------------------------

    def notification_event(self, message: Message) -> None:
        """Something was published to the person's group or to the log."""
        event = events.read(message)
        if event is not None:
            self._perform(self.session.event(event, time.monotonic()))

    def session_heartbeat(self, message: Message) -> None:
        """The wheel came round."""
        positions: Positions = message["positions"]
        seq = positions.seqs.get(self.inbox_id)
        if seq is None:
            # The person was deleted, or may not sign in any more.
            self._perform([Close(close_codes.SIGNED_OUT)])
        else:
            now = time.monotonic()
            self._perform(self.session.heartbeat(seq, positions.position, now))

    def session_tick(self, message: Message) -> None:
        """The session's deadline has come."""
        self._perform(self.session.tick(time.monotonic()))

    def session_drained(self, message: Message) -> None:
        """The client has read everything that it was behind with."""
        self._perform(self.session.drained())

    def session_fetch(self, message: Message) -> None:
        """Read a page of what changed since a cursor."""
        cursor: Cursor = message["cursor"]
        try:
            page = selectors.changes(self.inbox_id, cursor)
        except Inbox.DoesNotExist:
            self._perform([Close(close_codes.SIGNED_OUT)])
        except DatabaseError:
            logger.warning("Could not read changes; trying again", exc_info=True)
            again = partial(self.inlet.post, "session.fetch", cursor=cursor)
            call_in(self._loop, partial(self._loop.call_later, FETCH_AGAIN_SECONDS, again))
        else:
            self._perform(self.session.fetched(cursor, page, time.monotonic()))

    def beat(self, positions: Positions) -> None:
        """Take the wheel's reading into the line of dispatch."""
        self.inlet.post("session.heartbeat", positions=positions)

    def send(
        self, text_data: str | None = None, bytes_data: bytes | None = None, close: bool = False
    ) -> None:
        """Write a text frame; unlike Channels' own `send` it never waits for the client."""
        self.writer.write(
            {"type": "websocket.send", "text": text_data}, size=len((text_data or "").encode())
        )

    # -- internals -------------------------------------------------------------------------------

    def _perform(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            match output:
                case Send(frame):
                    self.send(frames.encode(frame, partial(rendered, language=self.language)))
                case Fetch(cursor):
                    self.inlet.post("session.fetch", cursor=cursor)
                case Close(code):
                    self.session.closed()
                    self.writer.write(
                        {"type": "websocket.close", "code": code.number, "reason": code.reason}
                    )
        if self.writer.is_full:
            self.session.stalled()
        self._set_timer()

    def _set_timer(self) -> None:
        deadline = self.session.deadline
        if deadline is not None or self._timer is not None:
            call_in(self._loop, partial(self._set_timer_for, deadline))

    def _set_timer_for(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            delay = max(0.0, deadline - time.monotonic())
            self._timer = self._loop.call_later(delay, self.inlet.post, "session.tick")

    def _cursor(self) -> Cursor | None:
        """The cursor in the address; a wrong one is as good as none, which means a reset."""
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        try:
            return Cursor.parse(query["cursor"][0])
        except (KeyError, ValueError):
            return None

    async def _clean_up(self) -> None:
        self.session.closed()
        self._heartbeat.remove(self)
        self._set_timer_for(None)
        self.inlet.close()
        await self.writer.close()
        channel = getattr(self, "channel_name", None)
        if channel is not None:
            await leave(self.channel_layer, channel, self._joined)
