"""The topics that a person can choose from."""

from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser

from notifications import registry
from notifications.models import Topic
from notifications.selectors.inbox import inbox_of
from notifications.selectors.places import topics_of


@dataclass(frozen=True)
class TopicChoice:
    """A declared topic as a person sees it, in the active language."""

    key: str
    title: str
    description: str
    subscribed: bool


def topic_choices(user: AbstractBaseUser) -> list[TopicChoice]:
    """The topics that this person may subscribe to, or may leave, by key.

    Raises what `may_subscribe` of a topic does.
    """
    declared = registry.all_topics()
    ids = dict(Topic.objects.filter(key__in=[t.key for t in declared]).values_list("key", "pk"))
    # No inbox has the id 0, so that this is where everybody belongs.
    mine = topics_of(inbox_of(user.pk) or 0)
    subscribed = {
        topic.key: ids[topic.key] in mine if topic.key in ids else topic.default
        for topic in declared
    }
    return [
        TopicChoice(topic.key, str(topic.title), str(topic.description), subscribed[topic.key])
        for topic in declared
        if subscribed[topic.key] or topic.allows(user)
    ]
