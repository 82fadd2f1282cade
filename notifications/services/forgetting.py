"""Deleting all that is kept about a person, but for the account and what it is."""

from django.db import transaction
from django.db.models import Max

from notifications.models import Item
from notifications.services.changes import announce, event_of
from notifications.services.locks import lock_head, lock_inbox
from notifications.services.memberships import begin_anew
from notifications.services.removal import remove

# Items deleted in one transaction.
BATCH = 500


def forget(inbox_id: int) -> int:
    """Delete what is in an inbox, its owner's choices and subscriptions; the number of items.

    Many items go in several transactions; whoever is interrupted forgets again. What is said after
    the first one arrives as usual. What was said before to a topic does not come any more; what is
    in the outbox for this person does. Open clients are told, others begin anew. Raises
    `Inbox.DoesNotExist`.
    """
    last = _begin(inbox_id)
    count = 0
    while deleted := _forget_batch(inbox_id, last):
        count += deleted
    return count


@transaction.atomic
def _begin(inbox_id: int) -> int:
    """Forget what is not items; the last item there is."""
    head = lock_head()
    inbox = lock_inbox(inbox_id)
    # As if it had been taken in: nobody needs items that are deleted at once.
    inbox.taken = max(inbox.taken, head.position)
    begin_anew(inbox)
    inbox.seq += 1
    inbox.floor = inbox.seq
    inbox.choices = None
    inbox.burst = inbox.burst_since = 0
    inbox.save(update_fields=["seq", "taken", "floor", "choices", "burst", "burst_since"])
    # From nowhere, so that clients begin anew: they may show entries that are not items.
    announce(inbox, event_of(inbox, inbox.seq, []))
    # Items are inserted under the inbox's lock, so later ones are beyond it.
    return Item.objects.filter(inbox=inbox).aggregate(last=Max("pk"))["last"] or 0


@transaction.atomic
def _forget_batch(inbox_id: int, last: int) -> int:
    inbox = lock_inbox(inbox_id)
    items = Item.objects.filter(inbox=inbox, pk__lte=last).order_by("notification")
    batch = list(items[:BATCH])
    if batch:
        remove(inbox, batch)
    return len(batch)
