"""Topics as operators read them."""

from collections.abc import Callable

from django.contrib.auth.models import Group

from notifications import registry
from notifications.registry import EVERYONE, GROUP_PREFIX, STAFF

Choice = tuple[str, str]
Choices = list[Choice | tuple[str, list[Choice]]]

CHOSEN_PEOPLE = "Chosen people"


def choices(allowed: Callable[[str], bool]) -> Choices:
    """The topics that `allowed` lets through, in groups that have something in them."""
    declared = [(topic.key, str(topic.title)) for topic in registry.all_topics()]
    groups = Group.objects.order_by("name").values_list("pk", "name")
    parts = {
        "For all": [(EVERYONE, "Everyone"), (STAFF, "Staff")],
        "Topics": declared,
    }
    kept = {name: [choice for choice in part if allowed(choice[0])] for name, part in parts.items()}
    # There may be very many, and to ask may take a query each. Who may reach staff may reach them.
    kept["Groups"] = (
        [(f"{GROUP_PREFIX}{pk}", name) for pk, name in groups] if allowed(STAFF) else []
    )
    return [("", "---------"), *((name, part) for name, part in kept.items() if part)]


def labels() -> dict[str, str]:
    """The label of every topic that can be sent to, by key."""
    found: dict[str, str] = {"": CHOSEN_PEOPLE}
    for key, value in choices(lambda topic: True):
        if not isinstance(value, str):
            found |= {topic: _marked(key, label) for topic, label in value}
    return found


def label(topic: str) -> str:
    """The label of one; its key where it is gone."""
    return labels().get(topic, topic)


def _marked(part: str, label: str) -> str:
    return f"Group {label}" if part == "Groups" else label
