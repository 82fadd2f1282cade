"""What a person has chosen to hear."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications import registry
from notifications.models import Inbox, Notification
from notifications.selectors.clock import database_now
from notifications.selectors.places import choices_of
from notifications.wire.choices import EPOCH, Choices, Verdict, milliseconds


@dataclass(frozen=True)
class CategoryChoice:
    """A category as a person sees it, in the active language; muted for ever without `until`."""

    key: str
    title: str
    description: str
    mandatory: bool
    receive: bool
    muted: bool
    muted_until: datetime | None


@dataclass(frozen=True)
class MutedThread:
    """A thread that is muted; for ever without `until`."""

    thread: str
    muted_until: datetime | None


@dataclass(frozen=True)
class Chosen:
    """What a person can choose from, and has chosen."""

    categories: list[CategoryChoice]
    threads: list[MutedThread]


def choices_for(inbox_id: int) -> Chosen:
    """The categories by key, and the muted threads. Raises `Inbox.DoesNotExist`."""
    stored = Inbox.objects.values_list("choices", flat=True).get(pk=inbox_id)
    choices = choices_of(stored) or Choices()
    now = milliseconds(database_now())
    muted = {key: until for key, until in choices.categories.items() if lasts(until, now)}
    return Chosen(
        [
            CategoryChoice(
                key=category.key,
                title=str(category.title),
                description=str(category.description),
                mandatory=category.mandatory,
                receive=category.mandatory or category.key not in choices.off,
                muted=category.key in muted and not category.mandatory,
                muted_until=_moment(muted.get(category.key)),
            )
            for category in registry.all_categories()
        ],
        [
            MutedThread(thread, _moment(until))
            for thread, until in sorted(choices.threads.items())
            if lasts(until, now)
        ],
    )


def verdict_on(
    notification: Notification, choices: Choices | None, thread: str | None = None
) -> Verdict:
    """What becomes of a notification for a person, perhaps in another thread than its own."""
    if choices is None:
        return Verdict.HEAR
    return choices.verdict(
        notification.category,
        notification.thread if thread is None else thread,
        milliseconds(notification.created_at),
    )


def lasts(until: int | None, now: int) -> bool:
    """Whether something is still muted at a moment, both in milliseconds since 1970."""
    return until is None or now < until


def _moment(until: int | None) -> datetime | None:
    return None if until is None else EPOCH + timedelta(milliseconds=until)
