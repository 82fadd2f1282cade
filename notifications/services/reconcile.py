"""Finding what no signal told of memberships, and setting it right.

`QuerySet.update`, `bulk_create`, raw SQL and rows of through models change staff status, groups and
users in silence. Each kind of difference is one query over whole tables that returns a page of
people; each of them is looked at again under their lock and changed as if a signal had told.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.db import InterfaceError, transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from notifications import registry
from notifications.models import Inbox, Membership, Topic
from notifications.registry import GROUP_PREFIX, STAFF, TopicType
from notifications.services import topics
from notifications.services.audience import UserKey
from notifications.services.following import groups_field, has_staff
from notifications.services.inboxes import make_missing
from notifications.services.locks import wait_at_most
from notifications.services.memberships import follow, set_membership
from notifications.services.wake import wake_reconciler

logger = logging.getLogger(__name__)

# Seconds for each kind of difference; the rest is for the next run. All together stay well below
# the time limit of tasks.
SECONDS_EACH = 3.0
# People found by one query.
PAGE = 500

# People changed in one transaction, a fraction of a second in which nobody can be told anything.
TOGETHER = 20
# Seconds to wait for the lock of one person.
LOCK_SECONDS = 0.5
# What ends a run: time is up, or the database is gone.
ENDS = (SoftTimeLimitExceeded, InterfaceError)

# A queryset, and the name of its field with the user's key.
Found = tuple[QuerySet[Any, Any], str]


def reconcile() -> int:
    """Set right what differs; the number of people concerned.

    Takes some twenty seconds at most, then wakes a successor if there is more. One person who
    cannot be set right harms no other. What belongs to a topic that nobody declares any more stays
    as it is: during a deploy the declaring version may be another one, and nobody can speak to it.
    """
    topics.begin_defaults()
    kinds = (_without_inbox, _staff_outside, _others_inside, _outside_groups, _inside_groups)
    done = [_set_right(find) for find in kinds]
    count = sum(number for number, _ in done) + _ask_again()
    if count:
        logger.info("Memberships of %d people were not in step", count)
    # Not where time went by and nothing was done.
    if any(number and more for number, more in done):
        wake_reconciler()
    return count


def _set_right(find: Callable[[], Found | None]) -> tuple[int, bool]:
    """The number of people set right, and whether there may be more."""
    found = find()
    if found is None:
        return 0, False
    queryset, field = found
    act = _make_inboxes if find is _without_inbox else _follow_each
    count = 0
    stop_at = time.monotonic() + SECONDS_EACH
    for page in _pages(queryset, field):
        count += act(page, stop_at)
        if time.monotonic() >= stop_at:
            return count, True
    return count, False


def _pages(queryset: QuerySet[Any, Any], field: str) -> Iterator[list[UserKey]]:
    """Users' keys, in order: one that stays as it is comes once."""
    people = queryset.order_by(field).values_list(field, flat=True).distinct()
    page = list(people[:PAGE])
    while page:
        yield page
        page = list(people.filter(**{f"{field}__gt": page[-1]})[:PAGE])


def _make_inboxes(keys: list[UserKey], stop_at: float) -> int:
    with transaction.atomic():
        make_missing(keys)
    return len(keys)


def _follow_each(keys: list[UserKey], stop_at: float) -> int:
    count = 0
    for start in range(0, len(keys), TOGETHER):
        if time.monotonic() >= stop_at:
            break
        count += _follow(keys[start : start + TOGETHER])
    return count


def _follow(keys: list[UserKey]) -> int:
    try:
        with transaction.atomic():
            wait_at_most(LOCK_SECONDS)
            follow(keys)
        return len(keys)
    except ENDS:
        raise
    except Exception:
        if len(keys) == 1:
            logger.exception("Memberships of user %s could not be set right", keys[0])
            return 0
    return sum(_follow([key]) for key in keys)


# -- what differs ------------------------------------------------------------------------------


def _without_inbox() -> Found:
    return get_user_model()._default_manager.filter(inbox=None), "pk"


def _staff_outside() -> Found | None:
    if not has_staff():
        return None
    inside = Membership.objects.filter(topic__key=STAFF, inbox=OuterRef("pk"), until=None)
    return Inbox.objects.filter(~Exists(inside), user__is_staff=True), "user_id"


def _others_inside() -> Found:
    # By its id, so that PostgreSQL knows how few of all memberships these are.
    members = Membership.objects.filter(topic=topics.row(STAFF).pk, until=None)
    if has_staff():
        members = members.filter(inbox__user__is_staff=False)
    return members, "inbox__user_id"


def _outside_groups() -> Found | None:
    rows = _group_rows()
    if rows is None:
        return None
    through, user, topic_key = rows
    inside = Membership.objects.filter(
        topic__key=OuterRef("topic_key"), inbox__user_id=OuterRef(user), until=None
    )
    return through.annotate(topic_key=topic_key).filter(~Exists(inside)), user


def _inside_groups() -> Found:
    members = Membership.objects.filter(topic__key__startswith=GROUP_PREFIX, until=None)
    rows = _group_rows()
    if rows is not None:
        through, user, topic_key = rows
        theirs = through.annotate(topic_key=topic_key).filter(
            **{user: OuterRef("inbox__user_id")}, topic_key=OuterRef("topic__key")
        )
        members = members.filter(~Exists(theirs))
    return members, "inbox__user_id"


def _group_rows() -> tuple[QuerySet[Any, Any], str, Concat] | None:
    """Who is in which group; the name of the user's column; the key of the group's topic."""
    field = groups_field()
    if field is None:
        return None
    group = Cast(f"{field.m2m_reverse_field_name()}_id", CharField())
    key = Concat(Value(GROUP_PREFIX), group, output_field=CharField())
    through: Any = field.remote_field.through
    return through._default_manager.all(), f"{field.m2m_field_name()}_id", key


# -- who may no longer -------------------------------------------------------------------------


def _ask_again() -> int:
    """Ask about those who subscribed where not everybody may, as long as there is time."""
    asking = [declared for declared in registry.all_topics() if declared.may_subscribe is not None]
    # So that one that takes its time does not come before the others each time.
    random.shuffle(asking)
    stop_at = time.monotonic() + SECONDS_EACH
    return sum(_ask_page(declared, stop_at) for declared in asking)


def _ask_page(declared: TopicType, stop_at: float) -> int:
    """Ask about a page of them, from where the last run ended; the number of those who leave."""
    topic = topics.row(declared.key)
    members = Membership.objects.filter(topic=topic, until=None, inbox__gt=topic.asked_up_to)
    page = list(members.select_related("inbox__user").order_by("inbox")[:PAGE])
    asked = count = 0
    while asked < len(page) and time.monotonic() < stop_at:
        count += _leaves(page[asked].inbox, topic, declared)
        asked += 1
    ended = asked == len(page) < PAGE
    up_to = 0 if ended else page[asked - 1].inbox_id if asked else topic.asked_up_to
    if up_to != topic.asked_up_to:
        Topic.objects.filter(pk=topic.pk).update(asked_up_to=up_to)
    return count


def _leaves(inbox: Inbox, topic: Topic, declared: TopicType) -> bool:
    try:
        if declared.allows(inbox.user):
            return False
        with transaction.atomic():
            wait_at_most(LOCK_SECONDS)
            set_membership(inbox.pk, topic, belongs=False)
    except ENDS:
        raise
    except Exception:
        # Whoever cannot say is not taken to have said no.
        logger.exception("Topic %s could not be asked about inbox %d", topic.key, inbox.pk)
        return False
    return True
