"""What the forms of the pages have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from notifications.authentication import may_enter
from notifications.exceptions import ClarionError
from notifications.wire.cursor import NUMBER_LIMIT

View = Callable[..., HttpResponse]
# Does what a form says; the text that says so, empty where the page shows it anyway.
Deed = Callable[..., str]


def form(page: str) -> Callable[[Deed], View]:
    """Make a deed the view of a form: whoever sends it is led back to where it stood.

    That page says what was refused, and asks those to sign in who are not signed in any more.
    Anything but a POST, as of whoever goes back, leads to `page`, too.
    """

    def decorate(deed: Deed) -> View:
        @never_cache
        @wraps(deed)
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                return redirect(page)
            said = _said(deed, request, *args, **kwargs)
            if said is None:
                refusal = gettext("That did not work. The page was out of date.")
                messages.error(request, refusal, fail_silently=True)
            elif said:
                messages.success(request, said, fail_silently=True)
            return _back(request, page)

        return view

    return decorate


def _said(deed: Deed, request: HttpRequest, *args: Any, **kwargs: Any) -> str | None:
    """Do it; what is said of it, and None if it was refused or nobody is signed in.

    Raises `PermissionDenied` for somebody who is signed in but not active.
    """
    if not request.user.is_authenticated:
        return None
    if not may_enter(request.user):
        raise PermissionDenied
    try:
        return deed(request, *args, **kwargs)
    except ClarionError:
        return None


def text(sent: str | None) -> str:
    """What was sent, or nothing if no database could hold it."""
    return sent if sent and "\0" not in sent else ""


def number(sent: str | None) -> int | None:
    """The id that was sent; None if it cannot be one."""
    if not sent or not (sent.isascii() and sent.isdigit()) or len(sent) > len(str(NUMBER_LIMIT)):
        return None
    return int(sent) if 1 <= int(sent) < NUMBER_LIMIT else None


def _back(request: HttpRequest, page: str) -> HttpResponseRedirect:
    """To where the form stood, if that is a page of ours, and to the item that it was about."""
    wanted, home = request.POST.get("next", ""), reverse(page)
    # Ours alone, however a browser reads what is written there.
    ours = url_has_allowed_host_and_scheme(wanted, None) and urlsplit(wanted).path == home
    about = number(request.POST.get("id"))
    return HttpResponseRedirect((wanted if ours else home) + (f"#n{about}" if about else ""))
