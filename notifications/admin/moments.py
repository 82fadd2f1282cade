"""Moments as operators read them: in a schedule's zone, and in their own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from notifications.clocks import zone_of


@dataclass(frozen=True)
class Slot:
    """One moment, written out in a schedule's zone and in the operator's."""

    moment: datetime
    there: str
    here: str


def written(moment: datetime, zone: tzinfo | None = None) -> str:
    """The moment in a zone, by default the operator's, without the zone's name."""
    # Translators: a day and a time, in the letters of Django's "date" filter.
    return date_format(timezone.localtime(moment, zone), gettext("D j M Y, H:i"))


def slots(moments: Iterable[datetime], zone: str) -> list[Slot]:
    """These moments in both zones."""
    there = _zone(zone)
    return [Slot(moment, written(moment, there), written(moment)) for moment in moments]


def both(moment: datetime, zone: str) -> SafeString:
    """One moment in both zones, on two lines where they differ."""
    slot = slots([moment], zone)[0]
    here = timezone.get_current_timezone_name()
    first = format_html('<span class="clarion-moment">{} {}</span>', slot.there, zone)
    if zone == here:
        return first
    second = format_html('<span class="clarion-moment quiet">{} {}</span>', slot.here, here)
    return format_html("{}<br>{}", first, second)


def _zone(name: str) -> tzinfo:
    """The zone of this name; UTC if it is gone, which must not take a list along."""
    try:
        return zone_of(name)
    except ValueError:
        return UTC
