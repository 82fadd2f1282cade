r"""The protocol state of one socket, without I/O: events in, outputs out, time passed in.

    OPENING --opened--> LIVE <--fetched(last page)-- FETCHING
                         |  \--behind, gap, resume--^   ^
                         +--stalled--> STALLED --drained-+

Only LIVE writes events; OPENING and FETCHING hold them, STALLED drops them. Whatever was lost
on the way, held too long or dropped is fetched from the database, from the position of this
session, so nothing depends on the channel layer's memory. Not thread-safe: calls must not
overlap (Channels dispatches one message at a time).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from notifications.wire import close_codes, frames
from notifications.wire.close_codes import CloseCode
from notifications.wire.cursor import Cursor
from notifications.wire.events import Event, InboxEvent, LogEvent, LogRecord, SignedOut
from notifications.wire.frames import Counters, Frame
from notifications.wire.outputs import Close, Fetch, Output, Send
from notifications.wire.standing import Page, Standing

# Seconds an event waits for the one before it. Two workers publish out of commit order by
# milliseconds; half a second is far beyond that and well within what a reader notices.
HOLD_SECONDS = 0.5
# Seconds that a session may be behind what the heartbeat read before it is resumed: what was
# committed just then is usually still on its way through the channel layer.
BEHIND_SECONDS = 2.0
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
    """

    def __init__(self, heartbeat_seconds: float, login: str = "") -> None:
        self.state = State.OPENING
        self.epoch = ""
        self.seq = 0
        self.position = 0
        self.counters = Counters()
        self.topics: Mapping[int, int] = {}
        self.acknowledged = (0, 0)
        self._heartbeat_seconds = heartbeat_seconds
        self._login = login
        self._held: list[InboxEvent | LogEvent] = []
        self._overflowed = False
        self._fetching: Cursor | None = None
        self._gap_until: float | None = None
        self._suspect: tuple[int, int] | None = None
        self._suspect_until: float | None = None
        self._asked_at: float | None = None
        self._asked: Cursor | None = None
        self._minute = _Minute()

    @property
    def deadline(self) -> float | None:
        """When to call `tick` next."""
        times = [self._gap_until, self._suspect_until]
        if self._asked is not None and self._asked_at is not None:
            times.append(self._asked_at + RESUME_SECONDS)
        return min((time for time in times if time is not None), default=None)

    def opened(self, standing: Standing, cursor: Cursor | None, now: float) -> list[Output]:
        """The socket is open and its groups are joined; `standing` was read after that."""
        self._adopt(standing)
        self.seq, self.position = standing.seq, standing.position
        hello = frames.Hello(
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
            return outputs + self._fetch(cursor)
        return outputs + self._go_live(now)

    def event(self, event: Event, now: float) -> list[Output]:
        """Something arrived from the channel layer."""
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

        One that was asked for before a stall comes when it is not wanted any more.
        """
        if self.state is not State.FETCHING or cursor != self._fetching:
            return []
        self._adopt(page.standing)
        self.seq, self.position = page.seq, page.position
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

    def heartbeat(self, seq: int, position: int, now: float) -> list[Output]:
        """Compare with what the database says, and tell the client where this session is."""
        if self.state is not State.LIVE:
            return []
        if self._behind(seq, position) and self._suspect is None:
            self._suspect = (seq, position)
            self._suspect_until = now + BEHIND_SECONDS
        return [Send(frames.Heartbeat(self.seq, self.position, self.counters))]

    def tick(self, now: float) -> list[Output]:
        """Time has passed; to be called at `deadline`."""
        must_fetch = False
        if self._gap_until is not None and now >= self._gap_until:
            self._gap_until = None
            must_fetch = True
        if self._suspect_until is not None and now >= self._suspect_until:
            must_fetch = must_fetch or (self._suspect is not None and self._behind(*self._suspect))
            self._suspect = self._suspect_until = None
        if self._asked is not None and self._may_ask(now):
            return self._answer_resume(self._asked, now)
        if must_fetch and self.state is State.LIVE:
            return self._fetch(self._cursor())
        return []

    def received(self, text: str, now: float) -> list[Output]:
        """A text frame from the client."""
        if self.state is State.CLOSED:
            return []
        if self._minute.count(now) > FRAMES_PER_MINUTE:
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
        self._minute.count(now)
        return self._refuse("not_json", "Frames are text.")

    def stalled(self) -> None:
        """The socket has taken all that it may owe: write nothing until `drained`."""
        if self.state in (State.LIVE, State.FETCHING):
            self.state = State.STALLED
            self._forget()

    def drained(self) -> list[Output]:
        """The socket has sent everything it was given."""
        if self.state is State.STALLED:
            return self._fetch(self._cursor())
        return []

    def closed(self) -> None:
        """The socket is gone."""
        self.state = State.CLOSED
        self._forget()
        self._asked = None

    # -- internals -----------------------------------------------------------------------------

    def _cursor(self) -> Cursor:
        return Cursor(self.epoch, self.seq, self.position)

    def _adopt(self, standing: Standing) -> None:
        self.epoch = standing.epoch
        self.counters = standing.counters
        self.topics = standing.topics

    def _behind(self, seq: int, position: int) -> bool:
        return self.seq < seq or self.position < position

    def _fetch(self, cursor: Cursor) -> list[Output]:
        self.state = State.FETCHING
        self._fetching = cursor
        if cursor.epoch == self.epoch:
            # Nothing above it counts as sent: after a stall we go on from here.
            self.seq = min(self.seq, cursor.seq)
            self.position = min(self.position, cursor.position)
        self._gap_until = self._suspect_until = self._suspect = None
        return [Fetch(cursor)]

    def _forget(self) -> None:
        self._held.clear()
        self._overflowed = False
        self._gap_until = self._suspect_until = self._suspect = None

    def _may_ask(self, now: float) -> bool:
        return self._asked_at is None or now >= self._asked_at + RESUME_SECONDS

    def _answer_resume(self, cursor: Cursor, now: float) -> list[Output]:
        self._asked = None
        if self.state is not State.LIVE:
            # A fetch is under way or must wait for the socket to drain; what that one does not
            # bring, the next heartbeat shows to the client.
            return []
        self._asked_at = now
        return self._fetch(cursor)

    def _refuse(self, code: str, detail: str) -> list[Output]:
        self._minute.bad += 1
        if self._minute.bad > BAD_FRAMES_PER_MINUTE:
            return self._close(close_codes.PROTOCOL_VIOLATION)
        return [Send(frames.Error(code, detail))]

    def _close(self, code: CloseCode) -> list[Output]:
        self.closed()
        return [Close(code)]

    def _hold(self, event: InboxEvent | LogEvent) -> None:
        if len(self._held) < HOLD_LIMIT:
            self._held.append(event)
        else:
            self._overflowed = True

    def _go_live(self, now: float) -> list[Output]:
        self.state = State.LIVE
        self._fetching = None
        if self._overflowed:
            self._forget()
            return self._fetch(self._cursor())
        return self._release(now)

    def _release(self, now: float) -> list[Output]:
        """Apply what is held as far as it goes; what still misses its predecessor stays."""
        outputs: list[Output] = []
        progress = True
        while progress and self._held and self.state is State.LIVE:
            progress = False
            for event in list(self._held):
                applied = self._apply(event)
                if applied is not None:
                    self._held.remove(event)
                    outputs += applied
                    progress = True
        if self.state is not State.LIVE:
            return outputs
        if self._overflowed:
            self._forget()
            return outputs + self._fetch(self._cursor())
        if not self._held:
            self._gap_until = None
        elif self._gap_until is None:
            self._gap_until = now + HOLD_SECONDS
        return outputs

    def _apply(self, event: InboxEvent | LogEvent) -> list[Output] | None:
        """What the event leads to; None if it must wait for an earlier one."""
        if isinstance(event, InboxEvent):
            return self._apply_inbox(event)
        return self._apply_log(event)

    def _apply_inbox(self, event: InboxEvent) -> list[Output] | None:
        if event.seq <= self.seq:
            return []
        if event.since > self.seq:
            return None
        if event.since < self.seq:
            # Frames tile the counter, so this one was published by something we do not know.
            return self._fetch(self._cursor())
        self.seq, self.counters = event.seq, event.counters
        outputs: list[Output] = [Send(_inbox_frame(event))]
        if event.topics is None:
            return outputs
        passed_by = self._may_have_passed_by(event.topics)
        left = not set(self.topics) <= set(event.topics)
        self.topics = event.topics
        if left and self.position > event.counters.taken:
            # Leaving took the log in up to there; an entry beyond may have overtaken the news.
            return [*outputs, Send(frames.Reset("left"))]
        if not passed_by:
            return outputs
        # From before the membership, so that the database counts it as new to us.
        return outputs + self._fetch(Cursor(self.epoch, event.since, self.position))

    def _may_have_passed_by(self, topics: Mapping[int, int]) -> bool:
        """Whether log entries went by that a new membership makes ours.

        The entry and the membership are published by different processes, in either order.
        """
        return any(
            since < self.position for topic, since in topics.items() if topic not in self.topics
        )

    def _apply_log(self, event: LogEvent) -> list[Output] | None:
        entries = [entry for entry in event.entries if entry.position > self.position]
        if entries and entries[0].position != self.position + 1:
            return None
        outputs: list[Output] = [
            Send(frames.Broadcast(entry.kind, entry.item, entry.position))
            for entry in self._mine(entries)
        ]
        if entries:
            self.position = entries[-1].position
        return outputs

    def _mine(self, entries: Iterable[LogRecord]) -> Iterable[LogRecord]:
        for entry in entries:
            since = self.topics.get(entry.topic)
            if since is not None and entry.position > since:
                yield entry


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


def _inbox_frame(event: InboxEvent) -> Frame:
    if event.frame == "notifications":
        return frames.Notifications(event.items, event.since, event.seq, event.counters)
    return frames.Change(
        items=event.items,
        removed=event.removed,
        since=event.since,
        seq=event.seq,
        counters=event.counters,
        all_up_to=event.all_up_to,
    )
