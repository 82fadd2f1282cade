"""Notification types and topics: what an application can say, and to whom.

Each app declares its own in `notification_types.py`, which is imported at start-up. A wrong
declaration raises `ImproperlyConfigured` there and then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from notifications.exceptions import UnknownType

LEVELS = ("info", "success", "warning", "error")
KEY_MAX = 100
ACTIONS_MAX = 3

# Topics that are there without a declaration. Nobody subscribes to these: one belongs or not.
EVERYONE = "everyone"
STAFF = "staff"
GROUP_PREFIX = "auth_group."

KEY_RULE = f"letters, digits, '.', '_' and '-', at most {KEY_MAX} of them"


@dataclass(frozen=True, kw_only=True)
class Category:
    """What people opt out of, or mute: its title and description, plain or lazily translated.

    A `mandatory` one is heard by everybody. Raises `ImproperlyConfigured` when a part is wrong.
    """

    key: str
    title: str | Promise
    description: str | Promise = ""
    mandatory: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not is_key(self.key):
            raise ImproperlyConfigured(f"Category {self.key!r}: key must consist of {KEY_RULE}.")
        if not self.title:
            raise ImproperlyConfigured(f"Category {self.key!r}: people need a title to choose by.")


@dataclass(frozen=True)
class Action:
    """A labelled link of a type: both are templates, as its title is."""

    label: str | Promise
    url: str


@dataclass(frozen=True, kw_only=True)
class NotificationType:
    """A kind of notification: its category, and how it reads.

    `title` and `body` are templates in the manner of `str.format` with the names of `data`
    (`"Order {number} is on its way"`), plain or lazily translated. A type without a title
    template takes its text from the caller. Up to three `actions` are links below the text.
    `example` is data that fills every placeholder; it is what previews show. Raises
    `ImproperlyConfigured` when a part is missing or wrong.
    """

    key: str
    category: str
    title: str | Promise = ""
    body: str | Promise = ""
    level: str = "info"
    actions: Sequence[Action] = ()
    example: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("key", "category"):
            if not is_key(getattr(self, name)):
                raise self._wrong(f"{name} must consist of {KEY_RULE}")
        if self.level not in LEVELS:
            raise self._wrong(f"level must be one of {', '.join(LEVELS)}")
        if self.body and not self.title:
            raise self._wrong("a body template needs a title template")
        if len(self.actions) > ACTIONS_MAX:
            raise self._wrong(f"it has more than {ACTIONS_MAX} actions")
        unknown = self.placeholders - set(self.example)
        if unknown:
            raise self._wrong(f"example lacks the placeholders {', '.join(sorted(unknown))}")

    @property
    def ad_hoc(self) -> bool:
        """Whether the text comes from the caller instead of a template."""
        return not self.title

    @property
    def placeholders(self) -> set[str]:
        """The names that `data` must have."""
        templates = [self.title, self.body]
        for action in self.actions:
            templates += [action.label, action.url]
        return {name for template in templates for name in placeholders(str(template))}

    def render(self, data: Mapping[str, object]) -> tuple[str, str]:
        """Title and body in the active language. Raises `KeyError` for a missing name."""
        return str(self.title).format_map(data), str(self.body).format_map(data)

    def render_actions(self, data: Mapping[str, object]) -> list[tuple[str, str]]:
        """Labels, in the active language, and addresses. Raises `KeyError` for a missing name."""
        # What stands in for a name cannot lead to another place than the template does.
        quoted = {name: quote(str(value), safe="") for name, value in data.items()}
        return [(str(a.label).format_map(data), a.url.format_map(quoted)) for a in self.actions]

    def _wrong(self, problem: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"Notification type {self.key!r}: {problem}.")


@dataclass(frozen=True, kw_only=True)
class TopicType:
    """A declared topic: an audience that people subscribe to.

    `may_subscribe` is asked with the user, and now and then again about those who subscribed;
    without it everybody may. To a `default` topic everybody belongs who has not left it. Raises
    `ImproperlyConfigured` when a part is missing or wrong.
    """

    key: str
    title: str | Promise
    description: str | Promise = ""
    may_subscribe: Callable[[Any], bool] | None = None
    default: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.key, str) or not is_key(self.key):
            raise self._wrong(f"key must consist of {KEY_RULE}")
        if is_implicit(self.key):
            raise self._wrong(f"{EVERYONE}, {STAFF} and {GROUP_PREFIX}* are there already")
        if not self.title:
            raise self._wrong("people need a title to choose by")
        if self.may_subscribe is not None and not callable(self.may_subscribe):
            raise self._wrong("may_subscribe must be a function of the user")
        if self.default and self.may_subscribe is not None:
            raise self._wrong("everybody belongs to a default topic, so may_subscribe has no say")

    def allows(self, user: object) -> bool:
        """Whether this user may subscribe. Raises what `may_subscribe` does."""
        return self.may_subscribe is None or bool(self.may_subscribe(user))

    def _wrong(self, problem: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"Topic {self.key!r}: {problem}.")


def is_key(value: str) -> bool:
    """Whether `value` is fit for keys: ASCII letters, digits, '.', '_' and '-', not too many."""
    characters = value.isascii() and all(c.isalnum() or c in "._-" for c in value)
    return characters and 0 < len(value) <= KEY_MAX


def is_implicit(key: str) -> bool:
    """Whether this key is that of a topic that needs no declaration, or is like it."""
    return key in (EVERYONE, STAFF) or key.startswith(GROUP_PREFIX)


def placeholders(template: str) -> set[str]:
    """The names in a template. Raises `ImproperlyConfigured` for anything but plain names."""
    try:
        names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ImproperlyConfigured(f"Template {template!r}: {error}.") from error
    for name in names:
        # Attributes and indexes would reach into whatever `data` holds.
        if not name.isidentifier():
            raise ImproperlyConfigured(f"Template {template!r}: {{{name}}} is not a plain name.")
    return names


_types: dict[str, NotificationType] = {}
_topics: dict[str, TopicType] = {}
_categories: dict[str, Category] = {}


def register(type: NotificationType) -> NotificationType:
    """Make a type known and return it. Raises `ImproperlyConfigured` for a key taken already."""
    if type.key in _types and _types[type.key] != type:
        raise ImproperlyConfigured(f"Notification type {type.key!r} is registered twice.")
    _types[type.key] = type
    return type


def get(key: str) -> NotificationType:
    """The type of this key. Raises `UnknownType`."""
    try:
        return _types[key]
    except KeyError:
        known = ", ".join(sorted(_types))
        raise UnknownType(f"Unknown notification type {key!r}; known are: {known}.") from None


def find(key: str) -> NotificationType | None:
    """The type of this key; None for one that is stored but no longer declared."""
    return _types.get(key)


def all_types() -> list[NotificationType]:
    """Every known type, by key."""
    return [_types[key] for key in sorted(_types)]


def register_category(
    key: str, title: str | Promise, description: str | Promise = "", mandatory: bool = False
) -> Category:
    """Declare a category, and return it; see `Category`.

    One that is not declared goes by its key, and is not mandatory. Raises `ImproperlyConfigured`
    for a wrong declaration, and for a key taken already.
    """
    category = Category(key=key, title=title, description=description, mandatory=mandatory)
    if key in _categories and _categories[key] != category:
        raise ImproperlyConfigured(f"Category {key!r} is registered twice.")
    _categories[key] = category
    return category


def all_categories() -> list[Category]:
    """Every category that is declared or that a type names, by key."""
    keys = _categories.keys() | {type.category for type in _types.values()}
    return [_categories.get(key) or Category(key=key, title=_spoken(key)) for key in sorted(keys)]


def mandatory_categories() -> frozenset[str]:
    """The categories that nobody can opt out of, or mute."""
    return frozenset(key for key, category in _categories.items() if category.mandatory)


def _spoken(key: str) -> str:
    return key.replace("_", " ").replace("-", " ").replace(".", " ").strip().capitalize() or key


def register_topic(
    key: str,
    title: str | Promise,
    description: str | Promise = "",
    may_subscribe: Callable[[Any], bool] | None = None,
    default: bool = False,
) -> TopicType:
    """Make a topic known and return it; see `TopicType`.

    Raises `ImproperlyConfigured` for a wrong declaration, and for a key taken already.
    """
    topic = TopicType(
        key=key,
        title=title,
        description=description,
        may_subscribe=may_subscribe,
        default=default,
    )
    if key in _topics and _topics[key] != topic:
        raise ImproperlyConfigured(f"Topic {key!r} is registered twice.")
    _topics[key] = topic
    return topic


def find_topic(key: str) -> TopicType | None:
    """The declared topic of this key; None for implicit ones and those that nobody declares."""
    return _topics.get(key)


def all_topics() -> list[TopicType]:
    """Every declared topic, by key."""
    return [_topics[key] for key in sorted(_topics)]


def autodiscover() -> None:
    """Import `notification_types` of every installed app."""
    autodiscover_modules("notification_types")


MESSAGE = register(NotificationType(key="message", category="messages"))
