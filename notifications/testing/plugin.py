"""The pytest fixture: `pytest_plugins = ["notifications.testing.plugin"]` in conftest.py."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from notifications.testing import Sent


@pytest.fixture
def notifications_sent(db: None) -> Iterator["Sent"]:
    """What the test has said so far; Redis and the broker are left alone meanwhile."""
    # Plugins are imported before Django's models exist.
    from notifications.testing import capture

    with capture() as sent:
        yield sent
