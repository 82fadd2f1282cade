"""The socket: moves bytes between a browser and its `Session`; decides nothing.

It reads as Channels documents consumers: `connect` joins a group, `disconnect` leaves it, a
handler named after the event sends. With a stock channel layer, a stock server or Channels' own
test communicator exactly that runs, handlers in a pool of threads. On `LiveChannelLayer` and
`LiveWebSocketProtocol` the same is done on the event loop, and a socket has no task, queue or
timer of its own.
"""

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import parse_qs

from asgiref.sync import async_to_sync
from channels.exceptions import StopConsumer
from channels.generic.websocket import WebsocketConsumer
from channels.layers import get_channel_layer
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error as DatabaseError

from notifications.authentication import language_of, login_of, offered_subprotocol
from notifications.conf import settings
from notifications.hub import Hub, code_of, holds
from notifications.live import threads
from notifications.live.batch import Missing
from notifications.live.cleanup import leave
from notifications.live.subscription import acknowledged, live
from notifications.live.writer import Writer
from notifications.selectors import Arriving, Request
from notifications.services import inboxes
from notifications.wire import close_codes, events
from notifications.wire.close_codes import CloseCode
from notifications.wire.cursor import Cursor
from notifications.wire.events import LogEvent, Recheck
from notifications.wire.outputs import Close, Fetch, Output, Send
from notifications.wire.session import Session, State

logger = logging.getLogger(__name__)

# Seconds after which a page is fetched again when the database could not be read.
FETCH_AGAIN_SECONDS = 2.0
EXTENSION = "clarion.frame"
Message = dict[str, Any]


class Outlet(Protocol):
    """Where frames go: a `LiveWebSocketProtocol`, or a `Writer`."""

    def write(self, data: Any) -> bool:
        """Take what a dialect encoded, all of it or nothing; whether it was taken."""

    def close(self, code: int, reason: str) -> None:
        """Close the socket."""


class NotificationConsumer(WebsocketConsumer):
    """One browser's socket, in the group of its person."""

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """The ASGI application; what it joined is left however it ends."""
        login = login_of(scope)
        if login is None:
            raise PermissionError("A socket was let through without a login.")
        self.scope = scope
        self.login = login
        self.inbox_id = 0
        self.hub = Hub.of_running_loop()
        self.outlet: Outlet | None = None
        self._send = send
        self._timer: asyncio.TimerHandle | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._live = live(get_channel_layer(self.channel_layer_alias))
        self._extension = scope.get("extensions", {}).get(EXTENSION)
        self.hub.enter()
        self.session = Session(settings.heartbeat_seconds, self.hub.log, login.id)
        detached = False
        try:
            if self._live is None:
                await super().__call__(scope, receive, send)
            else:
                detached = await self._run(receive)
        finally:
            # Not in `disconnect`, which is skipped when a handler raises or a task is cancelled.
            if not detached:
                self._end()
                await self._end_elsewhere()

    async def dispatch(self, message: Message) -> None:
        """Route a message to its handler.

        Types that we do not know are ignored: a newer process may send them during a deploy.
        """
        match message["type"]:
            case "notification.event":
                self.notification_event(message)
            case "websocket.receive":
                self.websocket_receive(message)
            case "websocket.connect":
                await self._connect(message)
            case "websocket.disconnect" if self._live is not None:
                raise StopConsumer
            case "websocket.disconnect":
                await threads.handle(self.websocket_disconnect, message)

    # -- Channels' handlers ----------------------------------------------------------------------

    def connect(self) -> None:
        """Join the person's group, then let the client in."""
        async_to_sync(self.channel_layer.group_add)(self.group, self.channel_name)
        self.accept(subprotocol=offered_subprotocol(self.scope))

    def disconnect(self, code: int) -> None:
        """Leave the group."""
        async_to_sync(self.channel_layer.group_discard)(self.group, self.channel_name)

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A frame from the client."""
        now = time.monotonic()
        if text_data is None:
            self.perform(self.session.received_binary(now))
        else:
            self.perform(self.session.received(text_data, now))

    def notification_event(self, message: Message) -> None:
        """Something was published to the person's group."""
        event = self.hub.read(message)
        if isinstance(event, Recheck):
            self.hub.recheck(self.inbox_id)
        elif event is not None and not isinstance(event, LogEvent):
            self.perform(self.session.event(event, time.monotonic()))

    # -- what the hub calls ----------------------------------------------------------------------

    @property
    def group(self) -> str:
        """The group of the person."""
        return events.user_group(self.inbox_id)

    def perform(self, outputs: Sequence[Output]) -> None:
        """Do what the session wants."""
        outlet = self.outlet
        if outlet is None:
            return
        # All in one: for the session they are sent, so none of them may meet a full socket.
        sent = [output.frame for output in outputs if isinstance(output, Send)]
        if sent:
            outlet.write(self.dialect.encode_all(sent))
        for output in outputs:
            match output:
                case Fetch(cursor):
                    self._stop_fetching()
                    self._fetching = asyncio.create_task(self._fetch(cursor))
                case Close(code):
                    self.session.closed()
                    outlet.close(code.number, code.reason)
        deadline = self.session.deadline
        if deadline is not None or self._timer is not None:
            self._set_timer(deadline)

    # -- internals -------------------------------------------------------------------------------

    async def _run(self, receive: Any) -> bool:
        """What `AsyncConsumer.__call__` does, with a sink instead of two tasks and a queue.

        Whether the socket goes on without a task: the server then calls `_take`.
        """
        self.channel_layer = self._live
        self.channel_name = await self._live.new_channel()
        self._live.attach(self.channel_name, self._hear)
        try:
            await self.dispatch(await receive())
            if self._extension is not None and self.outlet is not None:
                socket = self._extension["socket"]
                # An idle socket needs none of these any more, and they are kilobytes.
                del self.scope, self._send, self._extension
                socket.detach(self._take)
                return True
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            return False

    def _take(self, message: Message) -> None:
        """What `dispatch` does, for a socket without a task."""
        if message["type"] == "websocket.receive":
            self.websocket_receive(message)
        elif message["type"] == "websocket.disconnect":
            self._end()

    def _hear(self, message: Message) -> None:
        if message.get("type") == "notification.event":
            self.notification_event(message)

    async def _connect(self, message: Message) -> None:
        """Join first, read afterwards: what is said in between comes twice rather than never."""
        await self.hub.followed()
        try:
            inbox_id = self.login.inbox_id or await threads.read(self._make_inbox)
        except DatabaseError as error:
            self.hub.complain("A socket could not be opened", error)
            await self._refuse(close_codes.TRY_AGAIN)
            return
        if inbox_id is None:
            await self._refuse(close_codes.SIGNED_OUT)
            return
        self.inbox_id = inbox_id
        if self._live is None:
            await threads.handle(self.websocket_connect, message)
        else:
            subscribing = self._live.subscribe_group(self.group, self.channel_name)
            if not await acknowledged(subscribing):
                logger.warning("Redis does not answer; %s is served by heartbeats", self.group)
                subscribing.add_done_callback(self._subscribed_late)
            await self._accept()
        self._open_outlet()
        await self._open()

    def _subscribed_late(self, subscribing: "asyncio.Future[None]") -> None:
        if not subscribing.cancelled():
            self.hub.recheck(self.inbox_id)

    async def _accept(self) -> None:
        subprotocol = offered_subprotocol(self.scope)
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    async def _refuse(self, code: CloseCode) -> None:
        """Let the client in just to tell it why not."""
        await self._accept()
        close = {"type": "websocket.close", "code": code.number, "reason": code.reason}
        await self._send(close)

    def _make_inbox(self) -> int | None:
        """The person's inbox; None if there is no such person any more."""
        try:
            return inboxes.ensure(self.scope["user"]).pk
        except ObjectDoesNotExist:
            return None

    def _open_outlet(self) -> None:
        extension = self._extension
        self.dialect = self.hub.dialect(language_of(self.scope), framed=extension is not None)
        budget = settings.socket_budget
        outlet: Outlet
        if extension is None:
            outlet = Writer(self._send, budget, self._stalled, self._drained)
        else:
            outlet = extension["socket"]
            extension["socket"].listen(budget, self.hub.ceiling, self._stalled, self._drained)
        self.outlet = outlet
        self.session.address = (self.dialect, outlet.write)

    async def _open(self) -> None:
        # Before the read, so that who has to be looked at again during it is found.
        if not self.hub.add(self):
            self.perform([Close(close_codes.TOO_MANY)])
            return
        cursor = self._cursor()
        arriving = Arriving(self.inbox_id, cursor, self.dialect.language, self.login.session_key)
        try:
            arrival = await self.hub.arrive(arriving)
        except Missing:
            self.perform([Close(close_codes.SIGNED_OUT)])
            return
        except Exception as error:  # noqa: BLE001 (the client tries again)
            self.hub.complain("A socket could not be opened", error)
            self.perform([Close(close_codes.TRY_AGAIN)])
            return
        # Closed: the login session ended meanwhile.
        closed = self.session.state is State.CLOSED
        if closed or not holds(self.login, arrival.password, arrival.logins):
            self.perform([Close(code_of(self.login))])
            return
        opened = self.session.opened(
            arrival.standing, cursor, time.monotonic(), arrival.page, str(self.login.user_id)
        )
        self.perform(opened)

    def _stalled(self) -> None:
        self.session.stalled()

    def _drained(self) -> None:
        self.perform(self.session.drained())

    async def _fetch(self, cursor: Cursor) -> None:
        request = Request(self.inbox_id, cursor, self.dialect.language)
        while self.session.state is not State.CLOSED:
            try:
                page = await self.hub.resume(request)
            except Missing:
                self.perform([Close(close_codes.SIGNED_OUT)])
                return
            except Exception as error:  # noqa: BLE001 (tried again)
                self.hub.complain("Could not read changes; trying again", error)
                # Not all at once again.
                await asyncio.sleep(FETCH_AGAIN_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
            else:
                self.perform(self.session.fetched(cursor, page, time.monotonic()))
                return

    def _stop_fetching(self) -> None:
        # Not from within: the page that leads to the next one comes from the task itself.
        if self._fetching is not None and self._fetching is not asyncio.current_task():
            self._fetching.cancel()
        self._fetching = None

    def _set_timer(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            delay = max(0.0, deadline - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.perform(self.session.tick(time.monotonic()))

    def _cursor(self) -> Cursor | None:
        """The cursor in the address; a wrong one is as good as none, which means a reset."""
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        try:
            return Cursor.parse(query["cursor"][0])
        except (KeyError, ValueError):
            return None

    def _end(self) -> None:
        """Leave everything on this loop; once."""
        self.session.closed()
        self.hub.remove(self)
        self._set_timer(None)
        self._stop_fetching()
        if self._live is not None and hasattr(self, "channel_name"):
            self._live.discard_group(self.group, self.channel_name)
            self._live.detach(self.channel_name)
        self.hub.leave()

    async def _end_elsewhere(self) -> None:
        """Leave what a stock server and a stock layer keep for us."""
        if isinstance(self.outlet, Writer):
            await self.outlet.stop()
        if self._live is None and hasattr(self, "channel_name"):
            await leave(self.channel_layer, self.channel_name, [self.group])
