"""What the elements in the browser say, in the reader's language.

The English ones are also in `javascript/inbox/words.js`, for pages that bring no texts.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEXTS = {
    "connecting": _("Connecting…"),
    "live": _("Live"),
    "reconnecting": _("Reconnecting…"),
    "offline": _("Offline"),
    "signed_out": _("Signed out"),
    "stopped": _("Disconnected"),
    "notifications": _("Notifications"),
    "notifications_new": _("Notifications, {count} new"),
    "unread_count": _("{count} unread"),
    "see_all": _("See all"),
    "show": _("Show"),
    "filter_all": _("All"),
    "filter_unread": _("Unread"),
    "filter_snoozed": _("Snoozed"),
    "filter_archived": _("Archived"),
    "category": _("Category"),
    "every_category": _("All categories"),
    "read_all": _("Mark all read"),
    "older": _("Load older"),
    "unread": _("Unread."),
    "urgent": _("Urgent:"),
    "level_success": _("Success:"),
    "level_warning": _("Warning:"),
    "level_error": _("Error:"),
    "and_one": _("{actor} and {other}"),
    "earlier_hide": _("Hide earlier"),
    "more": _("More"),
    "mark_read": _("Mark as read"),
    "mark_unread": _("Mark as unread"),
    "archive": _("Archive"),
    "unarchive": _("Move to the inbox"),
    "unsnooze": _("Wake up now"),
    "snooze_later": _("Snooze for 3 hours"),
    "snooze_tomorrow": _("Snooze until tomorrow morning"),
    "snooze_week": _("Snooze until next week"),
    "mute_thread": _("Mute this thread"),
    "mute_category": _("Mute “{category}”"),
    "archived": _("Archived."),
    "unarchived": _("Back in the inbox."),
    "snoozed": _("Snoozed until {time}."),
    "all_read": _("All marked as read."),
    "all_read_sure": _("Mark all as read? That cannot be undone."),
    "muted": _("Muted: it arrives quietly from now on."),
    "undo": _("Undo"),
    "close": _("Close"),
    "arrived": _("New notification: {title}"),
    "empty": _("All quiet"),
    "empty_hint": _("Notifications appear here by themselves, as they happen."),
    "nothing": _("Nothing here"),
    "unreachable": _("The inbox cannot be reached."),
    "try_again": _("Try again"),
    "out_of_date": _("This page is out of date. Reload it and try again."),
    "failed": _("That did not work. Check the connection and try again."),
}

# Bent by `{count}`.
COUNTED = {
    "and_others": ngettext_lazy("{actor} and {count} other", "{actor} and {count} others"),
    "earlier": ngettext_lazy("Show {count} earlier", "Show {count} earlier ones"),
    "arrived_many": ngettext_lazy("{count} new notification", "{count} new notifications"),
}

# A number of each kind that languages tell apart; Arabic, with six of them, needs them all.
SAMPLES = (1, 2, 0, 3, 11, 100)


def texts() -> dict[str, Any]:
    """Return all of them in the language of now, ready for JSON.

    Of what a number bends there is a form for each sample of another form. A browser, which knows
    to which sample its number is alike, takes that one: no formula has to be sent.
    """
    return {name: str(text) for name, text in TEXTS.items()} | {
        name: _forms(text) for name, text in COUNTED.items()
    }


def _forms(text: Any) -> dict[str, str]:
    forms: dict[str, str] = {}
    for number in SAMPLES:
        form = text % number
        if form not in forms.values():
            forms[str(number)] = form
    return forms
