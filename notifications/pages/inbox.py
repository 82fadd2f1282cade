"""What the forms of the list do: one call of a service each."""

from collections.abc import Mapping
from datetime import timedelta

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.pages.forms import form, number, text
from notifications.person import cursor_of, inbox_of
from notifications.services import inbox as service
from notifications.services.inbox import AllState, State
from notifications.wire.events import InboxEvent

PAGE = "clarion:inbox"
# For how long something may be put off here: a reader's evening is nowhere known.
SNOOZES = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
# In the address: the state, and what is said of it where the list does not show it.
STATES: Mapping[str, tuple[State, Promise | str]] = {
    "read": ("read", ""),
    "unread": ("unread", ""),
    "archive": ("archived", _("Archived.")),
    "unarchive": ("unarchived", _("Back in the inbox.")),
    "unsnooze": ("unsnoozed", _("Back in the inbox.")),
}
ALL_STATES: Mapping[str, tuple[AllState, Promise]] = {
    "read": ("read", _("All are read.")),
    "archive": ("archived", _("What had been read is archived.")),
}


@form(PAGE)
def mark(request: HttpRequest, action: str) -> str:
    """Give an item a state. One that is not in the inbox is as one that has that state."""
    if action not in STATES:
        raise Http404
    state, said = STATES[action]
    return _said(service.mark(inbox_of(request), state, _ids(request)), said)


@form(PAGE)
def snooze(request: HttpRequest, length: str) -> str:
    """Put an item off."""
    if length not in SNOOZES:
        raise Http404
    until = timezone.now() + SNOOZES[length]
    event = service.snooze(inbox_of(request), _ids(request), until)
    return _said(event, _("Snoozed. It comes back by itself."))


@form(PAGE)
def mark_all(request: HttpRequest, action: str) -> str:
    """Give a state to all that the page could know of, and to nothing that came since."""
    if action not in ALL_STATES:
        raise Http404
    state, said = ALL_STATES[action]
    category = text(request.POST.get("category"))
    cursor = cursor_of(request.POST.get("cursor", ""))
    event = service.mark_all(inbox_of(request), state, cursor, category)
    return _said(event, said)


def _ids(request: HttpRequest) -> list[int]:
    found = number(request.POST.get("id"))
    return [] if found is None else [found]


def _said(event: InboxEvent, words: Promise | str) -> str:
    return str(words) if event.seq > event.since else gettext("There was nothing to change.")
