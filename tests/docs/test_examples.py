"""The examples of the pages run, and do what is said of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import Signal
from django.test import Client

from notifications import registry
from notifications.models import Item, Notification
from notifications.services import relay
from notifications.services.content import (
    ACTOR_KEY_MAX,
    BODY_MAX,
    DATA_MAX,
    LABEL_MAX,
    THREAD_MAX,
    TITLE_MAX,
    URL_MAX,
    Fields,
)
from notifications.services.idempotency import KEY_MAX
from tests.docs.pages import ROOT, blocks, code, named, page, section, table

README = (ROOT / "README.md").read_text()
TYPES = page("notification-types.md")


def titles(user: Any) -> list[str]:
    """Deliver what waits; return the stored titles of a person's items, in their order."""
    for lane in relay.Outbox.Lane:
        relay.relay_batch(lane)
    items = Item.objects.filter(inbox__user=user).order_by("notification")
    return [item.notification.title for item in items]


@contextmanager
def alone(signal: Signal) -> Iterator[None]:
    """Let only those hear the signal whom the block connects."""
    receivers, signal.receivers = signal.receivers, []
    signal.sender_receivers_cache.clear()
    try:
        yield
    finally:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


@pytest.fixture
def types() -> Iterator[None]:
    """Forget the types that a test registers."""
    before = dict(registry._types)
    yield
    registry._types.clear()
    registry._types.update(before)


@pytest.fixture
def categories() -> Iterator[None]:
    """Forget the categories that a test registers."""
    before = dict(registry._categories)
    yield
    registry._categories.clear()
    registry._categories.update(before)


def run(text: str, **names: Any) -> dict[str, Any]:
    exec(text, names)
    return names


def test_readme_sends(redis_server: Any, ada: Any) -> None:
    send, _ = blocks(README, "python")
    run(send, user=ada)
    assert titles(ada) == ["Your export is ready"]
    assert Notification.objects.count() == 2


def test_readme_rule(redis_server: Any, client: Client, ada: Any) -> None:
    _, rule = blocks(README, "python")
    with alone(user_logged_in):
        run(rule)
        request = client.get("/accounts/login/").wsgi_request
        user_logged_in.send(type(ada), request=request, user=ada)
    assert titles(ada) == ["New sign-in"]
    assert Notification.objects.get().body == "From 127.0.0.1."


def test_declared_type(redis_server: Any, types: None, ada: Any) -> None:
    declare, send, *_ = blocks(TYPES, "python")
    run(declare)
    run(send, user=ada)
    assert titles(ada) == [""]
    notification = Notification.objects.get()
    kind = registry.get(notification.type)
    assert kind.render(notification.data)[0] == "Order A-17 is on its way"


def test_all_fields(redis_server: Any, ada: Any, make_user: Any) -> None:
    boss = make_user("boss", is_staff=True)
    send = blocks(TYPES, "python")[2]
    run(send)
    run(send)  # the key makes it once
    assert titles(boss) == ["A backup is late"]
    assert titles(ada) == []
    # Every field is used in the example, and has its bounds in the table.
    fields = set(Fields.__annotations__) | {"idempotency_key"}
    assert all(f"{name}=" in send for name in fields)
    rows = {row[0].strip("`"): row[1] for row in table(TYPES, "field") if row[0] != "`key`"}
    assert fields <= set(rows)
    for name, bound in {
        "title": TITLE_MAX,
        "body": BODY_MAX,
        "url": URL_MAX,
        "thread": THREAD_MAX,
        "data": DATA_MAX,
        "idempotency_key": KEY_MAX,
    }.items():
        assert f"{bound:,}" in rows[name], name
    assert f"text of {LABEL_MAX}" in rows["actor"]
    assert f"{ACTOR_KEY_MAX} characters each" in rows["actor"]


def test_rules(redis_server: Any, ada: Any, make_user: Any) -> None:
    root = make_user("root", is_superuser=True)
    with alone(post_save):
        [rules] = blocks(section(TYPES, "## `notify_on`"), "python")
        names = run(rules)
        make_user("eve")
        ada.save()
    names["order_shipped"].send(sender=None, customer=ada, number=17)
    assert titles(ada) == ["Order 17 is on its way"]
    assert titles(root) == ["eve has joined"]


def test_what_was_said_is_changed(redis_server: Any, ada: Any) -> None:
    [change] = blocks(section(TYPES, "## Changing what was said"), "python")
    names = run(change, user=ada)
    assert titles(ada) == ["Build 7 has failed"]
    assert names["offer"].pk
    assert not Item.objects.exclude(gone=True).exists()


def test_categories(categories: None) -> None:
    [declare] = blocks(section(TYPES, "## Categories"), "python")
    run(declare)
    assert registry.mandatory_categories() >= {"account"}


def test_announcements(redis_server: Any, ada: Any) -> None:
    [send] = blocks(section(page("operations.md"), "## Announcements"), "python")
    sent = run(send)["sent"]
    assert (sent.recipients, sent.spared) == (1, 1)
    assert titles(ada) == []


def test_fields_of_a_type() -> None:
    rows = table(section(TYPES, "## Declare a type"), "field")
    assert named(rows) == set(registry.NotificationType.__dataclass_fields__)


def test_exceptions() -> None:
    from notifications import exceptions
    from notifications.api.errors import ANSWERS

    public = {name for name, value in vars(exceptions).items() if isinstance(value, type)}
    text = " ".join(page(name) for name in ("notification-types.md", "api.md"))
    described = set(code(text))
    # Or by what the API answers in their place.
    described |= {kind.__name__ for kind, answer in ANSWERS.items() if answer.code in described}
    assert public <= described
