"""Moments in words: nobody has told the server which time zone the reader is in."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# Beyond, a date says more.
DAYS_AGO, DAYS_AHEAD = 7, 30


def ago(moment: datetime) -> str:
    """How long ago something was said, as the script of the page has it."""
    passed = timezone.now() - moment
    if passed < timedelta(seconds=45):
        return gettext("now")
    if passed < HOUR:
        count = max(1, round(passed / MINUTE))
        said = ngettext("%(count)d minute ago", "%(count)d minutes ago", count)
    elif passed < DAY:
        count = round(passed / HOUR)
        said = ngettext("%(count)d hour ago", "%(count)d hours ago", count)
    elif passed < DAYS_AGO * DAY:
        count = round(passed / DAY)
        said = ngettext("%(count)d day ago", "%(count)d days ago", count)
    else:
        return date_format(moment, "DATE_FORMAT")
    return said % {"count": count}


def ahead(moment: datetime) -> str:
    """When something will be, to go on with in a sentence."""
    left = moment - timezone.now()
    if round(left / MINUTE) < 60:
        count = max(1, round(left / MINUTE))
        said = ngettext("in %(count)d minute", "in %(count)d minutes", count)
    elif round(left / HOUR) < 24:
        count = round(left / HOUR)
        said = ngettext("in %(count)d hour", "in %(count)d hours", count)
    elif left < DAYS_AHEAD * DAY:
        count = round(left / DAY)
        said = ngettext("in %(count)d day", "in %(count)d days", count)
    else:
        return gettext("on %(date)s") % {"date": date_format(moment, "DATE_FORMAT")}
    return said % {"count": count}
