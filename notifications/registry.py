"""Notification types: what an application can say.

Each app declares its own in `notification_types.py`, which is imported at start-up. A wrong
declaration raises `ImproperlyConfigured` there and then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

from notifications.exceptions import UnknownType

LEVELS = ("info", "success", "warning", "error")
KEY_MAX = 100

KEY_RULE = f"letters, digits, '.', '_' and '-', at most {KEY_MAX} of them"


@dataclass(frozen=True, kw_only=True)
class NotificationType:
    """A kind of notification: its category, and how it reads.

    `title` and `body` are templates in the manner of `str.format` with the names of `data`
    (`"Order {number} is on its way"`), plain or lazily translated. A type without a title
    template takes its text from the caller. `example` is data that fills every placeholder; it
    is what previews show. Raises `ImproperlyConfigured` when a part is missing or wrong.
    """

    key: str
    category: str
    title: str | Promise = ""
    body: str | Promise = ""
    level: str = "info"
    example: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("key", "category"):
            value = getattr(self, name)
            if not value or len(value) > KEY_MAX or not is_key(value):
                raise self._wrong(f"{name} must consist of {KEY_RULE}")
        if self.level not in LEVELS:
            raise self._wrong(f"level must be one of {', '.join(LEVELS)}")
        if self.body and not self.title:
            raise self._wrong("a body template needs a title template")
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
        return placeholders(str(self.title)) | placeholders(str(self.body))

    def render(self, data: Mapping[str, object]) -> tuple[str, str]:
        """Title and body in the active language. Raises `KeyError` for a missing name."""
        return str(self.title).format_map(data), str(self.body).format_map(data)

    def _wrong(self, problem: str) -> ImproperlyConfigured:
        return ImproperlyConfigured(f"Notification type {self.key!r}: {problem}.")


def is_key(value: str) -> bool:
    """Whether `value` is fit for keys: ASCII letters, digits, '.', '_' and '-'."""
    return value.isascii() and all(c.isalnum() or c in "._-" for c in value)


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


def autodiscover() -> None:
    """Import `notification_types` of every installed app."""
    autodiscover_modules("notification_types")


MESSAGE = register(NotificationType(key="message", category="messages"))
