"""What a person wants to hear: a page, and what its forms do."""

from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from notifications import selectors
from notifications.pages.access import active_required
from notifications.pages.forms import form, text
from notifications.pages.listing import plain_query, query
from notifications.pages.words import ahead
from notifications.person import inbox_of, user_of
from notifications.services import memberships, preferences

PAGE = "clarion:choices"
# For how long something may be muted here; None: for ever.
MUTES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "ever": None}


@never_cache
@login_required
@active_required
def choices(request: HttpRequest) -> HttpResponse:
    """The page of whoever is signed in."""
    chosen = selectors.choices_for(inbox_of(request))
    plain = plain_query(request)
    context = {
        "categories": [(one, _end(one.muted_until)) for one in chosen.categories],
        "threads": [
            (one, _end(one.muted_until), query(thread=one.thread, plain="1" if plain else ""))
            for one in chosen.threads
        ],
        "topics": selectors.topic_choices(user_of(request)),
        "plain_query": plain,
        "here": request.get_full_path(),
    }
    return render(request, "clarion/choices.html", context)


@form(PAGE)
def opt_out(request: HttpRequest) -> str:
    """Receive no more of a category."""
    preferences.opt_out(inbox_of(request), text(request.POST.get("category")))
    return gettext("You will get no more of it.")


@form(PAGE)
def opt_in(request: HttpRequest) -> str:
    """Receive a category again."""
    preferences.opt_in(inbox_of(request), text(request.POST.get("category")))
    return gettext("You will get it again.")


@form(PAGE)
def mute(request: HttpRequest, length: str) -> str:
    """Have a category or a thread come quietly."""
    if length not in MUTES:
        raise Http404
    lasts = MUTES[length]
    until = None if lasts is None else timezone.now() + lasts
    category, thread = text(request.POST.get("category")), text(request.POST.get("thread"))
    preferences.mute(inbox_of(request), category=category, thread=thread, until=until)
    return gettext("Muted. It comes quietly, and as read.")


@form(PAGE)
def unmute(request: HttpRequest) -> str:
    """Hear a category or a thread again."""
    category, thread = text(request.POST.get("category")), text(request.POST.get("thread"))
    preferences.unmute(inbox_of(request), category=category, thread=thread)
    return gettext("No longer muted.")


@form(PAGE)
def subscribe(request: HttpRequest) -> str:
    """Belong to a topic from now on."""
    memberships.subscribe(user_of(request), text(request.POST.get("topic")))
    return gettext("Subscribed.")


@form(PAGE)
def unsubscribe(request: HttpRequest) -> str:
    """Leave a topic."""
    memberships.unsubscribe(user_of(request), text(request.POST.get("topic")))
    return gettext("No longer subscribed.")


def _end(until: datetime | None) -> str:
    return "" if until is None else ahead(until)
