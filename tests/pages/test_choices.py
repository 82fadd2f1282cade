"""The page of choices, and what its forms do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications import registry, selectors
from notifications.models import Inbox, Notification
from tests.pages.conftest import CHOICES, Reader, fields_of

pytestmark = pytest.mark.django_db

FORMS = [
    *("opt-out", "opt-in", "mute/hour", "mute/day", "mute/ever", "unmute"),
    *("subscribe", "unsubscribe"),
]


@pytest.fixture
def billing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A category that nobody can turn off."""
    monkeypatch.setattr(registry, "_categories", dict(registry._categories))
    registry.register_category("billing", "Bills", "What you owe", mandatory=True)


def chosen(reader: Reader, key: str) -> Any:
    found = selectors.choices_for(Inbox.objects.get(user=reader.user).pk)
    return next(category for category in found.categories if category.key == key)


def send(reader: Reader, form: str, **fields: object) -> str:
    # Of the page's many forms one that names just this.
    named: dict[str, object] = {"category": "", "thread": "", "topic": ""}
    answer = reader.send(f"/inbox/choices/{form}/", CHOICES, **named | fields)
    assert answer.redirect_chain == [(CHOICES, 302)]
    return str(answer.content.decode())


def test_turning_off_and_on(reader: Reader) -> None:
    page = send(reader, "opt-out", category="messages")
    assert "You will get no more of it." in page
    assert "Turned off" in page
    assert not chosen(reader, "messages").receive
    assert "Turned off" not in send(reader, "opt-in", category="messages")
    assert chosen(reader, "messages").receive


@pytest.mark.parametrize(("length", "hours"), [("hour", 1), ("day", 24), ("ever", None)])
def test_muting_a_category(reader: Reader, length: str, hours: int | None) -> None:
    before = timezone.now()
    page = send(reader, f"mute/{length}", category="messages")
    found = chosen(reader, "messages")
    assert found.muted
    if hours is None:
        assert found.muted_until is None
        assert "Muted for ever" in page
    else:
        assert before <= found.muted_until - timedelta(hours=hours) + timedelta(milliseconds=1)
        assert "Muted; ends" in page
    assert "Muted;" not in send(reader, "unmute", category="messages")
    assert not chosen(reader, "messages").muted


def test_muting_a_thread_from_where_it_is_shown(
    reader: Reader, tell: Callable[..., Notification]
) -> None:
    tell(reader.user, "Comment", thread="order 7&8")
    form = fields_of(reader.open("/inbox/?thread=order+7%268"))
    assert form["thread"] == "order 7&8"
    page = send(reader, "mute/ever", thread="order 7&8")
    assert "order 7&amp;8" in page
    assert 'href="/inbox/?thread=order+7%268"' in page
    said = tell(reader.user, "Another", thread="order 7&8")
    assert reader.item(said).read_at is not None
    assert "order 7&amp;8" not in send(reader, "unmute", thread="order 7&8")


@pytest.mark.usefixtures("billing")
def test_a_mandatory_category_is_shown_as_such(reader: Reader) -> None:
    page = reader.open(CHOICES)
    assert "Always on" in page
    assert 'value="billing"' not in page
    for form in ("opt-out", "mute/ever"):
        assert "That did not work." in send(reader, form, category="billing")
    assert chosen(reader, "billing").receive
    assert not chosen(reader, "billing").muted


def test_what_is_plain_stays_plain(reader: Reader) -> None:
    here = f"{CHOICES}?plain=1"
    for name, value in (("category", "messages"), ("thread", "order.7"), ("topic", "releases")):
        for form in ("subscribe", "unsubscribe") if name == "topic" else ("mute/ever", "unmute"):
            answer = reader.send(f"/inbox/choices/{form}/", here, **{name: value})
            assert answer.redirect_chain == [(here, 302)]
    reader.send("/inbox/choices/mute/ever/", here, category="", thread="order.7", topic="")
    page = reader.open(here)
    for address in ("/inbox/?plain=1", "/inbox/?thread=order.7&amp;plain=1", here):
        assert f'href="{address}"' in page
    form = fields_of(reader.open("/inbox/?thread=order.7&plain=1"))
    assert (form["thread"], form["next"]) == ("order.7", here)
    assert "plain=1" not in reader.open(CHOICES)


def test_topics(reader: Reader) -> None:
    def subscribed() -> bool:
        topics = selectors.topic_choices(reader.user)
        return next(topic.subscribed for topic in topics if topic.key == "releases")

    send(reader, "subscribe", topic="releases")
    assert subscribed()
    send(reader, "unsubscribe", topic="releases")
    assert not subscribed()


@pytest.mark.parametrize("topic", ["staff", "everyone", "auth_group.1", "nowhere", "", "\0"])
def test_a_topic_that_is_not_to_be_chosen(reader: Reader, topic: str) -> None:
    for form in ("subscribe", "unsubscribe"):
        assert "That did not work." in send(reader, form, topic=topic)


@pytest.mark.parametrize("what", [{}, {"category": "nope"}, {"thread": "x" * 200}])
def test_what_cannot_be_muted(reader: Reader, what: dict[str, str]) -> None:
    assert "That did not work." in send(reader, "mute/ever", **what)


@pytest.mark.promise_8
@pytest.mark.parametrize("form", FORMS)
def test_without_the_token_nothing_changes(form: str, reader: Reader) -> None:
    inbox = Inbox.objects.filter(user=reader.user).values_list("seq", "choices")
    before = list(inbox)
    sent = {"category": "messages", "topic": "releases"}
    assert reader.client.post(f"/inbox/choices/{form}/", sent).status_code == 403
    assert list(inbox.all()) == before


def test_nobody_is_led_to_the_login_page() -> None:
    assert Client().get(CHOICES)["Location"] == "/accounts/login/?next=/inbox/choices/"
    for form in FORMS:
        answer = Client().post(f"/inbox/choices/{form}/", follow=True)
        assert answer.redirect_chain[-1][0] == f"/accounts/login/?next={CHOICES}"


def test_in_german(reader: Reader) -> None:
    page = reader.open(CHOICES, **{"Accept-Language": "de"})
    for words in ("Was ich hören will", "Stummschalten", "Ausschalten", "Themen", "Abonnieren"):
        assert words in page
