"""People with things in their inboxes, and browsers without scripts."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from notifications import notify
from notifications.models import Item, Notification, Outbox
from notifications.services import relay

INBOX = "/inbox/"
CHOICES = "/inbox/choices/"


class Reader:
    """Somebody signed in, whose browser follows redirects and checks what Django checks."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.client = Client(enforce_csrf_checks=True)
        self.client.force_login(user)

    def open(self, address: str = INBOX, **headers: str) -> str:
        """The text of a page."""
        answer = self.client.get(address, headers=headers)
        assert answer.status_code == 200, answer
        return answer.content.decode()

    def send(self, address: str, page: str = INBOX, **fields: object) -> Any:
        """The answer to a form as it stands on a page, followed to where it leads."""
        form = fields_of(self.open(page))
        return self.client.post(address, form | fields, follow=True)

    def item(self, notification: Notification) -> Item:
        """What is theirs of a notification, as it is now."""
        return Item.objects.get(inbox__user=self.user, notification=notification)


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms; of the same name the last."""
    found: dict[str, str] = {}

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            values = dict(attrs)
            if tag == "input" and values.get("type") == "hidden":
                found[values["name"] or ""] = values.get("value") or ""

    Parser().feed(page)
    return found


def deliver() -> None:
    """Have everything arrive that was said until now."""
    for lane in Outbox.Lane:
        relay.relay_batch(lane)


@pytest.fixture
def tell(db: None) -> Callable[..., Notification]:
    """Notifies somebody, and has it arrive."""

    def told(user: Any, title: str, **fields: Any) -> Notification:
        said = notify(user, "message", title=title, **fields)
        deliver()
        return said

    return told


@pytest.fixture
def reader(ada: Any) -> Reader:
    """Ada with her browser."""
    return Reader(ada)
