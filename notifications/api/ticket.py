"""`/api/v1/ticket`: what a client shows when it opens a socket."""

from django.http import HttpRequest
from ninja import Router

from notifications.api.schemas import TicketOut
from notifications.api.sessions import person_session
from notifications.authentication.ticket import TICKET_SECONDS, issue, login_for
from notifications.person import user_of

# Of a login session alone: a token opens sockets by itself.
router = Router(tags=["socket"], auth=person_session)


@router.post("/ticket", response=TicketOut, summary="A ticket to open sockets with")
def issue_ticket(request: HttpRequest) -> dict[str, str | int]:
    """Bound to this login session; offered to the socket as subprotocol `ticket.<ticket>`."""
    login = login_for(user_of(request), request.session)
    return {"ticket": issue(login), "expires_in": TICKET_SECONDS}
