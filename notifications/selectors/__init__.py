"""Every read: where inboxes stand, what changed since a cursor, pages of the list."""

from notifications.selectors.inbox import ListPage, inbox_of, list_page
from notifications.selectors.log import LogTail, log_after, pending
from notifications.selectors.places import EVERYONE, standing, topics_of
from notifications.selectors.pulse import Beat, Pulse, pulse
from notifications.selectors.resume import Arrival, Arriving, Request, arrivals, changes, resumes

__all__ = [
    "EVERYONE",
    "Arrival",
    "Arriving",
    "Beat",
    "ListPage",
    "LogTail",
    "Pulse",
    "Request",
    "arrivals",
    "changes",
    "inbox_of",
    "list_page",
    "log_after",
    "pending",
    "pulse",
    "resumes",
    "standing",
    "topics_of",
]
