"""Whatever Redis loses, delays or turns around, every client ends up with the truth."""

import random

import pytest
from django.contrib.auth.models import Group

from notifications import broadcast, notify
from notifications.services.relay import relay
from tests.acceptance.unreliable_redis import UnreliableRedis

pytestmark = [
    pytest.mark.promise_2,
    pytest.mark.promise_4,
    pytest.mark.promise_8,
    pytest.mark.any_database,
]

DEVICES = 2
STEPS, LAST = 50, 6


@pytest.fixture
def proxy(request, redis_server):
    with UnreliableRedis(redis_server.url, request.param) as proxy:
        yield proxy


@pytest.fixture
def site(processes, proxy):
    """A web process that hears of everything through the proxy."""
    return processes.web(CLARION_LAYER_URLS=proxy.url, CLARION_HEARTBEAT_SECONDS="1")


class Story:
    """Things that happen by chance: to people, to all, to a team; on devices; to memberships."""

    def __init__(self, seed, people, members):
        self.chance = random.Random(seed)
        self.people = people
        self.members = members
        self.team = Group.objects.create(name="team")
        self.number = 0

    def go_on(self, steps):
        happen = [self.tell_some, self.tell_some, self.tell_all, self.tell_team]
        happen += [self.change_state, self.change_state, self.change_all, self.change_team]
        for _ in range(steps):
            self.chance.choice(happen)()
        # And at last nothing that would have an inbox look at the log by itself.
        for _ in range(LAST):
            self.tell_some()
            self.tell_all()

    def title(self):
        self.number += 1
        return f"Number {self.number}"

    def tell_some(self):
        some = self.chance.sample(self.people, self.chance.randint(1, len(self.people)))
        notify(some, "message", title=self.title())
        relay()

    def tell_all(self):
        broadcast("everyone", "message", title=self.title())
        relay()

    def tell_team(self):
        broadcast(f"auth_group.{self.team.pk}", "message", title=f"To the team: {self.title()}")
        relay()

    def change_state(self):
        member = self.chance.choice(self.members)
        ids = sorted(member.shows()[0])
        if ids:
            state = self.chance.choice(["seen", "read", "unread", "archive"])
            some = self.chance.sample(ids, self.chance.randint(1, min(len(ids), 3)))
            member.browser.post(f"/api/v1/inbox/{state}", {"ids": some})

    def change_all(self):
        member = self.chance.choice(self.members)
        state = self.chance.choice(["seen-all", "read-all"])
        member.browser.post(f"/api/v1/inbox/{state}", {"cursor": member.cursor})

    def change_team(self):
        person = self.chance.choice(self.people)
        if self.team.user_set.filter(pk=person.pk).exists():
            self.team.user_set.remove(person)
        else:
            self.team.user_set.add(person)


@pytest.mark.parametrize("proxy", [1, 2], indirect=True)
def test_everybody_converges(site, proxy, many, crowd, request):
    *people, silent = crowd(5)
    members = many.join(site, people * DEVICES)
    # One who does nothing and is told nothing but what all are told.
    many.join(site, [silent] * DEVICES)
    story = Story(request.node.callspec.params["proxy"], people, members)
    story.go_on(STEPS)
    many.converge()
    assert min(proxy.passed, proxy.lost, proxy.overtaken) > STEPS / 6, "the proxy did its worst"
    assert not any(member.codes for member in many.members), "nobody was disconnected"
