"""What is said: validation, once, for every way in."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

from django.db.models import Model
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise

from notifications import registry
from notifications.exceptions import InvalidNotification
from notifications.models import Level, Notification, Priority
from notifications.models.inbox import STORM_PREFIX
from notifications.wire.cursor import NUMBER_LIMIT

# Characters, and bytes of JSON for data. Together a notification stays below 16 KiB on the wire,
# a quarter of what may wait for a slow socket.
TITLE_MAX = 200
BODY_MAX = 2000
URL_MAX = 2000
THREAD_MAX = 100
DATA_MAX = 4096
DATA_DEPTH = 20
LABEL_MAX = 100
ACTOR_KEY_MAX = 100
LAST_YEAR = 9998
ACTION_MAX = 40

# `values` makes a new list each time.
LEVELS, PRIORITIES = Level.values, Priority.values

Actor = Model | Mapping[str, str] | str | None
Actions = Iterable[Mapping[str, str]] | None


class Fields(TypedDict, total=False):
    """What can be said beside the type; see `compose`."""

    title: str
    body: str
    url: str
    level: str
    priority: str
    actor: Actor
    thread: str
    data: Mapping[str, object] | None
    actions: Actions
    expires_at: datetime | str | None


_CONTROLS = {chr(code) for code in (*range(32), 127)}


def compose(
    type: str,
    *,
    title: str = "",
    body: str = "",
    url: str = "",
    level: str = "",
    priority: str = "normal",
    actor: Actor = None,
    thread: str = "",
    data: Mapping[str, object] | None = None,
    actions: Actions = None,
    expires_at: datetime | str | None = None,
) -> Notification:
    """An unsaved notification of checked parts. Raises `InvalidNotification`.

    The templates of the type are filled from `data` for each reader, unless `title` gives the
    text; `body` may be given either way. `url` is a path or http(s). `level` (`info success
    warning error`) defaults to the type's; `priority` is `normal` or `urgent`. `actor` is who did
    it: a model instance, a label, or a mapping of `type`, `id` and `label`. `thread` groups what
    belongs together: readers have one row for it. `actions` are up to three links below the text,
    each a mapping of `label` and `url`, in place of the type's. `expires_at` is an aware datetime,
    or from JSON ISO 8601 with an offset.
    """
    kind = registry.get(type)
    data = _data(data)
    title = _text("title", title, TITLE_MAX)
    if kind.ad_hoc and not title:
        raise InvalidNotification(f"title: a notification of type {type!r} needs one.")
    if not title:
        missing = kind.placeholders - set(data)
        if missing:
            raise InvalidNotification(f"data lacks {', '.join(sorted(missing))} for {type!r}.")
    notification = Notification(
        type=kind.key,
        category=kind.category,
        title=title,
        body=_text("body", body, BODY_MAX, lines=True),
        url=_url(url),
        level=_choice("level", level or kind.level, LEVELS),
        priority=_choice("priority", priority, PRIORITIES),
        thread=_thread(thread),
        data=data,
        actions=_actions(actions, data),
        expires_at=_moment(expires_at),
    )
    label = _actor(actor)
    notification.actor_type, notification.actor_id, notification.actor_label = label
    return notification


# What can be said anew of something that was said; who it is for, and what it belongs to, stays.
REVISABLE = ("title", "body", "url", "level", "priority", "data", "actions", "expires_at")


def revise(notification: Notification, **fields: Unpack[Fields]) -> list[str]:
    """Give a notification other content; the names of the columns that are different now.

    Fields are checked as by `compose`; those that are not given stay. Raises
    `InvalidNotification`.
    """
    for name in fields.keys() - {*REVISABLE, "actor"}:
        raise InvalidNotification(f"{name} cannot be changed after it was said.")
    said: Fields = {
        "title": notification.title,
        "body": notification.body,
        "url": notification.url,
        "level": notification.level,
        "priority": notification.priority,
        "data": notification.data,
        "actions": notification.actions,
        "expires_at": notification.expires_at,
    }
    said.update(fields)
    revised = compose(notification.type, **said)
    columns = [*REVISABLE]
    if "actor" in fields:
        columns += ["actor_type", "actor_id", "actor_label"]
    changed = [name for name in columns if getattr(notification, name) != getattr(revised, name)]
    for name in changed:
        setattr(notification, name, getattr(revised, name))
    return changed


def fingerprint(notification: Notification, audience: str) -> str:
    """SHA-256 of what is said and to whom, as hexadecimal digits."""
    said = [
        notification.type,
        notification.title,
        notification.body,
        notification.url,
        notification.level,
        notification.priority,
        notification.actor_type,
        notification.actor_id,
        notification.actor_label,
        notification.thread,
        notification.data,
        notification.expires_at.timestamp() if notification.expires_at else None,
        audience,
    ]
    if notification.actions:
        # Only then, so that what was said before there were any has the fingerprint it had.
        said.append(notification.actions)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _text(name: str, value: object, longest: int, *, lines: bool = False) -> str:
    # str() of anything else would turn None or bytes into text that somebody reads.
    if not isinstance(value, str | Promise):
        raise InvalidNotification(f"{name} must be text, not {value.__class__.__name__}.")
    value = str(value)
    value = value.replace("\r\n", "\n").strip()
    if len(value) > longest:
        raise InvalidNotification(f"{name} has {len(value)} characters; at most {longest} fit.")
    bad = (set(value) & _CONTROLS) - ({"\n", "\t"} if lines else set())
    if bad or not _encodable(value):
        raise InvalidNotification(f"{name} has a control character or half a surrogate pair.")
    return value


def _thread(value: object) -> str:
    thread = _text("thread", value, THREAD_MAX)
    if thread.startswith(STORM_PREFIX):
        raise InvalidNotification(f"thread must not begin with {STORM_PREFIX!r}.")
    return thread


def _actions(value: Actions, data: Mapping[str, object]) -> list[dict[str, str]] | None:
    if value is None:
        return None
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InvalidNotification("actions must be a list of mappings of label and url.")
    actions = [_action(action) for action in islice(value, registry.ACTIONS_MAX + 1)]
    if len(actions) > registry.ACTIONS_MAX:
        raise InvalidNotification(f"actions: at most {registry.ACTIONS_MAX} fit.")
    text = json.dumps([data, actions], ensure_ascii=False)
    if len(text.encode()) > DATA_MAX:
        raise InvalidNotification(f"actions and data are more than {DATA_MAX} bytes of JSON.")
    return actions or None


def _action(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or value.keys() != {"label", "url"}:
        raise InvalidNotification("actions must be mappings of label and url.")
    action = {
        "label": _text("label of an action", value["label"], ACTION_MAX),
        "url": _url(value["url"], "url of an action"),
    }
    if not all(action.values()):
        raise InvalidNotification("an action needs a label and a url.")
    return action


def _url(value: object, name: str = "url") -> str:
    url = _text(name, value, URL_MAX)
    if not url:
        return ""
    if len(url.encode()) > URL_MAX:
        raise InvalidNotification(f"{name} has more than {URL_MAX} bytes.")
    # Browsers drop white space inside and read a backslash as a slash (WHATWG URL, 4.4).
    if any(c.isspace() for c in url) or "\\" in url:
        raise InvalidNotification(f"{name} has white space or a backslash.")
    if url.startswith("/") and not url.startswith("//"):
        return url
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidNotification(f"{name}: {error}.") from error
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise InvalidNotification(
            f"{name} must be a path from '/' or start with http:// or https://."
        )
    return url


def _choice(name: str, value: object, choices: list[str]) -> str:
    if value not in choices:
        raise InvalidNotification(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return str(value)


def _data(value: Mapping[str, object] | None) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidNotification("data must be a mapping with text keys.")
    try:
        text = json.dumps(dict(value), allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidNotification(f"data is not JSON: {error}.") from error
    if not _encodable(text) or "\\u0000" in text:
        raise InvalidNotification("data has half a surrogate pair or a NUL.")
    if len(text.encode()) > DATA_MAX:
        raise InvalidNotification(f"data is more than {DATA_MAX} bytes of JSON.")
    # As it will come back from the database: tuples as lists, keys as text.
    stored: dict[str, object] = json.loads(text)
    _check_values(stored, DATA_DEPTH)
    return stored


def _check_values(value: object, depth: int) -> None:
    """Refuse what msgpack or JavaScript cannot hold."""
    if depth == 0:
        raise InvalidNotification(f"data is nested more than {DATA_DEPTH} deep.")
    if isinstance(value, int) and abs(value) >= NUMBER_LIMIT:
        raise InvalidNotification("data has a whole number of 2**53 or more; send it as text.")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_values(inner, depth - 1)


def _moment(value: datetime | str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = parse_datetime(value) if isinstance(value, str) else value
        if not isinstance(moment, datetime) or timezone.is_naive(moment):
            raise InvalidNotification("expires_at must be a moment with a time zone.")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidNotification(f"expires_at: {error}") from error
    # At the edges, databases and drivers convert to years that Python does not have.
    if not 1970 <= moment.year <= LAST_YEAR:
        raise InvalidNotification(f"expires_at must lie between 1970 and {LAST_YEAR}.")
    return moment


def _actor(value: Actor) -> tuple[str, str, str]:
    if value is None:
        return "", "", ""
    if isinstance(value, Model):
        label = _text("actor", str(value)[:LABEL_MAX], LABEL_MAX)
        return value._meta.label_lower, str(value.pk), label
    if isinstance(value, Mapping):
        if not value.get("label"):
            raise InvalidNotification("actor needs a label.")
        kind = _text("actor type", value.get("type", ""), ACTOR_KEY_MAX)
        key = _text("actor id", value.get("id", ""), ACTOR_KEY_MAX)
        return kind, key, _text("actor label", value["label"], LABEL_MAX)
    return "", "", _text("actor", value, LABEL_MAX)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
