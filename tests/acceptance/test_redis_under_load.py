"""Redis goes, or hangs, while many are told things and others arrive: all are brought up."""

import pytest

from notifications import broadcast, notify
from notifications.live.breaker import breaker
from notifications.services.relay import relay
from tests.acceptance.talk import Talk
from tests.support.redis import RedisProcess
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_2, pytest.mark.any_database]

PEOPLE = 15
# How many of them arrive when Redis is away.
LATE = 4


def live_again(crowd, people):
    """What happens now comes as it happens, not from the database: perhaps not at once."""

    def come():
        breaker.reset()
        before = [len(member.came) for member in crowd.members]
        notify(people, "message", title="Live again")
        broadcast("everyone", "message", title="All live again")
        relay()

        def all_have_it():
            fresh = zip(crowd.members, before, strict=True)
            return all({"notifications", "broadcast"} <= set(m.came[n:]) for m, n in fresh)

        try:
            wait_until(all_have_it, 1)
        except TimeoutError:
            return False
        return True

    wait_until(come)


@pytest.fixture
def people(crowd):
    return crowd(PEOPLE)


def test_restarted(live_site, redis_server, many, people):
    many.join(live_site, people[:-LATE])
    with Talk(people) as talk:
        talk.go_on()
        redis_server.kill()
        talk.go_on()
        many.join(live_site, people[-LATE:])
        talk.go_on()
        redis_server.start()
        talk.go_on()
    many.converge()
    assert all(talk.titles <= member.titles() for member in many.members)
    live_again(many, people)
    assert [member.codes for member in many.members] == [[]] * PEOPLE


@pytest.mark.parametrize("away", [RedisProcess.frozen, RedisProcess.paused])
def test_half_open(live_site, redis_server, many, people, away):
    """Connections stay, and say nothing."""
    many.join(live_site, people[:-LATE])
    with Talk(people) as talk:
        talk.go_on()
    with away(redis_server):
        with Talk(people, "Meanwhile") as talk:
            talk.go_on()
            many.join(live_site, people[-LATE:])
            talk.go_on()
        many.converge()
        assert all(talk.titles <= member.titles() for member in many.members)
    live_again(many, people)
    assert [member.codes for member in many.members] == [[]] * PEOPLE
