"""Who belongs to which topic: those who subscribed, and those in step with staff and groups.

However people join and leave, `_change` does it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from notifications import registry, selectors
from notifications.exceptions import NotAllowed
from notifications.models import Inbox, LogHead, Membership, Topic
from notifications.registry import TopicType
from notifications.services import topics
from notifications.services.audience import UserKey
from notifications.services.changes import announce, event_of
from notifications.services.following import FOLLOWING, wanted
from notifications.services.inboxes import ensure, ensure_members
from notifications.services.locks import lock_head, lock_inbox
from notifications.services.taking import take_in
from notifications.services.wake import wake_reconciler

# People looked at in one query.
CHUNK = 1000
# People who leave in the transaction of whoever has them leave: nothing is said to anybody until
# it commits, and each takes some milliseconds of that. The reconciler sees to the others.
AT_ONCE = 200

# For each person the topics to join and those to leave.
Differences = dict[UserKey, tuple[set[str], set[str]]]


def subscribe(user: AbstractBaseUser, topic_key: str) -> None:
    """Have a person belong to a declared topic from now on; fine if they do.

    Raises `UnknownTopic`, and `NotAllowed` if the topic is not for them or not declared.
    """
    declared = _declared(topic_key)
    if not declared.allows(user):
        raise NotAllowed(f"Topic {topic_key!r} is not for this person.")
    set_membership(ensure(user).pk, topics.row(topic_key), belongs=True)


def unsubscribe(user: AbstractBaseUser, topic_key: str) -> None:
    """Have a person leave a declared topic; fine if they did. What they have stays theirs.

    Everybody may, so `may_subscribe` is not asked. Raises `UnknownTopic`, and `NotAllowed` if the
    topic is not a declared one.
    """
    _declared(topic_key)
    set_membership(ensure(user).pk, topics.row(topic_key), belongs=False)


def set_membership(inbox_id: int, topic: Topic, *, belongs: bool) -> None:
    """Have an inbox belong to a topic from now on, or no longer."""
    if (topic.pk in selectors.topics_of(inbox_id)) == belongs:
        return
    with transaction.atomic():
        if not belongs:
            lock_head()
        inbox = lock_inbox(inbox_id)
        # Again under the lock: of two changes at once the second sees the first.
        if (topic.pk in selectors.topics_of(inbox_id)) != belongs:
            join, leave = ([topic.key], []) if belongs else ([], [topic.key])
            _change(inbox, join, leave)


def follow(user_keys: Iterable[UserKey]) -> None:
    """Bring memberships in step with the staff status and the groups of these people.

    Locks nothing where nothing is to be done: a caller that saves users in a long transaction
    must not hold up the relay. Of more than `AT_ONCE` people who leave, the others leave within
    seconds after the commit. Where an inbox was still missing nobody knows which memberships are
    the new ones, so all of them begin now: nobody may hear what was said before they joined.
    """
    keys = list(user_keys)
    ensure_members(keys)
    differ: Differences = {}
    for start in range(0, len(keys), CHUNK):
        differ |= _differences(keys[start : start + CHUNK])
    leaving = [key for key, (_, leave) in differ.items() if leave]
    later = set(leaving[AT_ONCE:])
    now = [key for key in differ if key not in later]
    if later:
        transaction.on_commit(wake_reconciler, robust=True)
    if not now:
        return
    with transaction.atomic():
        if leaving:
            lock_head()
        for start in range(0, len(now), CHUNK):
            _align(now[start : start + CHUNK])


def dissolve(topic_key: str) -> None:
    """Have the members of a topic leave that is to follow its group no more; as `follow`."""
    members = Membership.objects.filter(topic__key=topic_key, until=None)
    # One more than at once, so that it is seen that there are others.
    keys = members.order_by("inbox__user").values_list("inbox__user", flat=True)[: AT_ONCE + 1]
    follow(keys)


def begin_anew(inbox: Inbox) -> None:
    """Have a locked inbox belong to those declared topics to which everybody does.

    The head is locked, too. What follows from what people are stays. Rows of what was left stay:
    processes ask by them who has.
    """
    declared = Membership.objects.filter(inbox=inbox).exclude(FOLLOWING)
    subscribed = declared.filter(until=None, topic__default_since=None)
    left = declared.filter(until__isnull=False, topic__default_since__isnull=False)
    join, leave = (rows.values_list("topic__key", flat=True) for rows in (left, subscribed))
    if join or leave:
        _change(inbox, list(join), list(leave))


def _declared(key: str) -> TopicType:
    declared = registry.find_topic(key)
    if declared is None:
        topics.resolve(key)
        raise NotAllowed(f"Nobody subscribes to topic {key!r}; it follows what people are.")
    return declared


def _differences(keys: Sequence[UserKey]) -> Differences:
    """What these people are to join and to leave, without those in step; in order of person."""
    want: dict[UserKey, set[str]] = defaultdict(set)
    for topic, user in wanted(keys):
        want[user].add(topic)
    rows = Membership.objects.filter(FOLLOWING, inbox__user_id__in=keys, until=None)
    has: dict[UserKey, set[str]] = defaultdict(set)
    for user, topic in rows.values_list("inbox__user_id", "topic__key"):
        has[user].add(topic)
    return {
        user: (want[user] - has[user], has[user] - want[user])
        for user in sorted(want.keys() | has.keys())
        if want[user] != has[user]
    }


def _align(keys: Sequence[UserKey]) -> None:
    inboxes = Inbox.objects.filter(user_id__in=keys).order_by("user")
    locked = list(inboxes.select_for_update(no_key=True))
    # Again under the lock: of two changes at once the second sees the first.
    differ = _differences(keys)
    for inbox in locked:
        if inbox.user_id in differ:
            _change(inbox, *differ[inbox.user_id])


def _change(inbox: Inbox, join: Collection[str], leave: Collection[str]) -> None:
    """Have a locked inbox join and leave topics; `announce` tells its sockets."""
    if leave:
        # Nothing is appended between here and the commit. Callers have locked it before the
        # inbox, which is the lock order, unless they saw only now that there is one to leave.
        lock_head()
    # What was said until now is decided by the old memberships, so it is taken in first; the new
    # ones begin and the old ones end exactly there. (What somebody is just changing is taken in
    # later.)
    head = LogHead.objects.values_list("position", flat=True).get()
    take_in(inbox)
    position = max(head, inbox.taken)
    since = inbox.seq
    inbox.seq += 1
    for key in sorted(leave):
        _leave(inbox, topics.row(key), position)
    for key in sorted(join):
        _join(inbox, topics.row(key), position)
    inbox.save(update_fields=["seq"])
    announce(inbox, event_of(inbox, since, [], topics=selectors.topics_of(inbox.pk)))


def _leave(inbox: Inbox, topic: Topic, position: int) -> None:
    # Who gives out a later entry learns by its version that somebody has left.
    Topic.objects.filter(pk=topic.pk).update(version=F("version") + 1)
    version = Topic.objects.values_list("version", flat=True).get(pk=topic.pk)
    left = {"until": position, "seq": inbox.seq, "version": version}
    if not Membership.objects.filter(topic=topic, inbox=inbox).update(**left):
        # One who belonged without a row, as everybody did.
        since = topic.default_since or 0
        Membership.objects.create(topic=topic, inbox=inbox, since=since, **left)


def _join(inbox: Inbox, topic: Topic, position: int) -> None:
    begun = {"since": position, "seq": inbox.seq}
    # The version of the leave stays: a session may have heard of neither, and must not be given
    # what was said between.
    came_back = {"until": None, "rejoined": True}
    if not Membership.objects.filter(topic=topic, inbox=inbox).update(**begun, **came_back):
        Membership.objects.create(topic=topic, inbox=inbox, **begun)
