"""What the sockets of one event loop share: the log, the heartbeat, and reads in batches."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import ClassVar, Protocol, cast
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from notifications import selectors
from notifications.authentication import Login, password_mark
from notifications.conf import settings
from notifications.dialect import Dialect, Encoded
from notifications.heartbeat import Wheel
from notifications.live import threads
from notifications.live.batch import MicroBatch
from notifications.live.ceiling import Ceiling
from notifications.live.subscription import Subscription, live
from notifications.selectors import Arrival, Arriving, Pulse, Request
from notifications.wire import close_codes, events
from notifications.wire.events import Event, LogEvent, LogRecord, Message
from notifications.wire.log import BEHIND_SECONDS, Log, Question
from notifications.wire.outputs import Close, Output
from notifications.wire.session import Session
from notifications.wire.standing import Page

logger = logging.getLogger(__name__)

# Sockets of one read. It takes some ten milliseconds; a larger one would not be cheaper per socket.
BATCH = 100
# Sockets that are written to before others have a turn: about two milliseconds.
SPREAD = 250
# Sockets of one person at one process: more are no tabs and devices any more.
SOCKETS_OF_ONE = 500
# Seconds that a socket waits for what it needs to open; then its client tries again later.
ARRIVE_SECONDS = 5.0
# Seconds between two complaints about the database.
COMPLAIN_SECONDS = 1.0
# Log entries fetched at a time where some were missed.
LOG_PAGE = 100
# Seconds after which the log's questions are asked again when the database could not be read.
FETCH_AGAIN_SECONDS = 2.0


# What the log gives out for a socket: what it is written, and how.
Address = tuple[Dialect, Callable[[Encoded], object]]


class Socket(Protocol):
    """What the hub knows of a consumer."""

    session: Session
    inbox_id: int
    login: Login
    dialect: Dialect

    def __hash__(self) -> int:
        """By identity."""

    def perform(self, outputs: Sequence[Output]) -> None:
        """Do what the session wants."""


class Hub:
    """For the event loop it was made in; everything here happens on it."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Hub"]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.log = Log()
        self.ceiling = Ceiling(settings.process_budget)
        self._arrivals: MicroBatch[Arriving, Arrival] = MicroBatch(
            threads.reading(selectors.arrivals), BATCH, threads.pool()
        )
        self._resumes: MicroBatch[Request, Page] = MicroBatch(
            threads.reading(selectors.resumes), BATCH, threads.pool()
        )
        self._dialects: dict[tuple[str, bool], Dialect] = {}
        self._last_read: tuple[Message, Event | None] = ({}, None)
        self._sockets: dict[Session, Socket] = {}
        self._of_inbox: dict[int, list[Socket]] = {}
        self._wheel: Wheel[Socket] = Wheel(self._beat)
        self._layer: object = None
        self._guests = 0
        self._joining: asyncio.Task[Subscription] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._learning = asyncio.Lock()
        self._spreading: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._complained_at = float("-inf")
        # Inboxes that are being compared, and whether once more after that.
        self._comparing: dict[int, bool] = {}
        self._comparing_all: bool | None = None

    @classmethod
    def of_running_loop(cls) -> "Hub":
        """The hub of this event loop, made when it is first asked for."""
        loop = asyncio.get_running_loop()
        hub = cls._of_loop.get(loop)
        if hub is None:
            hub = cls._of_loop[loop] = cls()
        return hub

    # -- sockets ---------------------------------------------------------------------------------

    def enter(self) -> None:
        """A socket is about to come; once for each `leave`."""
        self._guests += 1

    async def followed(self) -> None:
        """Have the log followed; to be waited for before a socket reads the database."""
        joining = self._joining
        if joining is None:
            joining = self._joining = asyncio.create_task(self._join())
        elif joining.done():
            return
        try:
            # One who gives up must not take it away from the others.
            await asyncio.shield(joining)
        except Exception:
            # Redis is away. What passes by meanwhile is found by the heartbeat.
            logger.warning("Could not follow the broadcast log", exc_info=True)
            if self._joining is joining:
                self._joining = None

    def leave(self) -> None:
        """A socket is gone."""
        self._guests -= 1
        if self._guests:
            return
        if self._joining is not None:
            joining, self._joining = self._joining, None
            self._closing = asyncio.create_task(_close(joining))
            self._keep(self._closing)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.log = Log()

    def add(self, socket: Socket) -> bool:
        """Follow the database with this socket from now on; False if its person has too many."""
        if len(self._of_inbox.get(socket.inbox_id, ())) >= SOCKETS_OF_ONE:
            return False
        self._sockets[socket.session] = socket
        self._of_inbox.setdefault(socket.inbox_id, []).append(socket)
        self._wheel.add(socket)
        return True

    def remove(self, socket: Socket) -> None:
        """Do so no more; fine if it was never added."""
        if self._sockets.pop(socket.session, None) is None:
            return
        self._wheel.remove(socket)
        siblings = self._of_inbox[socket.inbox_id]
        siblings.remove(socket)
        if not siblings:
            del self._of_inbox[socket.inbox_id]

    def dialect(self, language: str, *, framed: bool) -> Dialect:
        """What sockets of this kind are written."""
        key = (language, framed)
        if key not in self._dialects:
            self._dialects[key] = Dialect(language, framed=framed)
        return self._dialects[key]

    # -- reads -----------------------------------------------------------------------------------

    async def arrive(self, arriving: Arriving) -> Arrival:
        """What a new socket needs, by a read that starts now or later.

        Raises `Missing` for an inbox that nobody may open; anything else means to try again later.
        """
        async with asyncio.timeout(ARRIVE_SECONDS):
            if not self.log.knows_versions:
                await self._learn_versions()
            arrival = await self._arrivals.get(arriving)
        if not self.log.begun:
            self.log.begin(arrival.standing.position, time.monotonic())
        self._heard_of(arrival.standing.position)
        return arrival

    async def resume(self, request: Request) -> Page:
        """A page of what changed. Raises as `arrive` does."""
        page = await self._resumes.get(request)
        self._heard_of(page.standing.position)
        return page

    def complain(self, what: str, error: BaseException) -> None:
        """Log a failure that many sockets meet at once, once."""
        now = time.monotonic()
        if now >= self._complained_at + COMPLAIN_SECONDS:
            self._complained_at = now
            logger.warning("%s: %s: %s", what, type(error).__name__, error, exc_info=error)

    def read(self, message: Message) -> Event | None:
        """The event in a group's message; the sockets of a person all get the same message."""
        if self._last_read[0] is not message:
            self._last_read = (message, events.read(message))
        return self._last_read[1]

    def recheck(self, inbox_id: int) -> None:
        """Compare a person's sockets with the database now: one may be behind, or not allowed."""
        if inbox_id in self._comparing:
            # All of a person's sockets ask at once.
            self._comparing[inbox_id] = True
        elif inbox_id in self._of_inbox:
            self._comparing[inbox_id] = False
            self._keep(asyncio.create_task(self._recheck(inbox_id)))

    # -- the log ---------------------------------------------------------------------------------

    async def _join(self) -> Subscription:
        if self._closing is not None:
            # The stock layer gets leaving a group and joining it at the same time wrong.
            await asyncio.wait({self._closing})
        layer = get_channel_layer()
        subscription = Subscription(layer, events.LOG_GROUP, self._hear, on_late=self._regained)
        await subscription.open()
        loop_layer = live(layer)
        if loop_layer is not None and loop_layer is not self._layer:
            self._layer = loop_layer
            loop_layer.on_regained(self._regained)
        return subscription

    def _hear(self, message: Message) -> None:
        event = events.read(message)
        if isinstance(event, LogEvent):
            self.log.take(event.entries, time.monotonic())
            self._look_at_log()

    def _heard_of(self, position: int, wait: float = BEHIND_SECONDS) -> None:
        self.log.heard_of(position, time.monotonic(), wait)
        self._look_at_log()

    def _look_at_log(self) -> None:
        """Spread what is ready, and see to it that what is missing is fetched in time."""
        if self.log.has_ready and self._spreading is None:
            self._spreading = asyncio.create_task(self._spread())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.log.deadline is not None and self._fetching is None:
            wait = max(0.0, self.log.deadline - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._fetch_log)

    async def _learn_versions(self) -> None:
        # The first of many asks, the others wait for it: nobody reads where they are before.
        async with self._learning:
            if not self.log.knows_versions:
                self.log.know_versions(await threads.read(selectors.topic_versions))

    async def _spread(self) -> None:
        try:
            while self.log.has_ready:
                if (question := self.log.question) is not None:
                    await self._ask_who_left(self.log, question)
                    continue
                await self._spread_run(self.log, self.log.next())
        finally:
            self._spreading = None

    async def _ask_who_left(self, log: Log, question: Question) -> None:
        """Tell the sessions of those who left a topic; the log waits, also for the database."""
        try:
            leavers = await threads.read(selectors.leavers, question.topic, question.known)
            began = await threads.read(selectors.began, question.topic, question.known)
        except Exception as error:  # noqa: BLE001 (tried again)
            self.complain("Could not read who left a topic; trying again", error)
            await asyncio.sleep(FETCH_AGAIN_SECONDS)
            return
        if log is not self.log:
            return
        # Also sessions that are still being opened: what they read may be from before. Who enters
        # the hub from now on reads later than we did.
        for inbox_id, seq in leavers:
            for socket in self._of_inbox.get(inbox_id, ()):
                socket.session.left(question.topic, seq)
        if began:
            await self._tell_begun(question.topic)
        log.told(question)

    async def _tell_begun(self, topic: int) -> None:
        """Have all sockets learn that their people belong to a topic: once in its life."""
        for done, socket in enumerate(list(self._sockets.values()), 1):
            socket.perform(socket.session.begun(topic))
            if done % SPREAD == 0:
                await asyncio.sleep(0)

    async def _spread_run(self, log: Log, run: list[LogRecord]) -> None:
        # What everybody is given, but for who joined meanwhile or does not want to hear it.
        first, said_at = run[0].position, min(record.said_at for record in run)
        everybodys = [frame for record in run if (frame := record.frame(None))]
        encoded: dict[tuple[Dialect, tuple[int, ...]], Encoded] = {}
        for written, seat in enumerate(log.spread(run), 1):
            try:
                dialect, write = cast("Address", seat.address)
                special = seat.choices is not None or seat.after >= first or seat.since >= said_at
                given = seat.frames(run) if special else everybodys
                key = dialect, tuple(map(id, given)) if special else ()
                if given and key not in encoded:
                    encoded[key] = dialect.encode_all(given)
                if given:
                    write(encoded[key])
            except Exception as error:  # noqa: BLE001 (it harms no other)
                # It concerns this socket, or an entry that nobody can be shown.
                self.complain("A broadcast could not be written", error)
            if written % SPREAD == 0:
                await asyncio.sleep(0)

    def _fetch_log(self) -> None:
        self._timer = None
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_missed())

    async def _fetch_missed(self) -> None:
        try:
            await self._fetch_pages(self.log)
        except Exception as error:  # noqa: BLE001 (it harms no other)
            self.complain("Could not read the broadcast log; trying again", error)
            await asyncio.sleep(FETCH_AGAIN_SECONDS)
        finally:
            self._fetching = None
            self._look_at_log()

    async def _fetch_pages(self, log: Log) -> None:
        while log is self.log:
            tail = await threads.read(selectors.log_after, log.taken, LOG_PAGE)
            if tail.head - log.taken > settings.resume_limit:
                # Each socket is told what concerns its person, or to begin anew.
                for done, session in enumerate(log.followers(), 1):
                    socket = self._sockets.get(session)  # type: ignore[call-overload]
                    if socket is not None:
                        socket.perform(socket.session.lost())
                    if done % SPREAD == 0:
                        await asyncio.sleep(0)
                if log.followers():
                    continue
                log.jump(tail.head, time.monotonic())
                return
            log.fetched(tail.records, tail.up_to, tail.head, time.monotonic())
            self._look_at_log()
            if tail.up_to >= tail.head:
                return

    # -- comparing with the database -------------------------------------------------------------

    async def _beat(self, sockets: list[Socket]) -> None:
        for start in range(0, len(sockets), BATCH):
            batch = sockets[start : start + BATCH]
            try:
                pulse = await self._pulse(batch)
            except Exception as error:  # noqa: BLE001 (it harms no other)
                self.complain("A heartbeat could not read the database", error)
                for socket in batch:
                    # What it says of the session is true all the same, and keeps the client.
                    self._each(socket, partial(socket.session.heartbeat, socket.session.seq, 0.0))
                continue
            now = time.monotonic()
            for socket in batch:
                if self._may_stay(socket, pulse):
                    session, seq = socket.session, pulse.beats[socket.inbox_id].seq
                    self._each(socket, partial(session.heartbeat, seq, now))

    def _regained(self) -> None:
        """What was published while Redis was away will not come."""
        if self._comparing_all is None:
            self._keep(asyncio.create_task(self._compare_all()))
        # Once more, if it happens again meanwhile.
        self._comparing_all = True

    async def _compare_all(self) -> None:
        try:
            while self._comparing_all:
                self._comparing_all = False
                sockets = list(self._sockets.values())
                for start in range(0, len(sockets), BATCH):
                    batch = sockets[start : start + BATCH]
                    await self._compare([s for s in batch if s.session in self._sockets])
        finally:
            self._comparing_all = None

    async def _recheck(self, inbox_id: int) -> None:
        try:
            again = True
            while again:
                self._comparing[inbox_id] = False
                await self._compare(list(self._of_inbox.get(inbox_id, ())))
                again = self._comparing[inbox_id]
        finally:
            del self._comparing[inbox_id]

    async def _compare(self, sockets: Collection[Socket]) -> None:
        if not sockets:
            return
        try:
            pulse = await self._pulse(sockets, wait=0.0)
        except Exception as error:  # noqa: BLE001 (it harms no other)
            # The heartbeat will find what this would have found.
            self.complain("Sockets could not be compared with the database", error)
            return
        for socket in sockets:
            if self._may_stay(socket, pulse):
                seq = pulse.beats[socket.inbox_id].seq
                self._each(socket, partial(socket.session.compare, seq))

    def _each(self, socket: Socket, decide: Callable[[], Sequence[Output]]) -> None:
        """Do it for one socket, so that it harms no other."""
        try:
            socket.perform(decide())
        except Exception as error:  # noqa: BLE001 (it harms no other)
            self.complain("A socket failed", error)

    async def _pulse(self, sockets: Collection[Socket], wait: float = BEHIND_SECONDS) -> Pulse:
        pulse = await threads.beat(
            selectors.pulse,
            {socket.inbox_id for socket in sockets},
            {socket.login.session_key for socket in sockets},
        )
        if pulse.position is not None:
            self._heard_of(pulse.position, wait)
        return pulse

    def _may_stay(self, socket: Socket, pulse: Pulse) -> bool:
        """Whether the socket's person may still use it; closes it if not."""
        beat = pulse.beats.get(socket.inbox_id)
        may = beat is not None and holds(socket.login, beat.password, pulse.logins)
        if not may:
            code = code_of(socket.login)
            self._each(socket, lambda: [Close(code)])
        return may

    def _keep(self, task: "asyncio.Task[None]") -> None:
        # The loop itself keeps only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A task of the sockets failed", exc_info=task.exception())


def holds(login: Login, password: str, logins: Collection[str] | None) -> bool:
    """Whether a login still holds: the same password, and a login session that is kept."""
    if login.password_mark and login.password_mark != password_mark(password):
        return False
    if logins is None or not login.session_key:
        return not _is_over(login)
    return login.session_key in logins


def code_of(login: Login) -> close_codes.CloseCode:
    """What to close with whoever has a login that does not hold: who had a token gets a new one."""
    ended = not login.session_key and _is_over(login)
    return close_codes.TOKEN_EXPIRED if ended else close_codes.SIGNED_OUT


def _is_over(login: Login) -> bool:
    return login.expires_at is not None and login.expires_at <= time.time()


async def _close(joining: "asyncio.Task[Subscription]") -> None:
    try:
        subscription = await joining
    except Exception:  # noqa: BLE001 (whatever the layer raised)
        # There is nothing to leave.
        return
    await subscription.close()
