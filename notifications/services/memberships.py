"""Who belongs to which topic, in step with staff status and auth groups."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from notifications import selectors
from notifications.models import Inbox, Membership
from notifications.services import topics
from notifications.services.audience import UserKey
from notifications.services.changes import announce, event_of
from notifications.services.locks import lock_inbox
from notifications.services.taking import take_in


def first_memberships(inboxes: Iterable[Inbox], since: int | None = None) -> None:
    """Memberships for inboxes just made, from `since`, or from where each inbox begins."""
    by_user: dict[UserKey, Inbox] = {inbox.user_id: inbox for inbox in inboxes}
    wanted = sorted(_topics_of_users(by_user))
    rows = {key: topics.row(key) for key in dict.fromkeys(key for key, _ in wanted)}
    Membership.objects.bulk_create(
        (
            Membership(
                topic=rows[key],
                inbox=by_user[user],
                since=by_user[user].taken if since is None else since,
            )
            for key, user in wanted
        ),
        ignore_conflicts=True,
    )


def align(inbox_id: int, user: AbstractBaseUser) -> None:
    """Join and leave topics so that they follow the person's staff status and groups.

    Locks nothing where nothing is to be done: a caller that saves users in a long transaction
    must not hold up the relay.
    """
    if not _differences(inbox_id, user)[0]:
        return
    with transaction.atomic():
        inbox = lock_inbox(inbox_id)
        # Again under the lock: of two changes at once the second sees the first.
        differ, wanted, has = _differences(inbox_id, user)
        if differ:
            _change(inbox, wanted - set(has), [has[key] for key in set(has) - wanted])


def _differences(inbox_id: int, user: AbstractBaseUser) -> tuple[bool, set[str], dict[str, int]]:
    """Whether memberships differ from what they follow; topics wanted; rows there, by topic."""
    wanted = {key for key, _ in _topics_of_users([user.pk])}
    follows = Q(topic__key=topics.STAFF) | Q(topic__key__startswith=topics.GROUP_PREFIX)
    rows = Membership.objects.filter(follows, inbox=inbox_id, until=None)
    has = dict(rows.values_list("topic__key", "pk"))
    return wanted != set(has), wanted, has


def _change(inbox: Inbox, join: set[str], leave: list[int]) -> None:
    # What was said until now is decided by the old memberships, so it is taken in first; the new
    # ones begin and the old ones end exactly there.
    take_in(inbox)
    since = inbox.seq
    inbox.seq += 1
    Membership.objects.filter(pk__in=leave).update(until=inbox.taken, seq=inbox.seq)
    for key in sorted(join):
        Membership.objects.update_or_create(
            topic=topics.row(key),
            inbox=inbox,
            defaults={
                "since": inbox.taken,
                "until": None,
                "seq": inbox.seq,
                "rejoined": True,
            },
            create_defaults={"since": inbox.taken, "seq": inbox.seq},
        )
    inbox.save(update_fields=["seq"])
    announce(inbox, event_of(inbox, since, [], topics=selectors.topics_of(inbox.pk)))


def _topics_of_users(user_keys: Iterable[UserKey]) -> set[tuple[str, UserKey]]:
    """Pairs of a topic's key and a user who belongs to it; user models may lack either trait."""
    model = get_user_model()
    people = model._default_manager.filter(pk__in=list(user_keys))
    pairs: set[tuple[str, UserKey]] = set()
    if any(field.name == "is_staff" for field in model._meta.fields):
        staff = people.filter(is_staff=True).values_list("pk", flat=True)
        pairs |= {(topics.STAFF, pk) for pk in staff}
    if any(field.name == "groups" for field in model._meta.many_to_many):
        groups = people.exclude(groups=None).values_list("groups", "pk")
        pairs |= {(topics.group_topic(group), pk) for group, pk in groups}
    return pairs
