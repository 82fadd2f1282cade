"""What a person chooses to hear: categories to receive, categories and threads to mute.

Each choice holds from now on: the log is taken in by the old ones first.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from notifications import registry
from notifications.exceptions import InvalidChoice, InvalidMoment, NotAllowed
from notifications.selectors.choices import lasts
from notifications.selectors.places import choices_of
from notifications.services.changes import announce, event_of
from notifications.services.locks import lock_inbox
from notifications.services.taking import take_in
from notifications.wire.choices import Choices, milliseconds

# Categories and threads that one person has muted at a time; they are read with the inbox.
MUTED_MAX = 200
THREAD_MAX = 150
# Whoever wants more wants it for ever.
MUTE_MAX = timedelta(days=3660)

Muted = Mapping[str, int | None]


def opt_out(inbox_id: int, category: str) -> None:
    """Receive nothing of a category any more.

    Raises `InvalidChoice` for one that there is not, and `NotAllowed` for a mandatory one.
    """
    _choosable(category)
    _choose(inbox_id, lambda choices: replace(choices, off=choices.off | {category}))


def opt_in(inbox_id: int, category: str) -> None:
    """Receive a category again; fine if it is received."""
    _choose(inbox_id, lambda choices: replace(choices, off=choices.off - {category}))


def mute(
    inbox_id: int, *, category: str = "", thread: str = "", until: datetime | None = None
) -> None:
    """Have what is said in a category or thread come quietly, until a moment or for ever.

    Raises `InvalidChoice`, `InvalidMoment`, and `NotAllowed` for a mandatory category.
    """
    end = None if until is None else _end(until)
    if category:
        _choosable(category)
    elif not thread or len(thread) > THREAD_MAX or "\0" in thread:
        raise InvalidChoice("Name a category, or a thread of a reasonable length.")

    def choose(choices: Choices) -> Choices:
        if category:
            return replace(choices, categories={**choices.categories, category: end})
        return replace(choices, threads={**choices.threads, thread: end})

    _choose(inbox_id, choose)


def unmute(inbox_id: int, *, category: str = "", thread: str = "") -> None:
    """Hear a category or thread again; fine if it is heard."""

    def choose(choices: Choices) -> Choices:
        return replace(
            choices,
            categories=_without(choices.categories, category),
            threads=_without(choices.threads, thread),
        )

    _choose(inbox_id, choose)


def _choose(inbox_id: int, choose: Callable[[Choices], Choices]) -> None:
    with transaction.atomic():
        inbox = lock_inbox(inbox_id)
        before = _lasting(choices_of(inbox.choices) or Choices.read({}, _mandatory()))
        chosen = choose(before)
        if len(chosen.categories) + len(chosen.threads) > MUTED_MAX:
            raise InvalidChoice(f"At most {MUTED_MAX} categories and threads can be muted.")
        if chosen == before:
            return
        take_in(inbox)
        since = inbox.seq
        inbox.seq += 1
        chosen = replace(chosen, since=inbox.taken, seq=inbox.seq)
        inbox.choices = chosen.stored()
        inbox.save(update_fields=["seq", "choices"])
        announce(inbox, event_of(inbox, since, [], choices=chosen))


def _lasting(choices: Choices) -> Choices:
    """Without what is muted no more."""
    now = milliseconds(timezone.now())
    return replace(
        choices,
        categories={key: end for key, end in choices.categories.items() if lasts(end, now)},
        threads={key: end for key, end in choices.threads.items() if lasts(end, now)},
    )


def _without(muted: Muted, key: str) -> Muted:
    return {name: until for name, until in muted.items() if name != key}


def _choosable(category: str) -> None:
    if category not in {known.key for known in registry.all_categories()}:
        raise InvalidChoice(f"There is no category {category!r}.")
    if category in _mandatory():
        raise NotAllowed(f"Nobody can turn off category {category!r}.")


def _mandatory() -> frozenset[str]:
    return registry.mandatory_categories()


def _end(until: datetime) -> int:
    now = timezone.now()
    if timezone.is_naive(until) or not now < until <= now + MUTE_MAX:
        raise InvalidMoment("until must be a moment with a time zone within ten years from now.")
    return milliseconds(until)
