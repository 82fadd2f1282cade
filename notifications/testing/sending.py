"""One thing that was said, and how it compares with what a test expects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import translation

from notifications.models import Notification, Outbox
from notifications.rendering import rendered, wire_item
from notifications.services import content
from notifications.services.audience import keys_written

# People whom a failure names; the others are counted.
NAMED = 5
# Fields that a failure shows where they are not empty, beside type and title.
SHOWN = ("body", "url", "data", "thread", "actor", "actions")


class Expected(TypedDict, total=False):
    """What a test may say of a notification: the fields of `notify`, and its category.

    Each is compared with `==`. `title` and `body` are what a reader sees, `data` names the part
    that matters, `actor` is anything that `notify` takes.
    """

    type: object
    category: object
    title: object
    body: object
    url: object
    level: object
    priority: object
    actor: content.Actor
    thread: object
    data: Mapping[str, object]
    actions: object
    expires_at: object


class Text(NamedTuple):
    """What somebody reads."""

    title: str
    body: str


@dataclass(frozen=True)
class Sending:
    """A notification on its way: to people, to a topic, or once more, updated or retracted.

    `user_keys` are the primary keys of the people as text; `topic` is empty except for broadcasts
    and what happens to them.
    """

    kind: Outbox.Kind
    notification: Notification
    user_keys: list[str] = field(default_factory=list)
    topic: str = ""

    @property
    def users(self) -> list[AbstractBaseUser]:
        """The people it goes to, without those deleted meanwhile."""
        return users_of(self.user_keys)

    @property
    def title(self) -> str:
        """As somebody with the active language reads it."""
        return self.text().title

    @property
    def body(self) -> str:
        """As somebody with the active language reads it."""
        return self.text().body

    def text(self, language: str | None = None) -> Text:
        """Title and body as somebody with this language reads them (default: the active one)."""
        item = rendered(wire_item(self.notification), language)
        return Text(item["title"], item["body"])

    def differences(self, expected: Expected, language: str | None = None) -> list[str]:
        """In which respects it is not as expected, in words. Raises `TypeError` for other names."""
        unknown = set(expected) - set(Expected.__annotations__)
        if unknown:
            known = ", ".join(Expected.__annotations__)
            raise TypeError(f"{', '.join(sorted(unknown))}: no such field; there are {known}.")
        # Lazily translated texts are compared as that reader sees them.
        with translation.override(language or translation.get_language()):
            found = self._fields(language)
            return [
                f"{name} is {found[name]!r}"
                for name, wanted in expected.items()
                if not _agrees(name, wanted, found[name])
            ]

    def __str__(self) -> str:
        return f"{self._what()}: {self._said()}"

    def _what(self) -> str:
        at = f" of topic {self.topic}" if self.topic else ""
        to = f" for {named(self.user_keys)}" if self.user_keys else ""
        match self.kind:
            case Outbox.Kind.ITEMS:
                return f"to {named(self.user_keys)}"
            case Outbox.Kind.LOG:
                return f"broadcast to {self.topic}"
            case Outbox.Kind.UPDATE:
                return f"update of notification {self.notification.pk}{at}"
            case Outbox.Kind.RETRACT:
                return f"retraction of notification {self.notification.pk}{at}{to}"

    def _said(self) -> str:
        found = self._fields(None)
        shown = {name: found[name] for name in SHOWN if found[name]}
        details = "".join(f", {name}={value!r}" for name, value in shown.items())
        return f"{found['type']} {found['title']!r}{details}"

    def _fields(self, language: str | None) -> dict[str, Any]:
        said = self.notification
        text = self.text(language)
        actor = {"type": said.actor_type, "id": said.actor_id, "label": said.actor_label}
        return {
            **{name: getattr(said, name) for name in ("type", "category", "url", "level")},
            **{name: getattr(said, name) for name in ("priority", "thread", "data", "expires_at")},
            "title": text.title,
            "body": text.body,
            "actions": said.actions or [],
            "actor": {name: value for name, value in actor.items() if value},
        }


def named(user_keys: Sequence[str]) -> str:
    """These people, the first few by name."""
    names = {str(user.pk): str(user) for user in users_of(user_keys[:NAMED])}
    shown = [names.get(key, f"user {key}") for key in user_keys[:NAMED]]
    more = len(user_keys) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def users_of(user_keys: Iterable[str]) -> list[AbstractBaseUser]:
    """The users with these keys, in their order, without those deleted meanwhile."""
    keys = list(keys_written(user_keys))
    found = get_user_model()._default_manager.in_bulk(keys)
    return [found[key] for key in keys if key in found]


def _agrees(name: str, wanted: Any, found: Any) -> bool:
    if name == "data":
        return all(key in found and found[key] == value for key, value in wanted.items())
    if name == "actor":
        return _actor(wanted).items() <= found.items() if wanted else not found
    return bool(found == wanted)


def _actor(wanted: content.Actor) -> dict[str, str]:
    """The actor as it is stored, as far as it was said."""
    said = content.compose("message", title="-", actor=wanted)
    actor = {"type": said.actor_type, "id": said.actor_id, "label": said.actor_label}
    return {name: value for name, value in actor.items() if value}
