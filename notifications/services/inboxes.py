"""Making inboxes, and locking many in the one order that everybody keeps."""

from collections.abc import Iterable, Sequence

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from notifications.models import Inbox, LogEntry, LogHead
from notifications.services.audience import UserKey
from notifications.services.following import first_memberships
from notifications.services.statements import LockedInbox, count_inboxes, lock_inboxes


def ensure(user: AbstractBaseUser) -> Inbox:
    """The person's inbox, made if it is missing."""
    inbox = Inbox.objects.filter(user_id=user.pk).first()
    if inbox is None:
        with transaction.atomic():
            make_missing([user.pk])
        inbox = Inbox.objects.get(user_id=user.pk)
    return inbox


def begin(user: AbstractBaseUser) -> None:
    """An inbox for somebody new: what was said before is not theirs."""
    head = LogHead.objects.values_list("position", flat=True).get()
    with transaction.atomic():
        Inbox.objects.bulk_create([Inbox(user_id=user.pk, taken=head)], ignore_conflicts=True)
        first_memberships(Inbox.objects.filter(user_id=user.pk))


def ensure_locked(user_keys: Iterable[UserKey]) -> list[LockedInbox]:
    """The inboxes of these people by primary key, made where missing, locked in order of person.

    Keys that no user has are not among them.
    """
    keys = list(user_keys)
    if count_inboxes(keys) < len(keys):
        make_missing(keys)
    return lock_inboxes(keys)


def ensure_members(user_keys: Sequence[UserKey]) -> None:
    """Inboxes for those of these people that have none, whose memberships all begin now."""
    if count_inboxes(user_keys) < len(user_keys):
        head = LogHead.objects.values_list("position", flat=True).get()
        with transaction.atomic():
            make_missing(user_keys, members_since=head)


def make_missing(keys: Sequence[UserKey], members_since: int | None = None) -> None:
    """Inboxes for those of these users that have none; another process may be making the same.

    An inbox is made with its user, so these are of people who came in bulk or before Clarion did.
    """
    people = get_user_model()._default_manager
    missing = people.filter(pk__in=keys, inbox=None).order_by("pk").only("pk")
    # Whoever deletes one of them comes before this and is seen, or waits and deletes the inbox too.
    locked = [user.pk for user in missing.select_for_update(of=("self",), no_key=True)]
    if not locked:
        return
    begins = people.filter(pk__in=locked).order_by("pk").annotate(begins_at=_first_position())
    begun = list(begins.values_list("pk", "begins_at"))
    Inbox.objects.bulk_create(
        (Inbox(user_id=pk, taken=position) for pk, position in begun), ignore_conflicts=True
    )
    first_memberships(Inbox.objects.filter(user_id__in=locked), members_since)


def _first_position() -> Subquery | Coalesce:
    """The log's position when a person joined: what was said since is theirs.

    A user model without a date of joining gets all that is still in the log: rather too much
    than lost.
    """
    if any(field.name == "date_joined" for field in get_user_model()._meta.fields):
        # Backwards from the newest entry: people are usually met soon after they joined.
        before = LogEntry.objects.filter(created_at__lt=OuterRef("date_joined"))
        return Coalesce(Subquery(before.order_by("-position").values("position")[:1]), 0)
    return Subquery(LogHead.objects.values("floor"))


def delete_of(user: AbstractBaseUser) -> None:
    """Delete the inbox of a user being deleted, in the deleting transaction, and keep others out.

    Django has already looked for related rows. An inbox that the relay made since would make the
    deletion fail on a foreign key, as would an item that it added before the DELETE.
    """
    people = get_user_model()._meta.base_manager
    list(people.select_for_update().filter(pk=user.pk).values("pk"))
    inbox = Inbox.objects.filter(user=user.pk)
    list(inbox.select_for_update())
    inbox.delete()
