"""From stored notifications to wire items, and from wire items to the reader's language."""

import hashlib
import json
import logging
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.utils import translation

from notifications import registry
from notifications.models import Item as StoredItem
from notifications.models import Notification
from notifications.wire.frames import Action, Actor, Item

logger = logging.getLogger(__name__)


def wire_item(
    notification: Notification, item: StoredItem | None = None, position: int | None = None
) -> Item:
    """The item as it travels, its texts not yet rendered.

    Without a stored item it is an entry of the broadcast log, at `position`, that the inbox has
    not taken in.
    """
    state: Item = {
        "id": str(notification.pk),
        "seq": item.seq if item else None,
        "position": item.position if item else position,
        "type": notification.type,
        "category": notification.category,
        "title": notification.title,
        "body": notification.body,
        "url": notification.url,
        "level": notification.level,
        "priority": notification.priority,
        "thread": item.thread if item else notification.thread,
        "data": notification.data,
        "actions": notification.actions or [],
        "actor": _actor(notification),
        "count": 1,
        "actors": [],
        "actor_count": 0,
        "created_at": timestamp(notification.created_at),
        "expires_at": optional_timestamp(notification.expires_at),
        "seen_at": optional_timestamp(item.seen_at if item else None),
        "read_at": optional_timestamp(item.read_at if item else None),
        "archived_at": optional_timestamp(item.archived_at if item else None),
        "snoozed_until": optional_timestamp(item.snoozed_until if item else None),
    }
    return standing_for(state, item.gathered) if item else state


def standing_for(item: Item, gathered: Mapping[str, Any] | None) -> Item:
    """The item with what it gathers of its thread (`services.threads`), if it does."""
    # Keys are named, so that what a later version stores stays out.
    return (
        item
        if gathered is None
        else {
            **item,
            "count": gathered["count"],
            "actors": gathered["actors"],
            "actor_count": gathered["actor_count"],
        }
    )


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, the precision that JavaScript keeps."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def optional_timestamp(moment: datetime | None) -> str | None:
    """The same of what may not have happened."""
    return None if moment is None else timestamp(moment)


def rendered(item: Item, language: str | None = None) -> Item:
    """The item with the texts and actions of its type in `language` (default: the active one).

    What the caller gave stands; a type that is no longer declared, or data that no longer fits it,
    falls back to the type's key so that nothing vanishes from an inbox.
    """
    kind = registry.find(item["type"])
    if kind is None:
        return item if item["title"] else {**item, "title": item["type"]}
    own_text = bool(item["title"]) or kind.ad_hoc
    # A relay of an earlier release knows of none.
    own_actions = bool(item.get("actions")) or not kind.actions
    if own_text and own_actions:
        return item
    try:
        with translation.override(language) if language else nullcontext():
            title, body = (item["title"], "") if own_text else kind.render(item["data"])
            links = [] if own_actions else kind.render_actions(item["data"])
    except Exception:
        # Formats raise nearly anything for data they do not fit, and a translation may name what
        # the original does not. One unreadable notification must not take an inbox along.
        logger.exception("Notification %s of type %s cannot be rendered", item["id"], kind.key)
        title, body, links = item["title"] or kind.key, "", []
    actions: list[Action] = [{"label": label, "url": url} for label, url in links]
    return {
        **item,
        "title": title,
        "body": item["body"] or body,
        "actions": item.get("actions") or actions,
    }


@lru_cache(maxsize=100)
def wording(language: str | None) -> str:
    """A digest of what all types say in a language, unfilled: only another release changes it."""
    with translation.override(language):
        said = [
            [kind.key, str(kind.title), str(kind.body)]
            + [part for action in kind.actions for part in (str(action.label), action.url)]
            for kind in registry.all_types()
        ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _actor(notification: Notification) -> Actor | None:
    if not notification.actor_label:
        return None
    return {
        "type": notification.actor_type,
        "id": notification.actor_id,
        "label": notification.actor_label,
    }
