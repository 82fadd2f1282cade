"""`update`, `retract`: changing what was said, also where it has arrived; and what expires."""

from collections.abc import Sequence
from typing import Unpack, overload

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from notifications.exceptions import AlreadyGone, InvalidNotification
from notifications.models import Inbox, Item, LogEntry, Notification, Outbox
from notifications.services import audience, content, outbox
from notifications.services.content import Fields

# Notifications that one transaction of the sweep retracts, and at most how many it does at a time.
EXPIRED = 200
EXPIRED_AT_ONCE = 5000


def update(notification: Notification, **fields: Unpack[Fields]) -> Notification:
    """Change what was said, wherever it has arrived: part of the caller's transaction.

    The fields are those of `notify`, but for `thread`; those that are not given stay. Who has read
    it has read it still; what is news belongs into a new notification of the same thread. Writes
    one row for any number of people. Returns the notification as it is now. Raises
    `InvalidNotification`, and `AlreadyGone` if it was retracted or has expired.
    """
    with transaction.atomic():
        row = _locked(notification)
        if row is None or row.is_over(timezone.now()):
            raise AlreadyGone(f"Notification {notification.pk} was retracted or has expired.")
        changed = content.revise(row, **fields)
        if changed:
            row.save(update_fields=changed)
            outbox.add_change(Outbox.Kind.UPDATE, [row])
    return row


@overload
def retract(notification: Notification) -> Notification: ...


@overload
def retract(*, thread: str, recipient: AbstractBaseUser) -> list[Notification]: ...


def retract(
    notification: Notification | None = None,
    *,
    thread: str = "",
    recipient: AbstractBaseUser | None = None,
) -> Notification | list[Notification]:
    """Take back what was said: it leaves all inboxes, badges and open pages, and nobody gets it.

    With `thread` and `recipient` all that was said to this person in the thread until now leaves
    their inbox, and no other one. Part of the caller's transaction, which writes one row for any
    number of people. Fine for what was retracted before. Returns the notification, or those of the
    thread. Raises `InvalidNotification` for anything else than one of the two.
    """
    if notification is not None:
        if thread or recipient is not None:
            raise InvalidNotification("retract takes a notification, or thread and recipient.")
        return _retract(notification)
    if not thread or recipient is None:
        raise InvalidNotification("retract takes a notification, or thread and recipient.")
    return _retract_thread(thread, recipient)


def _retract(notification: Notification) -> Notification:
    with transaction.atomic():
        row = _locked(notification)
        if row is None:
            return notification
        take_back([row])
    return row


def take_back(locked: Sequence[Notification]) -> int:
    """Retract locked notifications that were not yet; how many."""
    rows = [row for row in locked if row.retracted_at is None]
    now = timezone.now()
    for row in rows:
        row.retracted_at = now
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(retracted_at=now)
    outbox.add_change(Outbox.Kind.RETRACT, rows)
    return len(rows)


def _retract_thread(thread: str, recipient: AbstractBaseUser) -> list[Notification]:
    (key,) = audience.of_users(recipient)
    with transaction.atomic():
        said = _said_in(thread, recipient)
        outbox.add_change(Outbox.Kind.RETRACT, said, [key])
    return said


def _said_in(thread: str, recipient: AbstractBaseUser) -> list[Notification]:
    """What was said to this person in a thread, and what is still on its way to whomever.

    In one statement: what moves from the outbox to the inbox meanwhile is in one of the two.
    """
    inboxes = Inbox.objects.filter(user=recipient.pk)
    items = Item.objects.filter(
        notification=OuterRef("pk"), inbox__in=inboxes.values("pk"), gone=False
    )
    waiting = Outbox.objects.filter(notification=OuterRef("pk"), kind=Outbox.Kind.ITEMS)
    entries = LogEntry.objects.filter(notification=OuterRef("pk"), kind=LogEntry.Kind.NEW)
    coming = Outbox.objects.filter(notification=OuterRef("pk"), kind=Outbox.Kind.LOG)
    # Along clarion_notification_thread.
    candidates = Notification.objects.filter(
        ~Q(thread=""),
        Exists(items) | Exists(waiting) | Exists(entries) | Exists(coming),
        thread=thread,
        retracted_at=None,
    )
    return list(candidates.order_by("pk"))


def expire(limit: int = EXPIRED_AT_ONCE) -> int:
    """Retract what has expired, and nobody was told yet; how many."""
    count = 0
    # By the database's clock; along clarion_notification_expires.
    expired = Notification.objects.filter(expires_at__lte=Now(), retracted_at=None)
    # Without a transaction first: SQLite's would take its only write lock to find nothing.
    while count < limit and expired.exists():
        with transaction.atomic():
            rows = list(
                expired.select_for_update(no_key=True, skip_locked=outbox.can_skip()).order_by(
                    "expires_at"
                )[:EXPIRED]
            )
            count += take_back(rows)
        if len(rows) < EXPIRED:
            break
    return count


def _locked(notification: Notification) -> Notification | None:
    if not isinstance(notification, Notification) or notification.pk is None:
        raise InvalidNotification(f"{notification!r} is not a notification that was said.")
    rows = Notification.objects.select_for_update(no_key=True).filter(pk=notification.pk)
    return rows.first()
