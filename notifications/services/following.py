"""What people belong to without being asked: topics that follow staff status and auth groups."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import ManyToManyField, Q

from notifications.models import Inbox, Membership
from notifications.registry import GROUP_PREFIX, STAFF
from notifications.services import topics
from notifications.services.audience import UserKey

# Topics that follow something.
FOLLOWING = Q(topic__key=STAFF) | Q(topic__key__startswith=GROUP_PREFIX)


def has_staff() -> bool:
    """Whether the user model knows of staff."""
    return any(field.name == "is_staff" for field in get_user_model()._meta.fields)


def groups_field() -> "ManyToManyField[Any, Any] | None":
    """The user model's auth groups, if it has any."""
    fields = get_user_model()._meta.many_to_many
    return next((field for field in fields if field.name == "groups"), None)


def wanted(user_keys: Iterable[UserKey]) -> set[tuple[str, UserKey]]:
    """Pairs of a topic's key and a user who is to belong to it."""
    model = get_user_model()
    people = model._default_manager.filter(pk__in=list(user_keys))
    pairs: set[tuple[str, UserKey]] = set()
    if has_staff():
        staff = people.filter(is_staff=True).values_list("pk", flat=True)
        pairs |= {(STAFF, pk) for pk in staff}
    if groups_field() is not None:
        groups = people.filter(groups__isnull=False).values_list("groups", "pk")
        pairs |= {(topics.group_topic(group), pk) for group, pk in groups}
    return pairs


def first_memberships(inboxes: Iterable[Inbox], since: int | None = None) -> None:
    """Memberships for inboxes just made, from `since`, or from where each inbox begins."""
    by_user: dict[UserKey, Inbox] = {inbox.user_id: inbox for inbox in inboxes}
    pairs = sorted(wanted(by_user))
    rows = topics.rows(key for key, _ in pairs)
    Membership.objects.bulk_create(
        (
            Membership(
                topic=rows[key],
                inbox=by_user[user],
                since=by_user[user].taken if since is None else since,
            )
            for key, user in pairs
        ),
        ignore_conflicts=True,
    )
