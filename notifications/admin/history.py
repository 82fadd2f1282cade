"""What a schedule sent and left out, a page at a time."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext

from notifications.admin.moments import Slot, slots, written
from notifications.models import Announcement, Schedule
from notifications.selectors.announcements import Progress, progress

PAGE = 50


@dataclass(frozen=True)
class Line:
    """One announcement of the schedule."""

    announcement: Announcement
    slot: Slot | None
    sent_at: str
    by: str
    progress: Progress


@dataclass(frozen=True)
class History:
    """One page of it; `page` is Django's, for the numbers of pages."""

    lines: list[Line]
    page: Page[Announcement]


def page_of(schedule: Schedule, number: str) -> History:
    """A page of the schedule's announcements, the newest first; the nearest one that there is."""
    rows = schedule.announcements.select_related("notification", "sent_by")
    page = Paginator(rows.order_by("-pk"), PAGE).get_page(number)
    listed = list(page)
    followed = progress(listed)
    return History([_line(row, schedule.time_zone, followed[row.pk]) for row in listed], page)


def _line(row: Announcement, zone: str, followed: Progress) -> Line:
    slot = slots([row.slot], zone)[0] if row.slot else None
    by = row.sent_by.get_username() if row.sent_by else gettext("schedule")
    sent_at = written(row.created_at) if row.notification_id else "-"
    return Line(row, slot, sent_at, by, followed)
