"""What is the same for every operation of the API."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from notifications.api import errors, openapi
from notifications.api.bodies import BODY_MAX, LARGER, JSONParser, bound, check_texts
from notifications.api.errors import Refused
from notifications.api.rates import Share
from notifications.wire import error_codes as codes

View = Callable[..., HttpResponseBase]
Urls = tuple[list[URLResolver | URLPattern], str, str]


class ClarionAPI(NinjaAPI):
    """django-ninja, with bounds for what is asked, and errors as RFC 9457 wants them."""

    def __init__(self, **options: Any) -> None:
        """Take what NinjaAPI takes."""
        super().__init__(parser=JSONParser(), throttle=[Share()], **options)
        errors.install(self)

    @property
    def urls(self) -> Urls:
        """The addresses, each view behind what is the same for all."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                most = LARGER.get(pattern.name or "", BODY_MAX)
                pattern.callback = self._behind(pattern.callback, most)
        return patterns, app, namespace

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The description of all operations, with the errors that they have in common."""
        schema = super().get_openapi_schema(**options)
        openapi.complete(schema)
        return schema

    def _behind(self, view: View, most: int) -> View:
        # With its attributes: such views are exempt from Django's own look at CSRF tokens.
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                bound(request, most)
                check_texts(request)
                response = view(request, *args, **kwargs)
            except Refused as refused:
                # Also the throttle's, which django-ninja asks outside of its own handling.
                response = self.on_exception(request, refused)
            if isinstance(response, HttpResponseNotAllowed):
                response = _not_allowed(response["Allow"])
            # Nothing of an inbox belongs in a cache that others may look into.
            response.setdefault("Cache-Control", "private, no-store")
            return response

        return answered


def _not_allowed(methods: str) -> HttpResponseBase:
    answer = errors.problem(codes.METHOD_NOT_ALLOWED, f"This path knows {methods}.")
    answer["Allow"] = methods
    return answer
