"""`/api/v1/ticket`: what a client shows when it opens a socket."""

from typing import cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError
from ninja.security import django_auth

from notifications.api.schemas import TicketOut
from notifications.authentication.ticket import TICKET_SECONDS, issue, login_for

# Of a login session alone: a token opens sockets by itself.
router = Router(tags=["socket"], auth=django_auth)


@router.post("/ticket", response=TicketOut, summary="A ticket to open sockets with")
def issue_ticket(request: HttpRequest) -> dict[str, str | int]:
    """Bound to this login session; offered to the socket as subprotocol `ticket.<ticket>`."""
    # `django_auth` has let nobody else through; a backend may sign in who is not active.
    user = cast("AbstractBaseUser", request.user)
    if not user.is_active:
        raise HttpError(401, "Unauthorized")
    return {"ticket": issue(login_for(user, request.session)), "expires_in": TICKET_SECONDS}
