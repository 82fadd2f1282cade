"""The tail of the broadcast log as one process has it: strictly in order, without holes.

Every session of a process follows the same `Log`, so that an entry costs those it concerns one
write each and everybody else nothing: the position of a session that follows is the log's. Pure
Python without I/O; time is passed in.

Nobody is given what was said after they left, though the news of it may come later than an entry.
An entry bears its topic's version, which grows with each person who leaves; one that is newer
than what is known here waits, with all that follow it, until the caller has asked the database who
has left since, told their sessions (`Session.left`) and then the log (`told`).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, cast

from notifications.wire.choices import Choices
from notifications.wire.events import LogRecord
from notifications.wire.frames import Broadcast, Item

# Seconds an event waits for the one before it. Two workers publish out of commit order by
# milliseconds; half a second is far beyond that and well within what a reader notices.
HOLD_SECONDS = 0.5
# Seconds that a process or a session may be behind what the database said before the rest is
# fetched: what was committed just then is usually still on its way through the channel layer.
BEHIND_SECONDS = 2.0
# Entries kept for sessions that were just reading the database while others got them.
RECENT = 256
# Entries that are spread together at most.
RUN = 32
# Entries that wait: for one before them, for the log to begin, or until it is known who has left.
# Past this they are fetched.
HOLD_LIMIT = 1000


class Follower(Protocol):
    """A session, as the log knows it: `address` is what the log gives out for it."""

    address: object
    choices: Choices | None

    def __hash__(self) -> int:
        """By identity."""


class Seat(NamedTuple):
    """One who follows a topic: a member `since` a position, with everything up to `after`."""

    after: int
    since: int
    address: object
    choices: Choices | None

    def frames(self, run: Sequence[LogRecord]) -> list[Broadcast]:
        """What of these entries this one is given."""
        mine = (record for record in run if record.concerns(self.since, self.after))
        frames = (record.frame(self.choices) for record in mine)
        return [frame for frame in frames if frame is not None]


class Question(NamedTuple):
    """Who has left this topic since its version was `known`? By now it is `version`, at least."""

    topic: int
    known: int
    version: int


class Log:
    """Takes entries in any order, gives them out in order, and knows who follows.

    `position`: the last entry that was given out. `begun`: whether it is known where to start.
    `knows_versions`: whether `know_versions` was called, which is before any session here reads.
    """

    def __init__(self) -> None:
        self.begun = False
        self.knows_versions = False
        self.position = 0
        self._taken = 0
        self._head = 0
        self._ready: deque[LogRecord] = deque()
        self._held: dict[int, LogRecord] = {}
        self._fetch_at: float | None = None
        self._recent: deque[LogRecord] = deque()
        self._recent_after = 0
        # By topic: every session here knows if its person left it by this version or before.
        self._versions: dict[int, int] = {}
        # By topic: the position from which on, and the address. So spreading an entry touches
        # nothing else of a session: with ten thousand, memory is what it waits for.
        self._followers: dict[int, dict[Follower, Seat]] = {}
        self._pending: dict[Follower, Seat] = {}
        # The position of those who are still to be given what is being spread.
        self._before = 0

    # -- what arrives ------------------------------------------------------------------------

    def begin(self, position: int, now: float) -> None:
        """Start after `position`, read from the database after the log was subscribed to."""
        self.begun = True
        self.position = self._taken = self._recent_after = position
        self._head = max(self._head, position)
        self._held = {p: record for p, record in self._held.items() if p > position}
        self._advance(now)

    def take(self, records: Iterable[LogRecord], now: float) -> None:
        """Entries arrived from the channel layer."""
        for record in records:
            self._head = max(self._head, record.position)
            waiting = len(self._held) + len(self._ready)
            if record.position > self._taken and waiting < HOLD_LIMIT:
                self._held[record.position] = record
        if self.begun:
            self._advance(now)

    def heard_of(self, head: int, now: float, wait: float = BEHIND_SECONDS) -> None:
        """The database has entries up to `head`; they may still be on their way here."""
        self._head = max(self._head, head)
        if self.begun and self._taken < self._head:
            fetch_at = now + wait
            self._fetch_at = min(fetch_at, self._fetch_at or fetch_at)

    def fetched(self, records: Iterable[LogRecord], up_to: int, head: int, now: float) -> None:
        """Everything of the log after what was taken and up to `up_to`, from the database.

        `head` is where the log ends; who spoke of later entries was wrong, or will say so again.
        """
        for record in records:
            if record.position > self._taken:
                self._ready.append(record)
                self._taken = record.position
        if up_to > self._taken:
            # The rest was retracted or has expired: nothing to say, but a position to reach.
            self._ready.append(_blank(up_to))
            self._taken = up_to
        self._head = head
        self._held = {p: record for p, record in self._held.items() if p <= head + HOLD_LIMIT}
        self._fetch_at = None
        self._advance(now)

    def jump(self, position: int, now: float) -> None:
        """Go on after `position` without what lies before; nobody may follow now."""
        self.position = self._taken = self._recent_after = position
        self._ready.clear()
        self._recent.clear()
        self._fetch_at = None
        self._head = position
        self._held = {p: r for p, r in self._held.items() if position < p <= position + HOLD_LIMIT}
        self._advance(now)

    def followers(self) -> list[Follower]:
        """Everybody who follows."""
        return list({follower for row in self._followers.values() for follower in row})

    @property
    def deadline(self) -> float | None:
        """When the entries after `taken` are to be fetched from the database; None: no need."""
        return self._fetch_at

    @property
    def taken(self) -> int:
        """The entry up to which nothing is missing here."""
        return self._taken

    # -- who follows -------------------------------------------------------------------------

    def follow(self, follower: Follower, topics: Mapping[int, int], after: int) -> None:
        """Give out entries of these topics, said after what they map to, from `after` on."""
        address, choices = follower.address, follower.choices
        for topic, since in topics.items():
            row = self._followers.setdefault(topic, {})
            row[follower] = Seat(after, since, address, choices)

    def unfollow(self, follower: Follower, topics: Iterable[int]) -> None:
        """Give out nothing any more to one who followed these topics."""
        self._pending.pop(follower, None)
        for topic in topics:
            row = self._followers.get(topic)
            if row is not None:
                row.pop(follower, None)
                if not row:
                    del self._followers[topic]

    def reached(self, follower: Follower) -> int:
        """The position up to which one who follows has been given everything."""
        return self._before if follower in self._pending else self.position

    def since(self, position: int) -> list[LogRecord] | None:
        """The entries given out after `position`; None if they are not all remembered."""
        if position < self._recent_after:
            return None
        return [record for record in self._recent if record.position > position]

    # -- who has left ------------------------------------------------------------------------

    def know_versions(self, versions: Mapping[int, int]) -> None:
        """Versions of topics, read before any session here reads where it is; 0 if left out.

        Those who left by them are then no news to any session.
        """
        self.knows_versions = True
        self._versions = dict(versions)

    @property
    def question(self) -> Question | None:
        """What has to be found out before the next entry can be spread."""
        if not self._ready or not self._is_news(self._ready[0]):
            return None
        record = self._ready[0]
        return Question(record.topic, self._versions.get(record.topic, 0), record.version)

    def told(self, question: Question) -> None:
        """The sessions of those who left have been told, all of them."""
        self._versions[question.topic] = question.version

    # -- what goes out -----------------------------------------------------------------------

    @property
    def has_ready(self) -> bool:
        """Whether there is an entry to spread."""
        return bool(self._ready)

    def next(self) -> list[LogRecord]:
        """The next entries to spread, all of one topic, so that one write can bring them all.

        None as long as there is a question.
        """
        run: list[LogRecord] = []
        ready = self._ready
        while ready and len(run) < RUN and (not run or ready[0].topic == run[0].topic):
            if self._is_news(ready[0]):
                break
            run.append(ready.popleft())
        return run

    def spread(self, run: Sequence[LogRecord]) -> Iterator[Seat]:
        """Whom the entries may concern.

        The caller may pause in between, and others may come and go: `reached` tells who has been
        given the entries. One who is given them has them, whatever becomes of the write.
        """
        self._before = run[0].position - 1
        self.position = run[-1].position
        self._recent += run
        while len(self._recent) > RECENT:
            self._recent_after = self._recent.popleft().position
        self._pending = pending = dict(self._followers.get(run[0].topic, ()))
        while pending:
            yield pending.popitem()[1]

    # -- internals ---------------------------------------------------------------------------

    def _is_news(self, record: LogRecord) -> bool:
        """Whether somebody left the topic before this entry who is not known here to have left."""
        return record.version > self._versions.get(record.topic, 0)

    def _advance(self, now: float) -> None:
        while (record := self._held.pop(self._taken + 1, None)) is not None:
            self._ready.append(record)
            self._taken = record.position
        if self._held:
            self._held = {p: record for p, record in self._held.items() if p > self._taken}
        if self._taken >= self._head and not self._held:
            self._fetch_at = None
        elif self._fetch_at is None:
            self._fetch_at = now + HOLD_SECONDS


def _blank(position: int) -> LogRecord:
    # No topic has the id 0.
    return LogRecord(position, 0, "", cast("Item", {}))
