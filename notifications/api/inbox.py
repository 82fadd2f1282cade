"""`/api/v1/inbox/`: the inbox of whoever is signed in."""

from typing import Annotated, Any, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from ninja import Query, Router

from notifications.api.errors import problems
from notifications.api.schemas import ChangeOut, CursorIn, IdsIn, ListOut
from notifications.conf import settings
from notifications.exceptions import InvalidCursor
from notifications.rendering import rendered
from notifications.selectors import ListFilter
from notifications.services import inbox as service
from notifications.services import inboxes
from notifications.services.inbox import AllState, State
from notifications.wire.cursor import NUMBER_LIMIT, Cursor
from notifications.wire.events import InboxEvent

router = Router(tags=["inbox"])

Answer = dict[str, Any]


@router.get("/", response=ListOut, summary="A page of the inbox, newest first")
def list_inbox(
    request: HttpRequest,
    before: Annotated[int | None, Query(ge=1, lt=NUMBER_LIMIT)] = None,
    limit: Annotated[int | None, Query(ge=1, le=100)] = None,
) -> Answer:
    """The first page takes in pending broadcasts and carries the cursor to connect with."""
    wanted = ListFilter()
    page = service.list_items(_inbox(request), before, limit or settings.page_size, wanted)
    return {
        "items": [rendered(item) for item in page.items],
        "next": page.next,
        "unread": page.counters.unread,
        "unseen": page.counters.unseen,
        "taken": page.counters.taken,
        "cursor": str(page.cursor),
    }


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
    """Out of the list and out of the counters."""
    return _mark(request, "archived", body)


@router.post("/seen-all", response={200: ChangeOut, **problems(409)}, summary="Mark all as seen")
def mark_all_seen(request: HttpRequest, body: CursorIn) -> Answer:
    """All that a client at this cursor knows, and nothing newer."""
    return _mark_all(request, "seen", body)


@router.post("/read-all", response={200: ChangeOut, **problems(409)}, summary="Mark all as read")
def mark_all_read(request: HttpRequest, body: CursorIn) -> Answer:
    """All that a client at this cursor knows, and nothing newer."""
    return _mark_all(request, "read", body)


def _mark(request: HttpRequest, state: State, body: IdsIn) -> Answer:
    return _answer(service.mark(_inbox(request), state, body.ids))


def _mark_all(request: HttpRequest, state: AllState, body: CursorIn) -> Answer:
    try:
        cursor = Cursor.parse(body.cursor)
    except ValueError:
        raise InvalidCursor(f"{body.cursor!r} is not a cursor.") from None
    return _answer(service.mark_all(_inbox(request), state, cursor))


def _inbox(request: HttpRequest) -> int:
    # `django_auth` has let nobody else through.
    return inboxes.ensure(cast("AbstractBaseUser", request.user)).pk


def _answer(event: InboxEvent) -> Answer:
    return {
        "items": [rendered(item) for item in event.items],
        "removed": event.removed,
        "since": event.since,
        "seq": event.seq,
        "unread": event.counters.unread,
        "unseen": event.counters.unseen,
        "taken": event.counters.taken,
        "all_up_to": event.all_up_to,
    }
