"""`/api/v1/tokens`, and what they open: inboxes in pages of other origins."""

from typing import Annotated, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import Http404, HttpRequest
from ninja import Router
from ninja.security import HttpBearer
from pydantic import Field, StrictInt

from notifications.api.errors import Refused, problems
from notifications.api.keys import api_key, key_of
from notifications.api.publishing_schemas import Name, Strict
from notifications.api.schemas import TokenOut
from notifications.authentication import token
from notifications.authentication.bearer import bearer_of
from notifications.services.api_keys import check_embedding
from notifications.wire import error_codes as codes

router = Router(tags=["embedding"], auth=api_key)


class PersonToken(HttpBearer):
    """A person's token in `Authorization`; without one, whoever has signed in is asked next.

    Cookies do not count beside it, so neither does a CSRF token.
    """

    openapi_description = "A person's token, from `POST /api/v1/tokens`"

    def __call__(self, request: HttpRequest) -> AbstractBaseUser | None:
        """The person. Raises `Refused` for a token that does not hold."""
        shown = bearer_of(request)
        if shown is None:
            return None
        user = self.authenticate(request, shown)
        if user is None:
            raise Refused(
                codes.UNAUTHORIZED,
                "This token is none, or holds no longer.",
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        request.user = user  # type: ignore[assignment]
        return user

    def authenticate(self, request: HttpRequest, token_shown: str) -> AbstractBaseUser | None:
        """The person of this token, if it holds."""
        return token.person(token_shown)


person_token = PersonToken()


class TokenIn(Strict):
    """Whose inbox."""

    user_id: Annotated[
        StrictInt | Name, Field(description="primary key of somebody active", examples=[7])
    ]


@router.post(
    "/tokens",
    response={200: TokenOut, **problems(403, 404)},
    summary="A token for a person's inbox",
)
def issue_token(request: HttpRequest, body: TokenIn) -> dict[str, Any]:
    """For pages of another origin, whose own backend knows who is there. Ask again before its end.

    It opens the inbox of this person to whoever has it: give it to nobody else.
    """
    key = key_of(request)
    check_embedding(key)
    issued = token.issue(key, body.user_id)
    if issued is None:
        raise Http404
    return {
        "token": issued.token,
        "expires_in": token.TOKEN_SECONDS,
        "person": issued.person,
    }
