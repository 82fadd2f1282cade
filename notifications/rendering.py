"""From stored notifications to wire items, and from wire items to the reader's language."""

import logging
from datetime import UTC, datetime

from django.utils import translation

from notifications import registry
from notifications.models import Item as StoredItem
from notifications.models import Notification
from notifications.wire.frames import Actor, Item

logger = logging.getLogger(__name__)


def wire_item(
    notification: Notification, item: StoredItem | None = None, position: int | None = None
) -> Item:
    """The item as it travels, its texts not yet rendered.

    Without a stored item it is an entry of the broadcast log, at `position`, that the inbox has
    not taken in.
    """
    return {
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
        "thread": notification.thread,
        "data": notification.data,
        "actor": _actor(notification),
        "created_at": timestamp(notification.created_at),
        "expires_at": _optional(notification.expires_at),
        "seen_at": _optional(item.seen_at if item else None),
        "read_at": _optional(item.read_at if item else None),
        "archived_at": _optional(item.archived_at if item else None),
        "snoozed_until": _optional(item.snoozed_until if item else None),
    }


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, the precision that JavaScript keeps."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rendered(item: Item, language: str | None = None) -> Item:
    """The item with the texts of its type in `language` (default: the active one).

    Text that the caller gave stands; a type that is no longer declared, or data that no longer
    fits it, falls back to the type's key so that nothing vanishes from an inbox.
    """
    kind = registry.find(item["type"])
    if item["title"] or (kind is not None and kind.ad_hoc):
        return item
    if kind is None:
        return {**item, "title": item["type"]}
    try:
        if language is None:
            title, body = kind.render(item["data"])
        else:
            with translation.override(language):
                title, body = kind.render(item["data"])
    except Exception:
        # Formats raise nearly anything for data they do not fit, and a translation may name what
        # the original does not. One unreadable notification must not take an inbox along.
        logger.exception("Notification %s of type %s cannot be rendered", item["id"], kind.key)
        title, body = kind.key, ""
    return {**item, "title": title, "body": item["body"] or body}


def _actor(notification: Notification) -> Actor | None:
    if not notification.actor_label:
        return None
    return {
        "type": notification.actor_type,
        "id": notification.actor_id,
        "label": notification.actor_label,
    }


def _optional(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
