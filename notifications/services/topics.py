"""Audiences with a name, made when they are first needed."""

from django.contrib.auth.models import Group
from django.db.models import Value

from notifications import registry
from notifications.exceptions import UnknownTopic
from notifications.models import Topic
from notifications.registry import EVERYONE, GROUP_PREFIX, STAFF
from notifications.selectors.users import head


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
        # Of two at once the first decides.
        begin = Value(0) if key == EVERYONE else head("position")
        Topic.objects.filter(pk=topic.pk, default_since=None).update(default_since=begin)
        topic.refresh_from_db(fields=["default_since"])
    return topic


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
