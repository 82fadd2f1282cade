"""Who belongs to which topic, in step with staff status and auth groups."""

from collections.abc import Iterable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from notifications import selectors
from notifications.models import Inbox, LogHead, Membership
from notifications.services import topics
from notifications.services.changes import announce, event_of
from notifications.services.locks import lock_inbox
from notifications.services.taking import take_in


def first_memberships(inboxes: Iterable[Inbox]) -> None:
    """Memberships for inboxes just made, from the position where they begin."""
    rows = [
        Membership(topic=topics.row(key), inbox=inbox, since=inbox.taken)
        for inbox in inboxes
        for key in sorted(_wanted(inbox.user))
    ]
    Membership.objects.bulk_create(rows, ignore_conflicts=True)


def align(user: AbstractBaseUser) -> None:
    """Join and leave topics so that they follow the person's staff status and groups.

    Somebody without an inbox gets the memberships together with it.
    """
    inbox_id = selectors.inbox_of(user.pk)
    if inbox_id is None:
        return
    with transaction.atomic():
        inbox = lock_inbox(inbox_id)
        # Read under the lock: of two changes at once the second sees the first.
        wanted = _wanted(user)
        has = dict(_implicit(inbox).values_list("topic__key", "pk"))
        if wanted != set(has):
            _change(inbox, wanted - set(has), [has[key] for key in set(has) - wanted])


def _change(inbox: Inbox, join: set[str], leave: list[int]) -> None:
    # What was said until now is decided by the old memberships, so it is taken in first.
    take_in(inbox)
    head = LogHead.objects.values_list("position", flat=True).get()
    Membership.objects.filter(pk__in=leave).delete()
    since = inbox.seq
    inbox.seq += 1
    Membership.objects.bulk_create(
        Membership(topic=topics.row(key), inbox=inbox, since=head, seq=inbox.seq)
        for key in sorted(join)
    )
    inbox.save(update_fields=["seq"])
    announce(inbox, event_of(inbox, since, [], topics=selectors.topics_of(inbox.pk)))


def _wanted(user: AbstractBaseUser) -> set[str]:
    """Keys of the topics that follow from the user; user models may lack either trait."""
    keys = {topics.STAFF} if getattr(user, "is_staff", False) else set()
    groups = getattr(user, "groups", None)
    if groups is not None:
        keys |= {topics.group_topic(pk) for pk in groups.values_list("pk", flat=True)}
    return keys


def _implicit(inbox: Inbox) -> QuerySet[Membership]:
    follows = Q(topic__key=topics.STAFF) | Q(topic__key__startswith=topics.GROUP_PREFIX)
    return Membership.objects.filter(follows, inbox=inbox)
