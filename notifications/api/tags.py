"""Entity tags of lists (RFC 9110, 8.8.3): whether a page is as it was, without making it."""

import hashlib
import json

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from notifications.api.schemas import ListOut
from notifications.rendering import wording
from notifications.wire.cursor import Cursor

_SHAPE = json.dumps(ListOut.model_json_schema())


def tag_of(request: HttpRequest, inbox_id: int, limit: int, cursor: Cursor) -> str:
    """The tag of a page as of a cursor: all that it is made of, but for the items.

    Whose it is, because browsers ask with the tag of the one who was signed in before; what was
    asked; how it is told, which changes with the language and with a release.
    """
    language = get_language()
    asked = (inbox_id, request.get_full_path(), limit, str(cursor))
    told = (language, wording(language), _SHAPE)
    digest = hashlib.sha256(json.dumps([*asked, *told]).encode())
    return f'W/"{digest.hexdigest()[:32]}"'


def is_known(request: HttpRequest, tag: str) -> bool:
    """Whether who asks has the page of this tag, perhaps among others."""
    return tag in request.headers.get("If-None-Match", "")


def tagged(response: HttpResponse, tag: str) -> HttpResponse:
    """The response with its tag: kept by the browser of this person alone, and asked for again."""
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Cookie", "Authorization", "Accept-Language"])
    return response
