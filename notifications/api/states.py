"""`/api/v1/inbox/...`: changing the state of what is in an inbox."""

from django.http import HttpRequest
from ninja import Router

from notifications.api.answers import Answer, changed
from notifications.api.errors import problems
from notifications.api.schemas import ChangeOut, IdsIn, SnoozeIn, UpToIn
from notifications.person import cursor_of, inbox_of
from notifications.services import inbox as service
from notifications.services.inbox import AllState, State

router = Router(tags=["state"])


@router.post("/seen", response=ChangeOut, summary="Mark as seen")
def mark_seen(request: HttpRequest, body: IdsIn) -> Answer:
    """Noticed in the list; no longer counts as unseen."""
    return _mark(request, "seen", body)


@router.post("/read", response=ChangeOut, summary="Mark as read")
def mark_read(request: HttpRequest, body: IdsIn) -> Answer:
    """Opened; reading is seeing."""
    return _mark(request, "read", body)


@router.post("/unread", response=ChangeOut, summary="Mark as not read")
def mark_unread(request: HttpRequest, body: IdsIn) -> Answer:
    """To come back to; stays seen."""
    return _mark(request, "unread", body)


@router.post("/archive", response=ChangeOut, summary="Put away")
def archive(request: HttpRequest, body: IdsIn) -> Answer:
    """Out of the list and out of the counters, with all that it stands for in its thread."""
    return _mark(request, "archived", body)


@router.post("/unarchive", response=ChangeOut, summary="Bring back what was put away")
def unarchive(request: HttpRequest, body: IdsIn) -> Answer:
    """As it was before."""
    return _mark(request, "unarchived", body)


@router.post("/snooze", response=ChangeOut, summary="Put off until a moment")
def snooze(request: HttpRequest, body: SnoozeIn) -> Answer:
    """Out of the list and out of the counters until then, when it comes back unread."""
    return changed(service.snooze(inbox_of(request), body.ids, body.until))


@router.post("/unsnooze", response=ChangeOut, summary="Bring back what was put off")
def unsnooze(request: HttpRequest, body: IdsIn) -> Answer:
    """At once, and as it was before."""
    return _mark(request, "unsnoozed", body)


@router.post("/seen-all", response={200: ChangeOut, **problems(409)}, summary="Mark all as seen")
def mark_all_seen(request: HttpRequest, body: UpToIn) -> Answer:
    """All that a client at this cursor knows, and nothing newer."""
    return _mark_all(request, "seen", body)


@router.post("/read-all", response={200: ChangeOut, **problems(409)}, summary="Mark all as read")
def mark_all_read(request: HttpRequest, body: UpToIn) -> Answer:
    """All that a client at this cursor knows, and nothing newer."""
    return _mark_all(request, "read", body)


@router.post(
    "/archive-read", response={200: ChangeOut, **problems(409)}, summary="Put away what was read"
)
def archive_read(request: HttpRequest, body: UpToIn) -> Answer:
    """All that a client at this cursor knows and that has been read."""
    return _mark_all(request, "archived", body)


def _mark(request: HttpRequest, state: State, body: IdsIn) -> Answer:
    return changed(service.mark(inbox_of(request), state, body.ids))


def _mark_all(request: HttpRequest, state: AllState, body: UpToIn) -> Answer:
    cursor = cursor_of(body.cursor)
    return changed(service.mark_all(inbox_of(request), state, cursor, body.category, body.thread))
