"""Audiences with a name, made when they are first needed."""

from django.contrib.auth.models import Group

from notifications.exceptions import UnknownTopic
from notifications.models import Topic
from notifications.selectors import EVERYONE

STAFF = "staff"
GROUP_PREFIX = "auth_group."


def group_topic(group_id: object) -> str:
    """The key of the topic that follows an auth group."""
    return f"{GROUP_PREFIX}{group_id}"


def resolve(key: str) -> Topic:
    """The topic of this key, made if need be. Raises `UnknownTopic`."""
    if not isinstance(key, str) or not _exists(key):
        raise UnknownTopic(f"Unknown topic {key!r}; there are everyone, staff, auth_group.<pk>.")
    return row(key)


def row(key: str) -> Topic:
    """The row of a topic that is known to exist."""
    topic, _ = Topic.objects.get_or_create(key=key)
    return topic


def _exists(key: str) -> bool:
    if key in (EVERYONE, STAFF):
        return True
    number = key.removeprefix(GROUP_PREFIX)
    # Longer numbers may not fit the column.
    if number == key or not (number.isascii() and number.isdigit() and len(number) <= 9):
        return False
    return Group.objects.filter(pk=int(number)).exists()
