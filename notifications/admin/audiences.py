"""Topics as operators read them."""

from collections.abc import Callable

from django.contrib.auth.models import Group
from django.utils.translation import gettext

from notifications import registry
from notifications.registry import EVERYONE, GROUP_PREFIX, STAFF

Choice = tuple[str, str]
Choices = list[Choice | tuple[str, list[Choice]]]


def choices(allowed: Callable[[str], bool]) -> Choices:
    """The topics that `allowed` lets through, in groups that have something in them."""
    declared = [(topic.key, str(topic.title)) for topic in registry.all_topics()]
    groups = Group.objects.order_by("name").values_list("pk", "name")
    parts = {
        gettext("For all"): [(EVERYONE, gettext("Everyone")), (STAFF, gettext("Staff"))],
        gettext("Topics"): declared,
    }
    kept = {name: [choice for choice in part if allowed(choice[0])] for name, part in parts.items()}
    # There may be very many, and to ask may take a query each. Who may reach staff may reach them.
    kept[gettext("Groups")] = (
        [(f"{GROUP_PREFIX}{pk}", name) for pk, name in groups] if allowed(STAFF) else []
    )
    return [("", "---------"), *((name, part) for name, part in kept.items() if part)]


def labels() -> dict[str, str]:
    """The label of every topic that can be sent to, by key."""
    found: dict[str, str] = {"": gettext("Chosen people")}
    for _, value in choices(lambda topic: True):
        if not isinstance(value, str):
            found |= {topic: _marked(topic, label) for topic, label in value}
    return found


def label(topic: str) -> str:
    """The label of one; its key where it is gone."""
    return labels().get(topic, topic)


def _marked(topic: str, label: str) -> str:
    if not topic.startswith(GROUP_PREFIX):
        return label
    return gettext("Group %(name)s") % {"name": label}
