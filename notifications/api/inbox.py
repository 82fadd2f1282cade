"""`/api/v1/inbox/`: reading the inbox of whoever is signed in."""

from typing import Annotated

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema

from notifications import selectors
from notifications.api.answers import Answer, counted
from notifications.api.errors import problems
from notifications.api.schemas import ChangesOut, CountsOut, ForgottenOut, ItemOut, ListOut
from notifications.api.sessions import person_session
from notifications.api.tags import is_known, tag_of, tagged
from notifications.conf import settings
from notifications.exceptions import CursorReset
from notifications.person import cursor_of, inbox_of
from notifications.rendering import rendered
from notifications.selectors import ListFilter
from notifications.services import inbox as service
from notifications.services.forgetting import forget
from notifications.wire.cursor import NUMBER_LIMIT, Cursor

router = Router(tags=["inbox"])

Id = Annotated[int, Path(ge=1, lt=NUMBER_LIMIT)]
Before = Annotated[int | None, Query(ge=1, lt=NUMBER_LIMIT, description="`next` of a page")]
Limit = Annotated[int | None, Query(ge=1, le=100)]


class Wanted(Schema):
    """Which items, and from where."""

    before: Before = None
    limit: Limit = None
    unread: Annotated[bool, Query(description="only what has not been read")] = False
    archived: Annotated[bool, Query(description="what was put away")] = False
    snoozed: Annotated[bool, Query(description="what is put off")] = False
    category: Annotated[str, Query(max_length=100)] = ""
    thread: Annotated[
        str, Query(max_length=150, description="a thread with all that it has gathered")
    ] = ""

    @property
    def filter(self) -> ListFilter:
        """What the selector calls it."""
        return ListFilter(self.unread, self.archived, self.snoozed, self.category, self.thread)


@router.get(
    "/",
    response={200: ListOut, 304: None},
    summary="A page of the inbox, newest first",
)
def list_inbox(
    request: HttpRequest, response: HttpResponse, wanted: Query[Wanted]
) -> Answer | HttpResponse:
    """The first page takes in pending broadcasts and carries the cursor to connect with.

    Nothing of it has changed where the answer is 304. Pages of what was put away, of what is put
    off and of threads have no tag to ask so.
    """
    inbox_id = inbox_of(request)
    limit = wanted.limit or settings.page_size
    if wanted.filter.is_told and "If-None-Match" in request.headers:
        unchanged = _unchanged(request, inbox_id, limit)
        if unchanged is not None:
            return unchanged
    page = service.list_items(inbox_id, wanted.before, limit, wanted.filter)
    if wanted.filter.is_told:
        tagged(response, tag_of(request, inbox_id, limit, page.cursor))
    return {
        "items": [rendered(item) for item in page.items],
        "next": page.next,
        **counted(page.counters),
        "cursor": str(page.cursor),
        "person": str(request.user.pk),
    }


@router.delete(
    "/", auth=person_session, response=ForgottenOut, summary="Delete all that is kept about me"
)
def forget_me(request: HttpRequest) -> Answer:
    """Items, choices and subscriptions, for good. What is said afterwards arrives as usual."""
    return {"deleted": forget(inbox_of(request))}


@router.get("/counts", response=CountsOut, summary="The counters")
def counts(request: HttpRequest) -> Answer:
    """With what was broadcast until now."""
    return counted(service.counters(inbox_of(request)))


@router.get("/items/{notification_id}", response={200: ItemOut, **problems(404)}, summary="An item")
def one_item(request: HttpRequest, notification_id: Id) -> Answer:
    """Also one that was put away, or that is superseded in its thread."""
    item = service.get_item(inbox_of(request), notification_id)
    if item is None:
        raise Http404
    return dict(rendered(item))


@router.get(
    "/changes",
    response={200: ChangesOut, **problems(409, 410)},
    summary="What changed since a cursor",
)
def changes(
    request: HttpRequest, cursor: Annotated[str, Query(max_length=60)], limit: Limit = None
) -> Answer:
    """A page of newest states, oldest change first; what a socket is sent as `sync`.

    Go on with its cursor until there is no `more`, and from there later.
    """
    page = selectors.changes(inbox_of(request), cursor_of(cursor), limit)
    if page.reset:
        raise CursorReset(page.reset)
    now = page.standing
    return {
        "items": [rendered(item) for item in page.items],
        "removed": page.removed,
        **counted(now.counters),
        "cursor": str(Cursor(now.epoch, page.seq, page.position)),
        "more": page.more,
    }


def _unchanged(request: HttpRequest, inbox_id: int, limit: int) -> HttpResponse | None:
    """304 for who has the page as it is; None where it has to be made to know."""
    if selectors.has_untold(inbox_id):
        return None
    now = selectors.standing(inbox_id)
    tag = tag_of(request, inbox_id, limit, Cursor(now.epoch, now.seq, now.position))
    return tagged(HttpResponse(status=304), tag) if is_known(request, tag) else None
