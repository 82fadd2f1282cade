"""Middleware of the site."""

from collections.abc import Callable

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
