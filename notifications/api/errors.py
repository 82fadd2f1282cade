"""From what went wrong to `application/problem+json` (RFC 9457)."""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from notifications import exceptions as ours
from notifications.api.schemas import Problem
from notifications.wire import error_codes as codes
from notifications.wire.error_codes import ErrorCode

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# The nearest class counts.
ANSWERS: dict[type[ours.ClarionError], ErrorCode] = {
    ours.InvalidNotification: codes.INVALID_NOTIFICATION,
    ours.UnknownType: codes.UNKNOWN_NOTIFICATION_TYPE,
    ours.UnknownTopic: codes.UNKNOWN_TOPIC,
    ours.NoRecipients: codes.NO_RECIPIENTS,
    ours.InvalidChoice: codes.INVALID_CHOICE,
    ours.InvalidMoment: codes.INVALID_MOMENT,
    ours.AlreadyGone: codes.ALREADY_GONE,
    ours.InvalidSchedule: codes.INVALID_SCHEDULE,
    ours.InvalidCursor: codes.CURSOR_INVALID,
    ours.CursorReset: codes.CURSOR_RESET,
    ours.IdempotencyConflict: codes.IDEMPOTENCY_CONFLICT,
    ours.InProgress: codes.IDEMPOTENCY_IN_PROGRESS,
    ours.NotAllowed: codes.NOT_ALLOWED,
    ours.OutOfScope: codes.OUT_OF_SCOPE,
    ours.NothingToCancel: codes.NOTHING_TO_CANCEL,
}
# What django-ninja refuses by itself.
BY_STATUS = {
    400: (codes.NOT_JSON, "The body is not JSON."),
    401: (codes.UNAUTHORIZED, "Nobody is signed in."),
    403: (codes.CSRF_FAILED, "The CSRF token is missing or wrong."),
}


class Refused(Exception):
    """A request that the API itself refuses; the rest of the answer is for people and proxies."""

    def __init__(
        self, code: ErrorCode, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code, self.headers = code, headers or {}


def problems(*statuses: int) -> dict[int, type[Problem]]:
    """Errors that an operation declares beside those that `openapi` declares, for `response=`."""
    return dict.fromkeys(statuses, Problem)


def problem(code: ErrorCode, detail: str, **more: object) -> HttpResponse:
    """The answer. `more` are members beside the usual ones; those that are None are left out."""
    body = {
        "type": "about:blank",
        "title": code.title,
        "status": code.status,
        "detail": detail,
        "code": code.code,
        **{name: value for name, value in more.items() if value is not None},
    }
    return HttpResponse(json.dumps(body), status=code.status, content_type=MEDIA_TYPE)


def install(api: NinjaAPI) -> None:
    """Have the API answer exceptions with codes that clients can rely on."""
    for exception, handler in HANDLERS.items():
        api.add_exception_handler(exception, handler)


def _ours(request: HttpRequest, error: Any) -> HttpResponse:
    code = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    answer = problem(code, str(error), reason=getattr(error, "reason", None))
    if isinstance(error, ours.InProgress):
        answer["Retry-After"] = "1"
    return answer


def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    answer = problem(error.code, str(error))
    for name, value in error.headers.items():
        answer[name] = value
    return answer


def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(codes.NOT_FOUND, "There is nothing here, or it is not yours.")


def _by_ninja(request: HttpRequest, error: Any) -> HttpResponse:
    # It takes whatever the parser raises for text that is not JSON.
    if isinstance(error.__cause__, Refused):
        return _refused(request, error.__cause__)
    code, detail = BY_STATUS[error.status_code]
    return problem(code, detail)


def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [_part(found) for found in error.errors]
    return problem(codes.BAD_FIELD, "; ".join(_told(part) for part in errors[:3]), errors=errors)


def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    # Forms, in which the look at CSRF tokens searches for theirs.
    return problem(*BY_STATUS[400])


def _unavailable(request: HttpRequest, error: Any) -> HttpResponse:
    logger.error("%s %s: the database failed", request.method, request.path, exc_info=error)
    answer = problem(codes.UNAVAILABLE, "The database cannot be asked just now.")
    answer["Retry-After"] = "1"
    return answer


HANDLERS = {
    ours.ClarionError: _ours,
    Refused: _refused,
    Http404: _not_found,
    HttpError: _by_ninja,
    ValidationError: _not_valid,
    MultiPartParserError: _unreadable,
    SuspiciousOperation: _unreadable,
    OperationalError: _unavailable,
    InterfaceError: _unavailable,
}


def _part(found: Mapping[str, Any]) -> dict[str, str]:
    """One entry of `errors`: the part of the request, and where in it (RFC 6901, as a fragment)."""
    part, *where = found["loc"]
    if part == "body":
        # Next comes what the view calls it.
        where = where[1:]
    # Of our own validators; pydantic says so in front.
    detail = str(found["msg"]).removeprefix("Value error, ")
    return {"part": str(part), "pointer": _pointer(where), "detail": detail}


def _pointer(where: Iterable[object]) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in where)
    return "#" + "".join(f"/{quote(step, safe='~', errors='replace')}" for step in steps)


def _told(part: Mapping[str, str]) -> str:
    return f"{part['pointer'].removeprefix('#/') or part['part']}: {part['detail']}"
