"""Middleware of the site."""

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class OneThread:
    """Has a request go through all middleware in one thread, instead of to and fro.

    Does nothing itself. Under ASGI Django runs middleware on the event loop, and nearly each entry
    of MIDDLEWARE hands its work to a thread and waits for it, before the view and after: 17 hops
    for a request, twice the CPU of 5, though views and middleware here are all sync. Where the last
    entry is for sync only, Django (`BaseHandler.load_middleware`) runs those before it in the same
    thread. So this has to stay the last entry, and the ones before sync-capable. A view may still
    be async; Django then runs it on the event loop.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the handler of the request; Django calls this."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)


# What pages of the site may load, and from where. Sockets of the same host are among 'self' (CSP 3,
# section 6.7.2.8). Browsers that do not know a directive pass it over.
POLICY: Mapping[str, str] = {
    "default-src": "'self'",
    # The API's page has its icons in its style sheet.
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


class Hardened:
    """Adds what `SecurityMiddleware` has not: a Content-Security-Policy, and who may load answers.

    No page has a script or a style within it, so there are neither nonces nor exceptions. A view
    that sets a policy keeps its own. Django's pages about errors, which only developers see, are
    made of such scripts and styles. Static files, which pages elsewhere may load, are not of this
    middleware: WhiteNoise answers before it.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the handler of the request; Django calls this."""
        self._get_response = get_response
        self._policy = "; ".join(f"{name} {sources}" for name, sources in POLICY.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer as the view does, with these headers."""
        response = self._get_response(request)
        if not (settings.DEBUG and response.status_code in (404, 500)):
            response.setdefault("Content-Security-Policy", self._policy)
        # No other site gets an answer into its process, not even as a picture (Fetch, section 3.7);
        # requests by CORS are not concerned.
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
