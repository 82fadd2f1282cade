"""The inbox page: what a script makes of it comes over HTTP and the socket.

Without scripts it is a list with links and forms, which `notifications.pages` answers.
"""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache

from notifications.pages.access import active_required
from notifications.pages.listing import listing


@never_cache
@login_required
@active_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Return the inbox page of whoever is signed in; redirect others to the login page."""
    context = {"listing": listing(request), "login": resolve_url(settings.LOGIN_URL)}
    return render(request, "clarion/inbox.html", context)
