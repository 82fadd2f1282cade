"""The session of one socket, without I/O."""

import json
from dataclasses import replace
from typing import Any

import pytest

from notifications.wire import close_codes, frames
from notifications.wire.choices import Choices
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent, LogRecord, SignedOut
from notifications.wire.frames import Counters
from notifications.wire.log import BEHIND_SECONDS, HOLD_SECONDS, RECENT, Log, Question
from notifications.wire.log import HOLD_LIMIT as LOG_LIMIT
from notifications.wire.outputs import Close, Fetch, Output, Send
from notifications.wire.session import (
    BAD_FRAMES_PER_MINUTE,
    FRAMES_PER_MINUTE,
    HOLD_LIMIT,
    RESUME_SECONDS,
    Session,
    State,
)
from notifications.wire.standing import Page, Standing

EVERYONE, STAFF = 1, 2


def standing(seq: int = 5, position: int = 10, topics: dict[int, int] | None = None) -> Standing:
    return Standing("e", seq, position, Counters(1, 1, position), topics or {EVERYONE: 0})


def begun(position: int = 10) -> Log:
    log = Log()
    log.begin(position, 0.0)
    return log


def live(seq: int = 5, position: int = 10, log: Log | None = None) -> Session:
    session = Session(30, log or begun(position))
    session.opened(standing(seq, position), Cursor("e", seq, position), 0.0)
    assert session.state is State.LIVE
    return session


def change(since: int, seq: int, topics: dict[int, int] | None = None) -> InboxEvent:
    return InboxEvent("notifications", since, seq, Counters(seq, seq), [], [], topics=topics)


def record(position: int, topic: int = EVERYONE, version: int = 0) -> LogRecord:
    item: Any = {"id": str(position)}
    return LogRecord(position, topic, "new", item, version)


def spread(log: Log) -> dict[Session, list[str]]:
    """Give out what the log has ready; what each session is written."""
    written: dict[Session, list[str]] = {}
    while run := log.next():
        for seat in log.spread(run):
            assert isinstance(seat.address, Session)
            mine = [f"p{frame.position}" for frame in seat.frames(run)]
            written.setdefault(seat.address, []).extend(mine)
    return written


def say(session: Session, *positions: int, topic: int = EVERYONE) -> list[str]:
    """Have entries arrive from the channel layer; what the session is written."""
    session._log.take([record(position, topic) for position in positions], 0.0)
    return spread(session._log).get(session, [])


def sent(outputs: list[Output]) -> list[Any]:
    """What was written: seq of inbox frames, position of broadcasts, else the type."""
    shown = []
    for output in outputs:
        assert isinstance(output, Send), output
        frame = output.frame
        if isinstance(frame, frames.Notifications | frames.Change):
            shown.append(frame.seq)
        elif isinstance(frame, frames.Broadcast):
            shown.append(f"p{frame.position}")
        else:
            shown.append(frame.type)
    return shown


def resume(seq: int, position: int = 10) -> str:
    return json.dumps({"type": "resume", "epoch": "e", "seq": seq, "position": position})


class TestOpening:
    def test_without_a_cursor_the_client_is_told_to_load_the_first_page(self):
        assert sent(Session(30, begun()).opened(standing(), None, 0.0)) == ["hello", "reset"]

    def test_an_up_to_date_cursor_needs_nothing(self):
        assert sent(Session(30, begun()).opened(standing(), Cursor("e", 5, 10), 0.0)) == ["hello"]

    @pytest.mark.parametrize(
        "cursor", [Cursor("e", 4, 10), Cursor("e", 5, 9), Cursor("x", 5, 10), Cursor("e", 6, 10)]
    )
    def test_any_other_cursor_is_fetched_from(self, cursor):
        hello, fetch = Session(30, begun()).opened(standing(), cursor, 0.0)
        assert (sent([hello]), fetch) == (["hello"], Fetch(cursor))

    def test_events_before_are_held_and_replayed(self):
        session = Session(30, begun())
        session.event(change(4, 5), 0.0)
        session.event(change(5, 6), 0.0)
        assert say(session, 11) == []
        opened = session.opened(standing(), Cursor("e", 5, 10), 0.0)
        assert sent(opened) == ["hello", "p11", 6]

    def test_a_page_that_was_read_along_follows_at_once(self):
        session = Session(30, begun())
        cursor = Cursor("e", 4, 10)
        opened = session.opened(standing(), cursor, 0.0, Page(standing(), 5, 10))
        assert sent(opened) == ["hello", "sync"]
        assert session.state is State.LIVE


class TestOrder:
    def test_the_next_event_is_written(self):
        assert sent(live().event(change(5, 7), 0.0)) == [7]

    def test_an_older_event_is_dropped(self):
        assert live().event(change(3, 5), 0.0) == []

    def test_a_later_event_waits_for_the_missing_one(self):
        session = live()
        assert session.event(change(6, 7), 0.0) == []
        assert sent(session.event(change(5, 6), 0.1)) == [6, 7]
        assert session.deadline is None

    def test_what_is_too_much_for_a_frame_is_fetched_at_once(self):
        session = live()
        assert session.event(change(9, 9), 0.0) == [Fetch(Cursor("e", 5, 10))]

    def test_a_gap_that_stays_is_fetched(self):
        session = live()
        session.event(change(6, 7), 0.0)
        assert session.deadline == HOLD_SECONDS
        assert session.tick(HOLD_SECONDS - 0.01) == []
        assert session.tick(HOLD_SECONDS) == [Fetch(Cursor("e", 5, 10))]

    def test_an_overlapping_event_is_fetched(self):
        assert live().event(change(4, 6), 0.0) == [Fetch(Cursor("e", 5, 10))]

    def test_too_much_held_is_fetched(self):
        session = live()
        for seq in range(7, 7 + HOLD_LIMIT):
            assert session.event(change(seq, seq + 1), 0.0) == []
        assert session.event(change(1000, 1001), 0.0) == [Fetch(Cursor("e", 5, 10))]


class TestLog:
    def test_entries_of_my_topics_are_mine(self):
        session = live()
        assert say(session, 11) == ["p11"]
        assert say(session, 12, topic=STAFF) == []
        assert session.position == 12

    def test_who_is_ahead_of_the_log_is_not_told_twice(self):
        log = begun(10)
        session = live(position=12, log=log)
        assert session.position == 12
        assert say(session, 11, 12) == []
        assert say(session, 13) == ["p13"]

    def test_who_was_reading_gets_what_the_others_have_had(self):
        log = begun(10)
        other = live(log=log)
        assert say(other, 11, 12) == ["p11", "p12"]
        late = Session(30, log)
        opened = late.opened(standing(position=11), Cursor("e", 5, 11), 0.0)
        assert sent(opened) == ["hello", "p12"]
        assert late.position == 12

    def test_what_the_log_does_not_remember_is_fetched(self):
        log = begun(10)
        say(live(log=log), *range(11, 13 + RECENT))
        late = Session(30, log)
        late.opened(standing(position=11), Cursor("e", 5, 11), 0.0)
        assert late.state is State.FETCHING

    def test_the_position_of_who_waits_for_an_entry_is_before_it(self):
        log = begun(10)
        first, second = live(log=log), live(log=log)
        log.take([record(11)], 0.0)
        spreading = log.spread(log.next())
        reached = next(spreading).address
        waiting = second if reached is first else first
        assert (reached.position, waiting.position) == (11, 10)
        waiting.stalled()
        assert list(spreading) == []
        assert waiting.drained() == [Fetch(Cursor("e", 5, 10))]

    def test_who_goes_live_while_an_entry_is_spread_gets_it_once(self):
        log = begun(10)
        first, second = live(log=log), live(log=log)
        log.take([record(11)], 0.0)
        spreading = log.spread(log.next())
        next(spreading)
        late = Session(30, log)
        assert sent(late.opened(standing(), Cursor("e", 5, 10), 0.0)) == ["hello", "p11"]
        assert [seat.address for seat in spreading] in ([first], [second])
        assert late.position == 11

    def test_what_is_ready_together_is_spread_together(self):
        log = begun(10)
        live(log=log)
        log.take([record(11), record(12), record(13, STAFF), record(14)], 0.0)
        runs = [[entry.position for entry in run] for run in iter(log.next, [])]
        assert runs == [[11, 12], [13], [14]]

    def test_a_missing_entry_is_fetched(self):
        log = begun(10)
        log.take([record(12)], 0.0)
        assert (log.deadline, log.has_ready) == (HOLD_SECONDS, False)
        log.fetched([record(11)], 12, 12, 1.0)
        assert (log.deadline, log.taken) == (None, 12)

    def test_entries_that_the_database_has_are_waited_for(self):
        log = begun(10)
        log.heard_of(11, 0.0)
        assert log.deadline == BEHIND_SECONDS
        log.take([record(11)], 1.0)
        assert log.deadline is None

    def test_nonsense_about_the_end_of_the_log_is_forgotten(self):
        log = begun(10)
        log.take([record(2**60)], 0.0)
        assert log.deadline == HOLD_SECONDS
        log.fetched([], 10, 10, 1.0)
        assert log.deadline is None

    def test_an_entry_that_came_before_the_log_began(self):
        log = Log()
        log.take([record(11), record(13)], 0.0)
        log.begin(10, 1.0)
        assert [entry.position for entry in log.next()] == [11]
        assert log.deadline == 1.0 + HOLD_SECONDS

    def test_far_behind_everybody_fetches_for_himself(self):
        log = begun(10)
        session = live(log=log)
        log.take([record(501)], 0.0)
        assert [follower.lost() for follower in log.followers()] == [[Fetch(Cursor("e", 5, 10))]]
        log.jump(500, 1.0)
        assert spread(log) == {}
        session.fetched(session._fetching, Page(standing(5, 500), 5, 500), 2.0)
        assert session.position == 501

    def test_a_change_of_topics_while_an_entry_is_spread_loses_it_for_nobody(self):
        log = begun(10)
        first, second = live(log=log), live(log=log)
        log.take([record(11)], 0.0)
        spreading = log.spread(log.next())
        reached = next(spreading).address
        waiting = second if reached is first else first
        outputs = waiting.event(change(5, 6, topics={EVERYONE: 0, STAFF: 11}), 0.0)
        assert sent(outputs) == [6, "p11"]
        assert list(spreading) == []
        assert say(waiting, 12, topic=STAFF) == ["p12"]


class TestTopics:
    def test_entries_from_before_joining_are_not_ours(self):
        session = live()
        session.event(change(5, 6, topics={EVERYONE: 0, STAFF: 10}), 0.0)
        assert say(session, 11, topic=STAFF) == ["p11"]

    def test_an_entry_that_overtook_the_membership_is_fetched(self):
        session = live()
        say(session, 11, topic=STAFF)
        write, fetch = session.event(change(5, 6, topics={EVERYONE: 0, STAFF: 10}), 0.0)
        assert sent([write]) == [6]
        assert fetch == Fetch(Cursor("e", 5, 11))

    def test_a_topic_to_which_everybody_belongs_is_fetched_once(self):
        session = live()
        assert session.begun(EVERYONE) == []
        assert session.begun(STAFF) == [Fetch(Cursor("e", 5, 10))]
        # Asked for before, so it may have been read before.
        assert session.begun(STAFF) == []
        _, fetch = session.fetched(session._fetching, Page(standing(), 5, 10), 0.0)
        assert isinstance(fetch, Fetch)
        now = standing(topics={EVERYONE: 0, STAFF: 10})
        assert sent(session.fetched(session._fetching, Page(now, 5, 10), 0.0)) == ["sync"]
        assert session.begun(STAFF) == []

    def left(self, taken: int) -> InboxEvent:
        counters = Counters(0, 0, taken)
        return InboxEvent("change", 5, 6, counters, [], [], topics={EVERYONE: 0})

    def test_after_leaving_nothing_comes(self):
        session = Session(30, begun())
        session.opened(standing(topics={EVERYONE: 0, STAFF: 0}), Cursor("e", 5, 10), 0.0)
        assert sent(session.event(self.left(taken=10), 0.0)) == [6]
        assert say(session, 11, topic=STAFF) == []

    def test_an_entry_that_overtook_the_leaving_is_taken_back(self):
        session = Session(30, begun())
        session.opened(standing(topics={EVERYONE: 0, STAFF: 0}), Cursor("e", 5, 10), 0.0)
        assert say(session, 11, topic=STAFF) == ["p11"]
        assert sent(session.event(self.left(taken=10), 0.0)) == [6, "reset"]


def entry(position: int, kind: str = "new", origin: int = 0, category: str = "news") -> LogRecord:
    """One that choices can be asked about."""
    item: Any = {
        "id": f"{origin or position}",
        "category": category,
        "thread": "",
        "created_at": "1970-01-01T00:00:00.100Z",
    }
    return LogRecord(position, EVERYONE, kind, item, 0, origin)


def chosen(since: int, seq: int = 6, **choices: Any) -> InboxEvent:
    """Choices that were made at this seq, with the log taken in up to a position."""
    sent_choices = Choices(since=since, seq=seq, **choices).sent()
    counters = Counters(0, 0, since)
    return InboxEvent("change", seq - 1, seq, counters, [], [], choices=sent_choices)


OFF = frozenset({"news"})


class TestChoices:
    """What somebody does not want to hear, and the news of that and entries on their way."""

    def give(self, session: Session, *records: LogRecord) -> list[str]:
        session._log.take(records, 0.0)
        return spread(session._log).get(session, [])

    def test_from_the_news_on(self):
        session = live()
        assert self.give(session, entry(11)) == ["p11"]
        assert sent(session.event(chosen(11, off=OFF), 0.0)) == [6]
        assert self.give(session, entry(12)) == []
        assert self.give(session, entry(13, category="shop")) == ["p13"]
        assert session.position == 13
        assert sent(session.event(chosen(13, 7), 0.0)) == [7]
        assert self.give(session, entry(14)) == ["p14"]

    def test_muted_is_given_read(self):
        session = live()
        session.event(chosen(10, categories={"news": None}), 0.0)
        session._log.take([entry(11)], 0.0)
        run = session._log.next()
        ((frame,),) = [seat.frames(run) for seat in session._log.spread(run)]
        assert frame.item is not None
        assert frame.item["read_at"] == frame.item["created_at"]

    @pytest.mark.parametrize("off", [OFF, frozenset()], ids=["given", "or kept back"])
    def test_an_entry_that_overtook_the_news(self, off):
        """It was decided by the old choices; the client begins anew."""
        session = live()
        if not off:
            session.event(chosen(10, off=OFF), 0.0)
        seq = session.seq + 1
        self.give(session, entry(11))
        outputs = session.event(chosen(10, seq, off=off), 0.0)
        assert sent(outputs) == [seq, "reset"]
        assert isinstance(outputs[1], Send)
        assert outputs[1].frame == frames.Reset("choices")
        # And it goes on by the new ones.
        assert self.give(session, entry(12)) == ([] if off else ["p12"])

    def test_news_that_waits_for_what_is_before_it(self):
        session = live()
        assert session.event(chosen(10, 7, off=OFF), 0.0) == []
        assert self.give(session, entry(11)) == ["p11"]
        assert sent(session.event(change(5, 6), 0.1)) == [6, 7, "reset"]

    def test_a_page_brings_them_along(self):
        session = live()
        session.lost()
        session.event(chosen(10, off=OFF), 0.0)
        now = replace(standing(6), choices=Choices(off=OFF, since=10, seq=6))
        assert sent(session.fetched(session._fetching, Page(now, 6, 10), 0.0)) == ["sync"]
        assert self.give(session, entry(11)) == []

    def test_what_others_were_given_while_it_read(self):
        log = begun()
        other = live(log=log)
        late = Session(30, log)
        assert self.give(other, entry(11), entry(12, category="shop")) == ["p11", "p12"]
        now = replace(standing(), choices=Choices(off=OFF, since=10, seq=5))
        assert sent(late.opened(now, Cursor("e", 5, 10), 0.0)) == ["hello", "p12"]

    def test_those_of_one_are_not_those_of_another(self):
        log = begun()
        ada, bob = live(log=log), live(log=log)
        ada.event(chosen(10, off=OFF), 0.0)
        log.take([entry(11)], 0.0)
        assert spread(log) == {ada: [], bob: ["p11"]}

    def test_a_change_while_an_entry_is_spread(self):
        """Who is still to be given it is asked by the new ones, and nobody twice."""
        log = begun()
        first, second = live(log=log), live(log=log)
        log.take([entry(11)], 0.0)
        spreading = log.spread(log.next())
        reached = next(spreading).address
        waiting = second if reached is first else first
        assert sent(waiting.event(chosen(10, off=OFF), 0.0)) == [6]
        assert list(spreading) == []
        assert waiting.position == 11


class TestUpdatesAndRetractions:
    def test_concern_whom_the_entry_concerned(self):
        """Who joined after it was said is told nothing of it."""
        session = Session(30, begun())
        session.opened(standing(topics={EVERYONE: 8}), Cursor("e", 5, 10), 0.0)
        later = [entry(11, "update", 8), entry(12, "update", 9), entry(13, "retract", 9)]
        session._log.take(later, 0.0)
        assert spread(session._log) == {session: ["p12", "p13"]}
        assert session.position == 13

    def test_come_in_order_with_what_is_new(self):
        session = live()
        session._log.take([entry(12, "retract", 11)], 0.0)
        assert spread(session._log) == {}
        session._log.take([entry(11)], 0.1)
        assert spread(session._log) == {session: ["p11", "p12"]}

    def test_what_was_missed_while_reading(self):
        log = begun()
        other = live(log=log)
        log.take([entry(11, "update", 5), entry(12, "retract", 5)], 0.0)
        assert spread(log) == {other: ["p11", "p12"]}
        late = Session(30, log)
        topics = {EVERYONE: 6}
        opened = late.opened(standing(position=10, topics=topics), Cursor("e", 5, 10), 0.0)
        assert sent(opened) == ["hello"]
        late = Session(30, log)
        opened = late.opened(standing(position=10), Cursor("e", 5, 10), 0.0)
        assert sent(opened) == ["hello", "p11", "p12"]


def member(log: Log, seq: int = 5) -> Session:
    session = Session(30, log)
    topics = {EVERYONE: 0, STAFF: 0}
    session.opened(standing(seq, topics=topics), Cursor("e", seq, 10), 0.0)
    return session


def of_both(seq: int, *topics: int) -> InboxEvent:
    counters = Counters(0, 0, 10)
    return InboxEvent("change", seq - 1, seq, counters, [], [], topics=dict.fromkeys(topics, 0))


class TestLeavers:
    """Entries that overtake the news that somebody left."""

    def test_an_entry_of_a_newer_version_waits_for_the_answer(self):
        log = begun(10)
        log.take([record(11, STAFF), record(12, STAFF, 1), record(13)], 0.0)
        assert [entry.position for entry in log.next()] == [11]
        assert (log.question, log.next(), log.has_ready) == (Question(STAFF, 0, 1), [], True)
        log.told(Question(STAFF, 0, 1))
        assert log.question is None
        assert [entry.position for entry in log.next()] == [12]
        assert [entry.position for entry in log.next()] == [13]

    def test_each_version_is_asked_for_once(self):
        log = begun(10)
        log.know_versions({STAFF: 3})
        log.take([record(11, STAFF, 3), record(12, STAFF, 2), record(13, EVERYONE)], 0.0)
        assert [len(run) for run in iter(log.next, [])] == [2, 1]
        log.take([record(14, STAFF, 4)], 0.0)
        assert log.question == Question(STAFF, 3, 4)

    def test_fetched_entries_wait_as_well(self):
        log = begun(10)
        log.fetched([record(11, STAFF, 1)], 11, 11, 0.0)
        assert log.next() == []

    def test_while_the_answer_does_not_come_what_waits_is_bounded(self):
        log = begun(10)
        log.take([record(position, STAFF, 1) for position in range(11, 2 * LOG_LIMIT)], 0.0)
        assert log.taken == 10 + LOG_LIMIT
        assert log.deadline == HOLD_SECONDS

    def test_the_position_stays_before_an_entry_that_waits(self):
        log = begun(10)
        session = member(log)
        log.take([record(11, STAFF, 1)], 0.0)
        assert spread(log) == {}
        assert session.position == 10
        late = member(log)
        log.told(Question(STAFF, 0, 1))
        assert spread(log) == {session: ["p11"], late: ["p11"]}

    def test_who_left_gets_other_topics_only_and_keeps_the_place(self):
        log = begun(10)
        session = member(log)
        session.left(STAFF, 6)
        assert say(session, 11, topic=STAFF) == []
        assert say(session, 12) == ["p12"]
        assert session.position == 12
        # Nothing has to be taken back when the news comes.
        assert sent(session.event(of_both(6, EVERYONE), 0.0)) == [6]

    def test_who_has_heard_of_it_goes_on(self):
        log = begun(10)
        session = member(log, seq=7)
        session.left(STAFF, 7)
        assert say(session, 11, topic=STAFF) == ["p11"]

    def test_older_news_does_not_bring_the_topic_back(self):
        log = begun(10)
        session = member(log)
        session.left(STAFF, 7)
        assert sent(session.event(of_both(6, EVERYONE, STAFF), 0.0)) == [6]
        assert say(session, 11, topic=STAFF) == []

    def test_nor_does_a_page_that_was_read_before(self):
        log = begun(10)
        session = member(log)
        session.lost()
        session.left(STAFF, 7)
        old = standing(6, topics={EVERYONE: 0, STAFF: 0})
        session.fetched(session._fetching, Page(old, 6, 10), 0.0)
        assert session.state is State.LIVE
        assert say(session, 11, topic=STAFF) == []

    def test_nor_does_what_was_read_for_opening(self):
        log = begun(10)
        session = Session(30, log)
        session.left(STAFF, 6)
        log.take([record(11, STAFF, 1)], 0.0)
        log.told(Question(STAFF, 0, 1))
        assert spread(log) == {}
        now = standing(topics={EVERYONE: 0, STAFF: 0})
        assert sent(session.opened(now, Cursor("e", 5, 10), 0.0)) == ["hello"]
        assert session.position == 11

    def test_who_came_back_goes_on_from_there(self):
        log = begun(10)
        session = member(log)
        session.left(STAFF, 7)
        assert say(session, 11, 12, topic=STAFF) == []
        assert sent(session.event(of_both(6, EVERYONE), 0.0)) == [6]
        back = InboxEvent(
            "change", 6, 7, Counters(0, 0, 11), [], [], topics={EVERYONE: 0, STAFF: 11}
        )
        write, fetch = session.event(back, 0.0)
        assert (sent([write]), fetch) == ([7], Fetch(Cursor("e", 6, 12)))
        now = standing(7, 12, {EVERYONE: 0, STAFF: 11})
        session.fetched(session._fetching, Page(now, 7, 12), 0.0)
        assert say(session, 13, topic=STAFF) == ["p13"]

    def test_a_later_leave_is_not_forgotten_for_an_earlier_one(self):
        log = begun(10)
        session = member(log)
        session.left(STAFF, 6)
        session.left(EVERYONE, 7)
        session.event(of_both(6, EVERYONE), 0.0)
        assert say(session, 11) == []
        session.event(of_both(7, STAFF), 0.0)
        assert session.topics == {STAFF: 0}


class TestFetching:
    def fetching(self) -> Session:
        session = live()
        session.received(resume(3), 0.0)
        assert session.state is State.FETCHING
        return session

    def test_page_by_page(self):
        session = self.fetching()
        page, fetch = session.fetched(session._fetching, Page(standing(9), 7, 10, more=True), 0.0)
        assert (sent([page]), fetch) == (["sync"], Fetch(Cursor("e", 7, 10)))
        last = session.fetched(session._fetching, Page(standing(9), 9, 10), 0.0)
        assert sent(last) == ["sync"]
        assert session.state is State.LIVE

    def test_events_meanwhile_follow_the_last_page(self):
        session = self.fetching()
        assert session.event(change(8, 9), 0.0) == []
        assert session.event(change(9, 10), 0.0) == []
        page = session.fetched(session._fetching, Page(standing(9), 9, 10), 0.0)
        assert sent(page) == ["sync", 10]

    def test_reset(self):
        session = self.fetching()
        page = Page(standing(9), 9, 10, reset="too_far")
        assert sent(session.fetched(session._fetching, page, 0.0)) == ["reset"]
        assert (session.seq, session.state) == (9, State.LIVE)


class TestHeartbeat:
    def test_says_where_this_session_is(self):
        (output,) = live().heartbeat(5, 0.0)
        assert output == Send(frames.Heartbeat(5, 10, Counters(1, 1, 10)))

    def test_a_session_that_stays_behind_is_resumed(self):
        session = live()
        assert sent(session.heartbeat(6, 0.0)) == ["heartbeat"]
        assert session.deadline == BEHIND_SECONDS
        assert session.tick(BEHIND_SECONDS) == [Fetch(Cursor("e", 5, 10))]

    def test_one_that_caught_up_meanwhile_is_not(self):
        session = live()
        session.heartbeat(6, 0.0)
        session.event(change(5, 6), 1.0)
        assert session.tick(BEHIND_SECONDS) == []

    def test_one_whose_way_was_interrupted_is_resumed_at_once(self):
        assert live().compare(5) == []
        assert live().compare(6) == [Fetch(Cursor("e", 5, 10))]


class TestStall:
    def test_nothing_is_written_until_drained_then_all_of_it(self):
        session = live()
        session.stalled()
        assert session.event(change(5, 6), 0.0) == []
        assert session.heartbeat(6, 0.0) == []
        assert session.drained() == [Fetch(Cursor("e", 5, 10))]

    def test_between_pages(self):
        session = TestFetching().fetching()
        session.fetched(session._fetching, Page(standing(9), 7, 10, more=True), 0.0)
        session.stalled()
        # The read that was under way is of no use any more.
        assert session.fetched(session._fetching, Page(standing(9), 9, 10), 0.0) == []
        assert session.drained() == [Fetch(Cursor("e", 7, 10))]

    def test_a_page_asked_for_before_the_stall_is_not_taken_for_the_one_asked_for_after_it(self):
        session = Session(30, begun())
        session.opened(standing(), Cursor("e", 1, 10), 0.0)
        before = session._fetching
        session.event(change(5, 6), 0.0)
        session.stalled()
        # Nothing went down this socket yet, so it goes on from the client's own cursor.
        assert session.drained() == [Fetch(Cursor("e", 1, 10))]
        # The event was dropped, and this page may be from before it.
        assert session.fetched(before, Page(standing(5), 5, 10), 0.0) == []
        session.fetched(session._fetching, Page(standing(9), 3, 10, more=True), 0.0)
        assert session.seq == 3

    def test_drained_without_a_stall_means_nothing(self):
        assert live().drained() == []


class TestClient:
    def test_resume_is_rationed_but_not_forgotten(self):
        session = live()
        assert session.received(resume(3), 0.0) == [Fetch(Cursor("e", 3, 10))]
        session.fetched(session._fetching, Page(standing(), 5, 10), 0.1)
        assert session.received(resume(4), 1.0) == []
        assert session.deadline == RESUME_SECONDS
        assert session.tick(RESUME_SECONDS) == [Fetch(Cursor("e", 4, 10))]

    def test_asked_for_while_fetching_is_answered_afterwards(self):
        session = live()
        session.lost()
        assert session.received(resume(3), 0.0) == []
        _, fetch = session.fetched(session._fetching, Page(standing(), 5, 10), 0.1)
        assert fetch == Fetch(Cursor("e", 3, 10))

    def test_ack_writes_nothing(self):
        session = live()
        assert session.received('{"type":"ack","seq":4,"position":9}', 0.0) == []
        assert session.acknowledged == (4, 9)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "no json",
            "[]",
            "[" * 100_000,
            '{"type":"ack"}',
            '{"type":"ack","seq":-1,"position":0}',
            '{"type":"ack","seq":true,"position":0}',
            '{"type":"ack","seq":1.5,"position":0}',
            '{"type":"ack","seq":9007199254740992,"position":0}',
            '{"type":"resume","epoch":1,"seq":1,"position":1}',
            '{"type":"read","ids":[1]}',
        ],
    )
    def test_nonsense_is_answered_with_an_error(self, text):
        assert sent(live().received(text, 0.0)) == ["error"]

    def test_too_much_nonsense_closes(self):
        session = live()
        for _ in range(BAD_FRAMES_PER_MINUTE):
            session.received("?", 0.0)
        assert session.received("?", 1.0) == [Close(close_codes.PROTOCOL_VIOLATION)]

    def test_a_little_nonsense_now_and_then_does_not(self):
        session = live()
        for minute in range(5):
            for _ in range(BAD_FRAMES_PER_MINUTE // 2):
                assert sent(session.received("?", 61.0 * minute)) == ["error"]

    def test_a_flood_closes_too(self):
        session = live()
        ack = '{"type":"ack","seq":4,"position":9}'
        for _ in range(FRAMES_PER_MINUTE):
            assert session.received(ack, 0.0) == []
        assert session.received(ack, 1.0) == [Close(close_codes.PROTOCOL_VIOLATION)]
        assert session.received(ack, 61.0) == []
        assert session.state is State.CLOSED

    def test_binary_is_nonsense(self):
        assert sent(live().received_binary(0.0)) == ["error"]


def test_signed_out_closes_the_sockets_of_that_login_only():
    session = Session(30, Log(), login="mine")
    assert session.event(SignedOut("other"), 0.0) == []
    assert session.event(SignedOut("mine"), 0.0) == [Close(close_codes.SIGNED_OUT)]
    assert Session(30, begun()).event(SignedOut(""), 0.0) == []


def test_a_login_that_ended_while_the_socket_was_opened():
    session = Session(30, begun(), login="mine")
    assert session.event(SignedOut("mine"), 0.0) == [Close(close_codes.SIGNED_OUT)]
    assert session.opened(standing(), Cursor("e", 5, 10), 0.0) == []
    assert session.state is State.CLOSED


def test_after_the_end_nothing_happens():
    session = live()
    session.closed()
    assert session.event(change(5, 6), 0.0) == []
    assert session.heartbeat(9, 0.0) == []
    assert session.drained() == []
    assert session.deadline is None
