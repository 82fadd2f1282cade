"""What something will look like, before it is said."""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation

from notifications import registry
from notifications.models import Notification
from notifications.rendering import rendered, wire_item
from notifications.services import content
from notifications.services.announcements import Content


@dataclass(frozen=True)
class Preview:
    """A row of the inbox as a page of its own; `lent` names the data that came from the example."""

    document: str
    title: str
    lent: list[str]


def preview(fields: Content) -> Preview:
    """How this will look, with example data where it lacks. Raises `InvalidNotification`."""
    said: Content = {"type": "message", **fields}
    kind = registry.get(said["type"])
    given = said.get("data") or {}
    lent = [] if said.get("title") else sorted(kind.placeholders - set(given))
    said["data"] = {**{name: kind.example[name] for name in lent}, **given}
    return Preview(*_drawn(content.compose(**said)), lent)


def picture(notification: Notification) -> str:
    """How it looks in an inbox in which it is unread, as a page of its own."""
    return _drawn(notification)[0]


def title(notification: Notification) -> str:
    """Its title as its readers see it, in the operator's language."""
    return rendered(wire_item(notification))["title"]


def _drawn(notification: Notification) -> tuple[str, str]:
    item = rendered(wire_item(notification), translation.get_language())
    return render_to_string("clarion/preview.html", {"item": item}), item["title"]
