"""Pages. What they show comes over HTTP and the socket, so they hardly do anything themselves."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache


@never_cache
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Return the inbox page of whoever is signed in; redirect others to the login page."""
    return render(request, "clarion/inbox.html")
