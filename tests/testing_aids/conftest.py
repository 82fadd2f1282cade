"""What the tests of the testing aids share."""

import socket
from collections.abc import Iterator

import pytest
from django.utils.translation import gettext_lazy

from notifications import NotificationType, registry
from notifications.live.breaker import breaker

ORDER = NotificationType(
    key="shop.order_shipped",
    category="orders",
    title="Order {number} is on its way",
    body="It should arrive on {day}.",
    level="success",
    example={"number": "A-17", "day": "Friday"},
)
# A text that Django itself translates.
YES = NotificationType(key="shop.yes", category="orders", title=gettext_lazy("Yes"))
# In the order in which PostgreSQL keeps them.
SHIPPED = {"day": "Friday", "number": "A-17"}


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Types of an app, for one test."""
    types = {**registry._types, ORDER.key: ORDER, YES.key: YES}
    monkeypatch.setattr(registry, "_types", types)


@pytest.fixture
def network(redis_server: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What any thread did with sockets of the internet (libpq does not use these)."""
    met: list[str] = []
    for name in ("connect", "send", "sendall"):
        real = getattr(socket.socket, name)

        def noted(self, *arguments, real=real, name=name):
            if self.family in (socket.AF_INET, socket.AF_INET6):
                met.append(name)
            return real(self, *arguments)

        monkeypatch.setattr(socket.socket, name, noted)
    breaker.reset()
    yield met
    breaker.reset()


both = pytest.mark.parametrize(
    "commits",
    [
        pytest.param(False, id="rolled back", marks=pytest.mark.django_db),
        pytest.param(True, id="committed", marks=pytest.mark.django_db(transaction=True)),
    ],
)
