"""What requests carry: bounded before it is parsed, and nothing that a database cannot hold."""

import json
import re
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from ninja.parser import Parser

from notifications.api.errors import Refused
from notifications.wire import error_codes as codes

BODY_MAX = 64 * 1024
# Ten thousand recipients of a hundred bytes each.
PUBLISHING_MAX = 1024 * 1024
# Views with a bound of their own.
LARGER = {"publish_to_people": PUBLISHING_MAX, "publish_to_topic": PUBLISHING_MAX}

# How JSON writes what has to be looked for: NUL, and halves of surrogate pairs.
SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def bound(request: HttpRequest, most: int) -> None:
    """Read the body, if it is no longer than `most` bytes, whatever it says of itself.

    Raises `Refused`.
    """
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not declared.isdecimal() or int(declared) > most:
        raise _too_large(most)
    # One that comes in chunks says nothing of its length.
    body = request.read(most + 1)
    if len(body) > most:
        raise _too_large(most)
    # As `request.body` does, which has no bound of ours.
    request._body = body  # noqa: SLF001


def check_texts(request: HttpRequest) -> None:
    """Raise `Refused` for a NUL among the parameters or in the name of a login session.

    In PostgreSQL no text has one, and cookies can write it in ASCII.
    """
    if "%00" in request.META.get("QUERY_STRING", ""):
        raise Refused(codes.BAD_FIELD, "A parameter has a NUL.")
    if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
        raise Refused(codes.UNAUTHORIZED, "Nobody is signed in.")


class JSONParser(Parser):
    """JSON as RFC 8259 has it, and said to be JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        """What the body says. Raises `Refused`, and `ValueError` for what is not JSON."""
        kind = request.content_type or ""
        if kind != "application/json" and not kind.endswith("+json"):
            raise Refused(
                codes.UNSUPPORTED_MEDIA_TYPE, "The body must be application/json, and say so."
            )
        text = request.body.decode()
        value = json.loads(text, parse_constant=_no_number)
        if SUSPICIOUS.search(text):
            _check_texts(value)
        return value


def _check_texts(value: object) -> None:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting += [*found.keys(), *found.values()]
        elif isinstance(found, list):
            waiting += found
        elif isinstance(found, str) and any(_is_strange(character) for character in found):
            raise Refused(codes.BAD_FIELD, "A text has a NUL or half a surrogate pair.")


def _is_strange(character: str) -> bool:
    return character == "\0" or "\ud800" <= character <= "\udfff"


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")


def _too_large(most: int) -> Refused:
    return Refused(codes.TOO_LARGE, f"At most {most} bytes are taken here.")
