"""`/api/v1/inbox/export`: all that is kept about whoever is signed in."""

from dataclasses import asdict
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from notifications import selectors
from notifications.api.answers import Answer, counted
from notifications.api.schemas import ExportOut
from notifications.api.sessions import person_session
from notifications.person import inbox_of, user_of
from notifications.rendering import rendered
from notifications.services import inbox as service
from notifications.wire.cursor import NUMBER_LIMIT

# Of a login session alone: pages of other origins show an inbox, and neither take nor delete it.
router = Router(tags=["inbox"], auth=person_session)

EXPORT_LIMIT = 1000


@router.get("/export", response=ExportOut, summary="All that is kept about me")
def export(
    request: HttpRequest,
    after: Annotated[int, Query(ge=0, lt=NUMBER_LIMIT, description="`next` of a page")] = 0,
    limit: Annotated[int, Query(ge=1, le=EXPORT_LIMIT)] = EXPORT_LIMIT,
) -> Answer:
    """A page of the items, wherever they were put, with all else; `next` continues it."""
    inbox_id = inbox_of(request)
    # What was broadcast until now is about this person, too.
    counters = service.counters(inbox_id)
    page = selectors.export(user_of(request), inbox_id, after, limit)
    return {
        "user": page.user,
        "seq": page.seq,
        **counted(counters),
        "choices": page.choices,
        "topics": [asdict(topic) for topic in page.topics],
        "items": [{**rendered(kept.item), "folded": kept.folded} for kept in page.items],
        "next": page.next,
    }
