"""Subscribing and leaving count at once on open sockets, also where no heartbeat helps."""

import pytest

from notifications import broadcast, register_topic, registry, subscribe, unsubscribe
from notifications.services.relay import relay
from tests.acceptance.screen import Screen

pytestmark = [pytest.mark.promise_8, pytest.mark.promise_2]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_topics", {})


@pytest.fixture
def screens(patient_site, ada, bob):
    """Two people with an open socket each."""
    with Screen(patient_site.browser(ada)) as hers, Screen(patient_site.browser(bob)) as his:
        yield hers, his


def say(topic, title):
    broadcast(topic, "message", title=title)
    relay()


def test_a_topic_to_opt_in_to(screens, ada, bob):
    hers, his = screens
    register_topic("releases", "Releases")
    say("releases", "One")
    subscribe(ada, "releases")
    subscribe(bob, "releases")
    say("releases", "Two")
    unsubscribe(ada, "releases")
    say("releases", "Three")
    say("everyone", "End")
    for page, titles in ((hers, ["End", "Two"]), (his, ["End", "Three", "Two"])):
        page.follow_until("End")
        assert page.titles == titles
        assert "reset" not in page.came
        assert page.agrees()


def test_a_default_topic_that_begins_while_sockets_are_open(screens, ada, bob):
    hers, his = screens
    register_topic("news", "News", default=True)
    unsubscribe(ada, "news")
    say("news", "One")
    say("news", "Two")
    subscribe(ada, "news")
    say("news", "Three")
    say("everyone", "End")
    for page, titles in ((hers, ["End", "Three"]), (his, ["End", "Three", "Two", "One"])):
        page.follow_until("End")
        assert page.titles == titles
        assert "reset" not in page.came
        assert page.agrees()
