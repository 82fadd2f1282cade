"""Live notifications for Django, driven by Celery.

The public face. Names are loaded when they are first used, so that `INSTALLED_APPS` can import
this package before Django's models exist.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from notifications.registry import (
        Action,
        NotificationType,
        register,
        register_category,
        register_topic,
    )
    from notifications.rules import notify_on
    from notifications.services.broadcast import broadcast
    from notifications.services.living import retract, update
    from notifications.services.memberships import subscribe, unsubscribe
    from notifications.services.notify import notify

__all__ = [
    "Action",
    "NotificationType",
    "broadcast",
    "notify",
    "notify_on",
    "register",
    "register_category",
    "register_topic",
    "retract",
    "subscribe",
    "unsubscribe",
    "update",
]

_HOMES = {
    "Action": "notifications.registry",
    "NotificationType": "notifications.registry",
    "broadcast": "notifications.services.broadcast",
    "notify": "notifications.services.notify",
    "notify_on": "notifications.rules",
    "register": "notifications.registry",
    "register_category": "notifications.registry",
    "register_topic": "notifications.registry",
    "retract": "notifications.services.living",
    "subscribe": "notifications.services.memberships",
    "unsubscribe": "notifications.services.memberships",
    "update": "notifications.services.living",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
