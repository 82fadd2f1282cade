r"""The protocol state of one socket, without I/O: events in, outputs out, time passed in.

    OPENING --opened--> LIVE <--fetched(last page)-- FETCHING
                         |  \--behind, gap, resume--^   ^
                         +--stalled--> STALLED --drained-+

Only LIVE writes events; OPENING and FETCHING hold them, STALLED drops them. Whatever was lost
on the way, held too long or dropped is fetched from the database, from the position of this
session, so nothing depends on the channel layer's memory. While LIVE it follows the process's
`Log`, whose entries its socket writes without asking here. Not thread-safe: everything happens
on one event loop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from notifications.wire import close_codes, error_codes, frames
from notifications.wire.choices import Choices
from notifications.wire.close_codes import CloseCode
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent, LogRecord, SignedOut
from notifications.wire.frames import Counters
from notifications.wire.log import BEHIND_SECONDS, HOLD_SECONDS, Log
from notifications.wire.outputs import Close, Fetch, Output, Send
from notifications.wire.standing import Page, Standing

# Events held for one socket; past this they are dropped and fetched instead.
HOLD_LIMIT = 100
# Seconds between two resumes asked for by the same client.
RESUME_SECONDS = 5.0
# Bad frames forgiven per minute.
BAD_FRAMES_PER_MINUTE = 10
# Frames of any kind taken per minute; a client that acknowledges once a second sends about 60.
FRAMES_PER_MINUTE = 300


class State(Enum):
    """See the module's drawing."""

    OPENING = "opening"
    LIVE = "live"
    FETCHING = "fetching"
    STALLED = "stalled"
    CLOSED = "closed"


class Session:
    """Decides what one socket is sent and when it must be brought up from the database.

    `seq` and `position`: everything of this person up to there went down this socket.
    `deadline`: call `tick` at this time (same clock as every `now`); None when there is no need.
    `address`: what the log gives out for this session; the session itself unless told otherwise.
    """

    # A process holds ten thousand of these.
    __slots__ = (
        "__weakref__",
        "_asked",
        "_asked_at",
        "_fetching",
        "_gap_until",
        "_gone",
        "_heartbeat_seconds",
        "_held",
        "_log",
        "_login",
        "_minute",
        "_overflowed",
        "_position",
        "_suspect",
        "_suspect_until",
        "acknowledged",
        "address",
        "choices",
        "counters",
        "epoch",
        "seq",
        "state",
        "topics",
    )

    def __init__(self, heartbeat_seconds: float, log: Log, login: str = "") -> None:
        self.state = State.OPENING
        self.epoch = ""
        self.seq = 0
        self.counters = Counters()
        self.topics: Mapping[int, int] = {}
        self.choices: Choices | None = None
        self.acknowledged = (0, 0)
        self.address: object = self
        self._position = 0
        self._log = log
        self._heartbeat_seconds = heartbeat_seconds
        self._login = login
        self._held: list[InboxEvent] | None = None
        # Topics that the person left at a seq of which we have not heard otherwise.
        self._gone: dict[int, int] | None = None
        self._overflowed = False
        self._fetching: Cursor | None = None
        self._gap_until: float | None = None
        self._suspect = 0
        self._suspect_until: float | None = None
        self._asked_at: float | None = None
        self._asked: Cursor | None = None
        self._minute: _Minute | None = None

    @property
    def position(self) -> int:
        """The position of the log up to which this socket was sent everything."""
        if self.state is State.LIVE:
            return max(self._position, self._log.reached(self))
        return self._position

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next."""
        times = [self._gap_until, self._suspect_until]
        if self._asked is not None and self._asked_at is not None and self._is_live:
            times.append(self._asked_at + RESUME_SECONDS)
        return min((time for time in times if time is not None), default=None)

    def opened(
        self,
        standing: Standing,
        cursor: Cursor | None,
        now: float,
        page: Page | None = None,
        person: str = "",
    ) -> list[Output]:
        """The socket is open and its group joined; `standing` was read after that.

        `page` is what changed after the client's cursor, if that was read along with it; `person`
        is the key of the user.
        """
        if self.state is State.CLOSED:
            return []
        self._adopt(standing)
        self.seq, self._position = standing.seq, standing.position
        hello = frames.Hello(
            person=person,
            epoch=standing.epoch,
            seq=standing.seq,
            position=standing.position,
            counters=standing.counters,
            heartbeat_seconds=self._heartbeat_seconds,
        )
        outputs: list[Output] = [Send(hello)]
        if cursor is None:
            outputs.append(Send(frames.Reset("no_cursor")))
        elif cursor != Cursor(standing.epoch, standing.seq, standing.position):
            fetch = self._fetch(cursor)
            return outputs + (fetch if page is None else self.fetched(cursor, page, now))
        return outputs + self._go_live(now)

    def event(self, event: InboxEvent | SignedOut, now: float) -> list[Output]:
        """Something arrived from the channel layer for this person."""
        if isinstance(event, SignedOut):
            mine = self._login and event.login == self._login
            return self._close(close_codes.SIGNED_OUT) if mine else []
        if self.state in (State.OPENING, State.FETCHING):
            self._hold(event)
            return []
        if self.state is not State.LIVE:
            return []
        if not self._held:
            # The common case, without the list.
            outputs = self._apply(event)
            if outputs is not None:
                return outputs
        self._hold(event)
        return self._release(now)

    def fetched(self, cursor: Cursor, page: Page, now: float) -> list[Output]:
        """The page asked for by `Fetch(cursor)`.

        The very one: an equal cursor may be that of a page that was asked for before a stall.
        """
        if self.state is not State.FETCHING or cursor is not self._fetching:
            return []
        self._adopt(page.standing)
        self.seq, self._position = page.seq, page.position
        if page.reset:
            return [Send(frames.Reset(page.reset)), *self._go_live(now)]
        sync = frames.Sync(
            items=page.items,
            removed=page.removed,
            seq=page.seq,
            position=page.position,
            counters=page.standing.counters,
            more=page.more,
        )
        if page.more:
            return [Send(sync), *self._fetch(self._cursor())]
        return [Send(sync), *self._go_live(now)]

    def heartbeat(self, seq: int, now: float) -> list[Output]:
        """Compare with what the database says, and tell the client where this session is.

        The log is compared by whoever feeds it, once for all sessions.
        """
        if self.state is not State.LIVE:
            return []
        if self.seq < seq and self._suspect_until is None:
            self._suspect = seq
            self._suspect_until = now + BEHIND_SECONDS
        return [Send(frames.Heartbeat(self.seq, self.position, self.counters))]

    def compare(self, seq: int) -> list[Output]:
        """Compare at once: the way to here was interrupted, so what is missing will not come."""
        return self.lost() if self.seq < seq else []

    def lost(self) -> list[Output]:
        """Something is known to be missing that will not come."""
        return self._fetch(self._cursor()) if self.state is State.LIVE else []

    def left(self, topic: int, seq: int) -> None:
        """The person left the topic, and perhaps came back, by which the inbox got to `seq`.

        News of it is on its way; until it comes, nothing of the topic concerns this session. What
        was said before they left became items then, which come with a seq, as news does.
        """
        if self.seq >= seq or self.state is State.CLOSED:
            return
        if self.state is State.LIVE:
            self._log.unfollow(self, [topic])
        self._gone = {**(self._gone or {}), topic: seq}
        self.topics = self._still(self.topics, self.seq)

    def begun(self, topic: int) -> list[Output]:
        """Everybody has come to belong to a topic, and this session may have read too early."""
        if topic in self.topics:
            return []
        if self.state in (State.OPENING, State.FETCHING):
            self._overflowed = True
        return self.lost()

    def tick(self, now: float) -> list[Output]:
        """Time has passed; to be called at `deadline`."""
        must_fetch = False
        if self._gap_until is not None and now >= self._gap_until:
            self._gap_until = None
            must_fetch = True
        if self._suspect_until is not None and now >= self._suspect_until:
            must_fetch = must_fetch or self.seq < self._suspect
            self._suspect_until = None
        if self._asked is not None and self._may_ask(now):
            return self._answer_resume(self._asked, now)
        return self.lost() if must_fetch else []

    def received(self, text: str, now: float) -> list[Output]:
        """A text frame from the client."""
        if self.state is State.CLOSED:
            return []
        if self._count(now) > FRAMES_PER_MINUTE:
            return self._close(close_codes.PROTOCOL_VIOLATION)
        try:
            frame = frames.decode(text)
        except frames.BadFrame as bad:
            return self._refuse(bad.code, str(bad))
        if isinstance(frame, frames.Ack):
            self.acknowledged = (frame.seq, frame.position)
            return []
        if self._may_ask(now):
            return self._answer_resume(frame.cursor, now)
        # Answered late rather than refused: the client would wait a heartbeat to ask again.
        self._asked = frame.cursor
        return []

    def received_binary(self, now: float) -> list[Output]:
        """A binary frame from the client, which there are none of."""
        if self.state is State.CLOSED:
            return []
        self._count(now)
        return self._refuse(error_codes.NOT_JSON.code, "Frames are text.")

    def stalled(self) -> None:
        """The socket has taken all that it may owe: write nothing until `drained`."""
        if self.state in (State.LIVE, State.FETCHING):
            self._move_to(State.STALLED)
            self._forget()

    def drained(self) -> list[Output]:
        """The socket has sent everything it was given."""
        if self.state is State.STALLED:
            return self._fetch(self._cursor())
        return []

    def closed(self) -> None:
        """The socket is gone."""
        self._move_to(State.CLOSED)
        self._forget()
        self._asked = None

    # -- internals -----------------------------------------------------------------------------

    @property
    def _is_live(self) -> bool:
        return self.state is State.LIVE

    def _cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq, self.position)

    def _move_to(self, state: State) -> None:
        """Change the state; the log is followed in LIVE and nowhere else."""
        if self.state is State.LIVE:
            self._position = self.position
            self._log.unfollow(self, self.topics)
        self.state = state

    def _adopt(self, standing: Standing) -> None:
        self.epoch = standing.epoch
        self.counters = standing.counters
        self.choices = standing.choices
        self.topics = self._still(standing.topics, standing.seq)

    def _still(self, topics: Mapping[int, int], seq: int) -> Mapping[int, int]:
        """The topics of the inbox at `seq`, without those that were left after it."""
        if self._gone is None:
            return topics
        self._gone = {topic: at for topic, at in self._gone.items() if at > seq} or None
        return {topic: since for topic, since in topics.items() if topic not in (self._gone or ())}

    def _fetch(self, cursor: Cursor) -> list[Output]:
        self._move_to(State.FETCHING)
        self._fetching = cursor
        if cursor.epoch == self.epoch:
            # Nothing above it counts as sent: after a stall we go on from here.
            self.seq = min(self.seq, cursor.seq)
            self._position = min(self._position, cursor.position)
        self._gap_until = self._suspect_until = None
        return [Fetch(cursor)]

    def _forget(self) -> None:
        self._held = None
        self._overflowed = False
        self._gap_until = self._suspect_until = None

    def _count(self, now: float) -> int:
        if self._minute is None:
            self._minute = _Minute()
        return self._minute.count(now)

    def _may_ask(self, now: float) -> bool:
        return self._asked_at is None or now >= self._asked_at + RESUME_SECONDS

    def _answer_resume(self, cursor: Cursor, now: float) -> list[Output]:
        if not self._is_live:
            # A fetch is under way or waits for the socket to drain. It begins where this session
            # is, which may be beyond what the client misses: answered when it is over.
            self._asked = cursor
            return []
        self._asked = None
        self._asked_at = now
        return self._fetch(cursor)

    def _refuse(self, code: str, detail: str) -> list[Output]:
        if self._minute is None:
            self._minute = _Minute()
        self._minute.bad += 1
        if self._minute.bad > BAD_FRAMES_PER_MINUTE:
            return self._close(close_codes.PROTOCOL_VIOLATION)
        return [Send(frames.Error(code, detail))]

    def _close(self, code: CloseCode) -> list[Output]:
        self.closed()
        return [Close(code)]

    def _hold(self, event: InboxEvent) -> None:
        if self._held is None:
            self._held = []
        if len(self._held) < HOLD_LIMIT:
            self._held.append(event)
        else:
            self._overflowed = True

    def _go_live(self, now: float) -> list[Output]:
        self._fetching = None
        if self._overflowed:
            self._forget()
            return self._fetch(self._cursor())
        outputs = self._follow() + self._release(now)
        if self._asked is not None and self._is_live and self._may_ask(now):
            return outputs + self._answer_resume(self._asked, now)
        return outputs

    def _follow(self) -> list[Output]:
        """Go on with the log from our own position, first with what others have had already."""
        missed = self._log.since(self._position)
        if missed is None:
            return self._fetch(self._cursor())
        self._position = max(self._position, self._log.position)
        self._log.follow(self, self.topics, self._position)
        self.state = State.LIVE
        return [
            Send(frame)
            for record in missed
            if self._is_mine(record) and (frame := record.frame(self.choices))
        ]

    def _is_mine(self, record: LogRecord) -> bool:
        since = self.topics.get(record.topic)
        return since is not None and record.concerns(since)

    def _release(self, now: float) -> list[Output]:
        """Apply what is held as far as it goes; what still misses its predecessor stays."""
        outputs: list[Output] = []
        progress = True
        while progress and self._held and self._is_live:
            progress = False
            for event in list(self._held):
                applied = self._apply(event) if self._is_live else None
                if applied is not None:
                    self._held.remove(event)
                    outputs += applied
                    progress = True
        if not self._is_live:
            return outputs
        if self._overflowed:
            self._forget()
            return outputs + self._fetch(self._cursor())
        if not self._held:
            self._held = None
            self._gap_until = None
        elif self._gap_until is None:
            self._gap_until = now + HOLD_SECONDS
        return outputs

    def _apply(self, event: InboxEvent) -> list[Output] | None:
        """What the event leads to; None if it must wait for an earlier one."""
        if event.seq <= self.seq:
            return []
        if event.since == event.seq:
            # Too much for one frame: it only says how far the inbox is.
            return self._fetch(self._cursor())
        if event.since > self.seq:
            return None
        if event.since < self.seq:
            # Frames tile the counter, so this one was published by something we do not know.
            return self._fetch(self._cursor())
        self.seq, self.counters = event.seq, event.counters
        outputs: list[Output] = [Send(event.as_frame)]
        if event.choices is not None:
            return outputs + self._choose(Choices.read(event.choices))
        if event.topics is None:
            return outputs
        topics = self._still(event.topics, event.seq)
        passed_by = self._may_have_passed_by(topics)
        left = not set(self.topics) <= set(topics)
        self._move_to(State.FETCHING)
        self.topics = topics
        if left and self._position > event.counters.taken:
            # Leaving took the log in up to there; an entry beyond may have overtaken the news, if
            # its relay knew nothing of versions.
            outputs.append(Send(frames.Reset("left")))
        if passed_by:
            # From before the membership, so that the database counts it as new to us.
            return outputs + self._fetch(Cursor(self.epoch, event.since, self._position))
        if left and self._position < event.counters.taken:
            # What is still on its way here may retract something.
            return outputs + self._fetch(self._cursor())
        return outputs + self._follow()

    def _choose(self, choices: Choices) -> list[Output]:
        """Go on by these choices, which hold from where the inbox has taken the log in."""
        self._move_to(State.FETCHING)
        self.choices = choices
        if self._position > choices.since:
            # An entry from after that may have overtaken the news, and been given or kept back.
            return [Send(frames.Reset("choices")), *self._follow()]
        return self._follow()

    def _may_have_passed_by(self, topics: Mapping[int, int]) -> bool:
        """Whether log entries went by that a new membership makes ours.

        The entry and the membership are published by different processes, in either order.
        """
        return any(
            since < self.position for topic, since in topics.items() if topic not in self.topics
        )


@dataclass
class _Minute:
    """What a client sent in the running minute."""

    began: float = float("-inf")
    frames: int = 0
    bad: int = 0

    def count(self, now: float) -> int:
        if now >= self.began + 60.0:
            self.began, self.frames, self.bad = now, 0, 0
        self.frames += 1
        return self.frames
