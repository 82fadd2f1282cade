"""What services refuse, in the operator's language.

Services speak English, to developers and to logs. What somebody can meet who fills in a form is
listed here, as services say it; anything else is shown as it is.
"""

import re
from functools import cache

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

KNOWN = [
    _("title: a notification of type %(type)s needs one."),
    _("title has %(count)s characters; at most %(limit)s fit."),
    _(
        "title has %(count)s characters; at most %(limit)s fit, with the slot behind it when it is "
        "sent late."
    ),
    _("body has %(count)s characters; at most %(limit)s fit."),
    _("url has %(count)s characters; at most %(limit)s fit."),
    _("title has a control character or half a surrogate pair."),
    _("body has a control character or half a surrogate pair."),
    _("url has a control character or half a surrogate pair."),
    _("url has more than %(limit)s bytes."),
    _("url has white space or a backslash."),
    _("url must be a path from '/' or start with http:// or https://."),
    _("data lacks %(names)s for %(type)s."),
    _("data must be a mapping with text keys."),
    _("data has half a surrogate pair or a NUL."),
    _("data is more than %(limit)s bytes of JSON."),
    _("data is nested more than %(limit)s deep."),
    _("data has a whole number of 2**53 or more; send it as text."),
    _("recipients: there is nobody among them."),
    _("It is in all inboxes that it was for, or cancelled already."),
    _("at: what is sent once needs a moment."),
    _("at: that moment has passed."),
    _("every: how many minutes, hours or days?"),
    _("every: Every how many %(period)s must be 1 to %(limit)s."),
    _("every: The period must be minutes, hours or days, not %(period)s."),
    _(
        "cron: A crontab has five fields (minute, hour, day of month, month, day of week), unlike "
        "%(cron)s."
    ),
    _("cron: The crontab %(cron)s never comes."),
    _("cron: The crontab %(cron)s: %(problem)s."),
    _("starts_at: a year from %(first)s to %(last)s."),
    _("ends_at: a year from %(first)s to %(last)s."),
    _("at: a year from %(first)s to %(last)s."),
    _("ends_at: It ends before it starts."),
    _("ends_at: nothing is left to send by then."),
]


def refusal(error: Exception) -> str:
    """What this error says."""
    message = str(error)
    for known in KNOWN:
        if found := _pattern(known).fullmatch(message):
            return gettext(known) % found.groupdict()
    return message


@cache
def _pattern(known: str) -> re.Pattern[str]:
    """What messages look like that are made of this one."""
    pieces = re.split(r"%\((\w+)\)s", known)
    named = [
        f"(?P<{piece}>.+?)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)
    ]
    return re.compile("".join(named), re.DOTALL)
