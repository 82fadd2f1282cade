"""What can be said, and what is refused with which word."""

import functools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy

from notifications import NotificationType, register
from notifications.exceptions import InvalidNotification, UnknownType
from notifications.services import content

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def order_type(monkeypatch):
    monkeypatch.setattr("notifications.registry._types", {})
    return register(
        NotificationType(
            key="order",
            category="orders",
            title="Order {number}",
            level="success",
            example={"number": 1},
        )
    )


def test_everything_given_is_kept():
    said = content.compose(
        "message", title="T", body="B\r\nC", url="/x?y=1#z", level="error", priority="urgent",
        actor="A robot", thread="t", data={"a": [1, None]}, expires_at="2030-01-01T00:00:00Z",
    )  # fmt: skip
    assert (said.title, said.body, said.url, said.level) == ("T", "B\nC", "/x?y=1#z", "error")
    assert (said.priority, said.thread, said.data) == ("urgent", "t", {"a": [1, None]})
    assert (said.actor_label, said.category, said.expires_at) == ("A robot", "messages", LATER)


def test_level_and_category_come_from_the_type(order_type):
    said = content.compose("order", data={"number": 7})
    assert (said.level, said.category, said.title) == ("success", "orders", "")


def test_actor_may_be_a_row_or_a_mapping():
    said = content.compose("message", title="T", actor=User(pk=7, username="ada"))
    assert (said.actor_type, said.actor_id, said.actor_label) == ("auth.user", "7", "ada")
    said = content.compose("message", title="T", actor={"type": "bot", "id": "1", "label": "B"})
    assert (said.actor_type, said.actor_id, said.actor_label) == ("bot", "1", "B")


def test_lazy_text_is_text():
    assert content.compose("message", title=gettext_lazy("Hello")).title == "Hello"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "title"),
        ({"title": "  "}, "title"),
        ({"title": None}, "title"),
        ({"title": b"x"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"title": "\ud800"}, "title"),
        ({"body": "x" * 2001}, "body"),
        ({"body": "a\x1bb"}, "body"),
        ({"level": "fatal"}, "level"),
        ({"priority": "high"}, "priority"),
        ({"thread": "x" * 101}, "thread"),
        ({"data": []}, "data"),
        ({"data": {1: 2}}, "data"),
        ({"data": {"a": object()}}, "data"),
        ({"data": {"a": float("nan")}}, "data"),
        ({"data": {"a": "\0"}}, "data"),
        ({"data": {"a": "x" * 4096}}, "data"),
        ({"expires_at": datetime(2030, 1, 1)}, "expires_at"),  # noqa: DTZ001
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2030-01-01"}, "expires_at"),
        ({"expires_at": "2030-13-45T00:00:00Z"}, "expires_at"),
        ({"expires_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+10:00"}, "expires_at"),
        ({"data": {"a": 2**53}}, "data"),
        ({"data": {"a": [{"b": -(2**64)}]}}, "data"),
        ({"data": {"a": functools.reduce(lambda inner, _: [inner], range(25), 1)}}, "data"),
        ({"actor": {"id": "1"}}, "actor"),
        ({"actor": 7}, "actor"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "JaVaScRiPt:alert(1)"}, "url"),
        ({"url": "java\tscript:alert(1)"}, "url"),
        ({"url": "data:text/html,x"}, "url"),
        ({"url": "//evil.example"}, "url"),
        ({"url": "/\\evil.example"}, "url"),
        ({"url": "\\\\evil.example"}, "url"),
        ({"url": "evil.example"}, "url"),
        ({"url": "http://"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "/a b"}, "url"),
        ({"url": "/" + "x" * 2000}, "url"),
        ({"url": "/" + "ü" * 1500}, "url"),
    ],
)
def test_refused(fields, word):
    fields = {"title": "T", **fields} if fields else {}
    with pytest.raises(InvalidNotification, match=word):
        content.compose("message", **fields)


def test_unknown_type_names_the_known_ones():
    with pytest.raises(UnknownType, match="message"):
        content.compose("nope", title="T")


def test_missing_data_is_named(order_type):
    with pytest.raises(InvalidNotification, match="number"):
        content.compose("order")


def test_the_longest_notification_fits_a_quarter_of_the_socket_budget():
    from notifications.conf import settings
    from notifications.rendering import wire_item
    from notifications.wire import frames

    said = content.compose(
        "message", title="🎉" * 200, body="🎉" * 2000, url="/" + "x" * 1999, thread="🎉" * 100,
        data={"a": "x" * 4000}, actor="🎉" * 100,
    )  # fmt: skip
    said.pk = 2**53 - 1
    frame = frames.encode(frames.Broadcast("new", wire_item(said, position=2**53 - 1), 2**53 - 1))
    assert len(frame.encode()) < settings.socket_budget // 4


def test_fingerprints_tell_contents_and_audiences_apart():
    def print_of(audience="a", **fields):
        return content.fingerprint(content.compose("message", **fields), audience)

    base = print_of(title="T")
    assert base == print_of(title="T")
    different = [
        print_of(title="U"), print_of(title="T", body="B"), print_of(title="T", data={"a": 1}),
        print_of(title="T", expires_at=LATER), print_of(title="T", level="error"),
        print_of(title="T", actor="A"), print_of("b", title="T"),
    ]  # fmt: skip
    assert len({base, *different}) == 8
