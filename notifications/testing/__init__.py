"""Testing aids: what code says is captured, without Redis, broker or worker.

Names are loaded when they are first used: pytest imports plugins before Django's models exist.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifications.testing.capturing import capture, quiet
    from notifications.testing.sending import Sending
    from notifications.testing.sent import Sent

__all__ = ["Sending", "Sent", "capture", "quiet"]

_HOMES = {
    "Sending": "notifications.testing.sending",
    "Sent": "notifications.testing.sent",
    "capture": "notifications.testing.capturing",
    "quiet": "notifications.testing.capturing",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
