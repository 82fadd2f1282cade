"""Taking the broadcast log into an inbox."""

from notifications import selectors
from notifications.models import Inbox, Item, LogHead
from notifications.services.changes import announce, event_of, new_items

# Rows per statement, far below SQLite's and psycopg's limits on parameters.
INSERT_ROWS = 1000


def take_in(inbox: Inbox) -> list[Item]:
    """Make items of the log entries that concern a locked inbox; those items.

    The head is read before the rows up to it, and `taken` set last; whatever comes after the
    head is taken in next time. Saves the inbox and announces the change.
    """
    head = LogHead.objects.values_list("position", flat=True).get()
    if head <= inbox.taken:
        return []
    entries = selectors.pending(selectors.topics_of(inbox.pk), inbox.taken, head)
    here = Item.objects.filter(inbox=inbox, notification__in=[e.notification_id for e in entries])
    known = set(here.values_list("notification_id", flat=True))
    said = {e.notification: e.position for e in entries if e.notification_id not in known}
    since = inbox.seq
    items = new_items(inbox, said.items())
    inbox.taken = head
    Item.objects.bulk_create(items, batch_size=INSERT_ROWS)
    inbox.save(update_fields=["seq", "unread", "unseen", "taken"])
    if items:
        announce(inbox, event_of(inbox, since, items))
    return items
