"""What a person has before them: a page with an open socket, assembled from frames."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

from django.conf import settings
from django.db import transaction
from django.test import Client as TestClient
from websockets.exceptions import ConnectionClosed

from notifications.models import Item
from tests.support.client import ReferenceClient
from tests.support.site import Browser, Frame, Socket
from tests.support.waiting import PATIENCE

FIRST_PAGE = "/api/v1/inbox/?limit=100"


class Screen(ReferenceClient):
    """A reference client with a browser and a socket."""

    def __init__(self, browser: Browser) -> None:
        """Load the first page and connect from its cursor."""
        super().__init__()
        self.browser = browser
        self.load(browser.get(FIRST_PAGE))
        self.connect()

    def connect(self) -> None:
        """Open a socket from where this client is."""
        self.socket: Socket = self.browser.socket(self.cursor)
        self._asked_at = 0.0
        self.socket.recv_until("hello")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.socket.close()

    @property
    def titles(self) -> list[str]:
        """Titles in the order of the list, newest first."""
        return [item["title"] for _, item in sorted(self.listed().items(), key=_newest_first)]

    @property
    def came(self) -> list[str]:
        """Types of the frames so far that say something, heartbeats and greetings left out."""
        return [f["type"] for f in self.socket.frames if f["type"] not in ("hello", "heartbeat")]

    def follow(self, until: Callable[[Screen], object], timeout: float = PATIENCE) -> None:
        """Take frames until the condition holds; `TimeoutError` tells what came instead."""
        deadline = time.monotonic() + timeout
        while not until(self):
            left = deadline - time.monotonic()
            try:
                self.step(max(left, 0))
            except TimeoutError:
                raise TimeoutError(
                    f"not within {timeout} s; shown: {self.titles}; came: {self.socket.frames}"
                ) from None

    def follow_until(self, *titles: str, timeout: float = PATIENCE) -> None:
        """Take frames until these titles are shown, whatever else is."""
        self.follow(lambda screen: set(titles) <= set(screen.titles), timeout)

    def follow_heartbeats(self, count: int = 2) -> None:
        """Take frames for as many heartbeats: what was published before has arrived by then."""
        for _ in range(count):
            while self.step(PATIENCE)["type"] != "heartbeat":
                pass

    def step(self, timeout: float) -> Frame:
        """Take one frame and do what it asks for, as the browser's client does."""
        frame = self.socket.recv(timeout)
        self.take(frame)
        if self.wants_page:
            self.load(self.browser.get(FIRST_PAGE))
        if self.wants_resume and time.monotonic() > self._asked_at + 5:
            self._asked_at = time.monotonic()
            self.wants_resume = False
            with contextlib.suppress(ConnectionClosed):
                self.socket.send(
                    {
                        "type": "resume",
                        "epoch": self.epoch,
                        "seq": self.seq,
                        "position": self.position,
                    }
                )
        return frame

    def agrees(self) -> bool:
        """Whether list and badges are what a fresh page load shows; asserts that they are."""
        assert shown(self) == shown(fresh(self.browser))
        return True


def fresh(browser: Browser) -> ReferenceClient:
    """What somebody sees who loads the page now."""
    client = ReferenceClient()
    client.load(browser.get(FIRST_PAGE))
    return client


def glimpsed(browser: Browser) -> ReferenceClient:
    """What `fresh` would show, without the trace of it.

    Loading a page takes the log in, which is news to the open sockets: they might be healed by
    our looking.
    """
    client, viewer = ReferenceClient(), TestClient()
    viewer.cookies[settings.SESSION_COOKIE_NAME] = browser.session_key
    with transaction.atomic():
        client.load(viewer.get(FIRST_PAGE).json())
        transaction.set_rollback(True)
    return client


def shown(client: ReferenceClient) -> tuple[dict[str, Any], int, int]:
    """What a client shows: the first page of the list with its states, and both badges."""
    listed = sorted(client.listed().items(), key=_newest_first)[:100]
    states = {key: _state(item) for key, item in listed}
    return states, client.badge("unread"), client.badge("unseen")


def titles_of(user: Any) -> list[str]:
    """Titles in a person's inbox in the order in which they came, duplicates shown."""
    items = Item.objects.filter(inbox__user=user).order_by("seq")
    return list(items.values_list("notification__title", flat=True))


def counted(users: Iterable[Any]) -> bool:
    """Whether each inbox's counters are what its items say; asserts that they are."""
    for user in users:
        items = Item.objects.filter(inbox__user=user).listed()
        inbox = user.inbox
        inbox.refresh_from_db()
        assert inbox.unread == items.filter(read_at=None).count()
        assert inbox.unseen == items.filter(seen_at=None).count()
    return True


def _state(item: dict[str, Any]) -> tuple[Any, ...]:
    return item["title"], item["seen_at"], item["read_at"]


def _newest_first(entry: tuple[str, Any]) -> int:
    return -int(entry[0])
