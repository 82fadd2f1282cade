"""Making inboxes, and locking many in the one order that everybody keeps."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from notifications.models import Inbox, LogEntry, LogHead
from notifications.services.audience import UserKey
from notifications.services.memberships import first_memberships


def ensure(user: AbstractBaseUser) -> Inbox:
    """The person's inbox, made if it is missing."""
    inbox = Inbox.objects.filter(user_id=user.pk).first()
    if inbox is None:
        with transaction.atomic():
            _make([user])
        inbox = Inbox.objects.get(user_id=user.pk)
    return inbox


def ensure_locked(user_keys: Iterable[UserKey]) -> dict[UserKey, Inbox]:
    """The inboxes of these people by primary key, made where missing, locked in order of id.

    Keys that no user has are not among them.
    """
    keys = list(user_keys)
    people = get_user_model()._default_manager
    missing = people.filter(pk__in=keys, inbox=None).order_by("pk")
    _make(list(missing))
    locked = Inbox.objects.filter(user_id__in=keys).select_for_update(no_key=True).order_by("pk")
    return {inbox.user_id: inbox for inbox in locked}


def _make(users: list[AbstractBaseUser]) -> None:
    """Inboxes for users that have none; another process may be making the same."""
    if not users:
        return
    Inbox.objects.bulk_create(
        [Inbox(user_id=user.pk, taken=_first_position(user)) for user in users],
        ignore_conflicts=True,
    )
    first_memberships(
        Inbox.objects.filter(user__in=[user.pk for user in users]).select_related("user")
    )


def _first_position(user: AbstractBaseUser) -> int:
    """The log's position when the person joined: what was said since is theirs.

    An inbox is made with its user; one that was missing is of somebody who came in bulk or before
    Clarion did. Without a date of joining, everything still in the log: rather too much than lost.
    """
    joined = getattr(user, "date_joined", None)
    if joined is None:
        return LogHead.objects.values_list("floor", flat=True).get()
    # Backwards from the newest entry: people are usually met soon after they joined.
    before = LogEntry.objects.filter(created_at__lt=joined).order_by("-position")
    return before.values_list("position", flat=True).first() or 0


def lock_for_deletion(user: AbstractBaseUser) -> None:
    """Lock the inbox of a user being deleted, in the deleting transaction.

    A relay that added an item between Django's look at the related rows and the DELETE would
    make the deletion fail on a foreign key.
    """
    list(Inbox.objects.select_for_update().filter(user=user.pk))
