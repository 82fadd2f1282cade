"""The inbox page: what a script makes of it comes over HTTP and the socket.

Without scripts it is a list with links and forms, which `notifications.pages` answers.
"""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from notifications.pages.listing import listing

# What page.js says. Of the texts with a count none is bent by it, so that no browser need know how.
TEXTS = {
    "connecting": _("Connecting…"),
    "live": _("Live"),
    "reconnecting": _("Reconnecting…"),
    "offline": _("Offline"),
    "signed_out": _("Signed out"),
    "stopped": _("Disconnected"),
    "unread": _("Unread."),
    "level_success": _("Success:"),
    "level_warning": _("Warning:"),
    "level_error": _("Error:"),
    "mark_read": _("Mark as read"),
    "mark_unread": _("Mark as unread"),
    "notifications": _("Notifications"),
    "notifications_new": _("Notifications, {count} new"),
    "unread_count": _("{count} unread"),
    "arrived": _("New notification: {title}"),
    "arrived_many": _("New notifications: {count}"),
    "out_of_date": _("This page is out of date. Reload it and try again."),
    "failed": _("That did not work. Check the connection and try again."),
}


@never_cache
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Return the inbox page of whoever is signed in; redirect others to the login page."""
    return render(request, "clarion/inbox.html", {"texts": TEXTS, "listing": listing(request)})
