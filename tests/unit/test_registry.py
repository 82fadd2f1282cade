"""Wrong declarations fail where they are made."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy, override

from notifications import NotificationType, register, registry
from notifications.rendering import rendered

GOOD = {"key": "order", "category": "orders", "title": "Order {n}", "example": {"n": 1}}


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_types", dict(registry._types))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"key": ""}, "key"),
        ({"key": "with space"}, "key"),
        ({"key": "ümlaut"}, "key"),
        ({"key": "x" * 101}, "key"),
        ({"category": ""}, "category"),
        ({"level": "loud"}, "level"),
        ({"example": {}}, "placeholders n"),
        ({"title": "{n.__class__}"}, "plain name"),
        ({"title": "{n[0]}"}, "plain name"),
        ({"title": "{}"}, "plain name"),
        ({"title": "{n"}, "Template"),
        ({"title": "", "body": "B"}, "title template"),
    ],
)
def test_wrong_declarations(change, word):
    with pytest.raises(ImproperlyConfigured, match=word):
        NotificationType(**{**GOOD, **change})


def test_the_same_key_twice():
    register(NotificationType(**GOOD))
    with pytest.raises(ImproperlyConfigured, match="twice"):
        register(NotificationType(**{**GOOD, "level": "error"}))


def test_importing_a_module_twice_is_fine():
    assert register(NotificationType(**GOOD)) == register(NotificationType(**GOOD))


def test_rendered_in_the_readers_language():
    register(NotificationType(key="yes", category="c", title=gettext_lazy("Yes")))
    item = {"type": "yes", "title": "", "body": "", "data": {}}
    assert rendered(item, "de")["title"] == "Ja"
    with override("de"):
        assert rendered(item)["title"] == "Ja"
    assert rendered(item, "en")["title"] == "Yes"


@pytest.mark.parametrize(
    "item",
    [
        {"type": "gone"},
        {"type": "order", "data": {}},
        {"type": "padded", "data": {"n": None}},
        {"type": "padded", "data": {"n": [1]}},
    ],
)
def test_nothing_vanishes_because_it_cannot_be_rendered(item):
    register(NotificationType(**GOOD))
    register(NotificationType(**{**GOOD, "key": "padded", "title": "Total {n:>8}"}))
    item = {"id": "1", "title": "", "body": "", "data": {}, **item}
    assert rendered(item)["title"] == item["type"]
