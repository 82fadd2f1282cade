"""Audiences with a name, made when they are first needed."""

import secrets
from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F

from notifications import registry
from notifications.exceptions import UnknownTopic
from notifications.models import LogHead, Topic
from notifications.registry import EVERYONE, GROUP_PREFIX, STAFF
from notifications.services.locks import lock_head


def group_topic(group_id: object) -> str:
    """The key of the topic that follows an auth group."""
    return f"{GROUP_PREFIX}{group_id}"


def resolve(key: str) -> Topic:
    """The topic of this key, made if need be. Raises `UnknownTopic`."""
    if not isinstance(key, str) or not _exists(key):
        declared = "".join(f", {topic.key}" for topic in registry.all_topics())
        raise UnknownTopic(
            f"Unknown topic {key!r}; there are {EVERYONE}, {STAFF}, {GROUP_PREFIX}<pk>{declared}."
        )
    return row(key)


def row(key: str) -> Topic:
    """The row of a topic that is known to exist; for a default one everybody belongs from now."""
    topic, _ = Topic.objects.get_or_create(key=key)
    if topic.default_since is None and key in _defaults():
        _begin(topic)
        topic.refresh_from_db()
    return topic


def rows(keys: Iterable[str]) -> dict[str, Topic]:
    """Rows by key, of topics that are known to exist and are no default ones."""
    wanted = set(keys)
    found = {topic.key: topic for topic in Topic.objects.filter(key__in=wanted)}
    return found | {key: row(key) for key in sorted(wanted - found.keys())}


def _begin(topic: Topic) -> None:
    with transaction.atomic():
        # What is said after this position bears the new version.
        head = lock_head()
        version = F("version") + 1
        # Of two at once the first decides.
        Topic.objects.filter(pk=topic.pk, default_since=None).update(
            default_since=0 if topic.key == EVERYONE else head.position,
            version=version,
            default_version=version,
        )


def begin_log() -> None:
    """The head of the log, where a flush took it, as by every `TransactionTestCase`.

    With an epoch of its own: what is left is another database.
    """
    LogHead.objects.get_or_create(pk=LogHead.ROW, defaults={"epoch": secrets.token_hex(4)})


def begin_defaults() -> None:
    """Have everybody belong to the default topics from now on, where they do not yet."""
    begun = Topic.objects.filter(default_since__isnull=False).values_list("key", flat=True)
    for key in sorted(_defaults() - set(begun)):
        row(key)


def _defaults() -> set[str]:
    return {EVERYONE, *(topic.key for topic in registry.all_topics() if topic.default)}


def _exists(key: str) -> bool:
    if key in (EVERYONE, STAFF) or registry.find_topic(key) is not None:
        return True
    number = key.removeprefix(GROUP_PREFIX)
    # Longer numbers may not fit the column.
    if number == key or not (number.isascii() and number.isdigit() and len(number) <= 9):
        return False
    return Group.objects.filter(pk=int(number)).exists()
