"""Every read: where inboxes stand, what changed since a cursor, pages of the list."""

from notifications.selectors.choices import Chosen, choices_for
from notifications.selectors.export import Export, export
from notifications.selectors.inbox import ListFilter, ListPage, inbox_of, item, list_page
from notifications.selectors.log import LogTail, began, leavers, log_after, pending, topic_versions
from notifications.selectors.places import EVERYONE, spans_of, standing, topics_of
from notifications.selectors.pulse import Beat, Pulse, pulse
from notifications.selectors.resume import Arrival, Arriving, Request, arrivals, changes, resumes
from notifications.selectors.topics import TopicChoice, topic_choices
from notifications.selectors.untold import has_untold

__all__ = [
    "EVERYONE",
    "Arrival",
    "Arriving",
    "Beat",
    "Chosen",
    "Export",
    "ListFilter",
    "ListPage",
    "LogTail",
    "Pulse",
    "Request",
    "TopicChoice",
    "arrivals",
    "began",
    "changes",
    "choices_for",
    "export",
    "has_untold",
    "inbox_of",
    "item",
    "leavers",
    "list_page",
    "log_after",
    "pending",
    "pulse",
    "resumes",
    "spans_of",
    "standing",
    "topic_choices",
    "topic_versions",
    "topics_of",
]
