"""Who may say something to whom: the one place that decides it."""

from typing import Literal

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from notifications.selectors import EVERYONE
from notifications.selectors.announcements import is_default

COMPOSE = "clarion.compose"
TO_EVERYONE = "clarion.announce_to_everyone"
EMBED = "clarion.embed_inboxes"
VIEW_HISTORY = "clarion.view_announcement"

Action = Literal["add", "change", "delete", "view"]
Person = AbstractBaseUser | AnonymousUser


def may_announce(user: Person, topic: str = "") -> bool:
    """Whether they may send to this topic now; without one, to people whom they choose."""
    return _has(user, COMPOSE) and _may_reach(user, topic)


def may_cancel(user: Person) -> bool:
    """Whether they may cancel what is being sent, whoever sent it and to whomever."""
    return _has(user, COMPOSE)


def may_schedule(user: Person, topic: str, action: Action = "add") -> bool:
    """Whether they may do this with schedules to this topic; pausing and resuming is a change.

    Looking at a schedule, and deleting it, takes no permission to reach everybody.
    """
    if not _has(user, f"clarion.{action}_schedule"):
        return False
    return action in ("view", "delete") or _may_reach(user, topic)


def may_run_now(user: Person, topic: str) -> bool:
    """Whether they may send a schedule's broadcast out of turn."""
    return may_schedule(user, topic, "change") and may_announce(user, topic)


def may_embed(user: Person) -> bool:
    """Whether they may let services show the inboxes of whomever these name."""
    return _has(user, EMBED)


def may_see_history(user: Person) -> bool:
    """Whether they may see what was announced."""
    return _has(user, VIEW_HISTORY)


def _may_reach(user: Person, topic: str) -> bool:
    # A topic to which people belong by default is everybody but a few.
    return not is_wide(topic) or _has(user, TO_EVERYONE)


def is_wide(topic: str) -> bool:
    """Whether sending to this topic takes the permission to send to everyone."""
    return topic == EVERYONE or is_default(topic)


def _has(user: Person, permission: str) -> bool:
    # User models without PermissionsMixin have no permissions; no is the answer then.
    has_perm = getattr(user, "has_perm", None)
    return bool(has_perm and has_perm(permission))
