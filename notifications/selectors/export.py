"""All that is kept about a person."""

from dataclasses import dataclass
from operator import attrgetter

from django.contrib.auth.base_user import AbstractBaseUser

from notifications.models import Item, Membership, Topic
from notifications.rendering import wire_item
from notifications.selectors.choices import Chosen, choices_for
from notifications.selectors.places import standing
from notifications.wire import frames
from notifications.wire.frames import Counters


@dataclass(frozen=True)
class Belonging:
    """A topic by its key, since (and until) which positions of the log its entries are theirs."""

    topic: str
    since: int
    until: int | None


@dataclass(frozen=True)
class Kept:
    """An item, whether in the list, archived or snoozed; `folded`: superseded in its thread."""

    item: frames.Item
    folded: bool


@dataclass(frozen=True)
class Export:
    """What is kept about a person, with a page of the items; `next` continues it (None: the end).

    Without broadcasts that were not taken in yet, which are kept for everybody alike, and without
    what is still in the outbox, which nobody can look through for one person.
    """

    user: str
    seq: int
    counters: Counters
    choices: Chosen
    topics: list[Belonging]
    items: list[Kept]
    next: int | None


def export(user: AbstractBaseUser, inbox_id: int, after: int, limit: int) -> Export:
    """What is kept, with up to `limit` items that changed after a seq, newest change last.

    An item that changes meanwhile comes again. What is gone does not come: nothing of it is shown
    to anybody. Texts are not rendered. Raises `Inbox.DoesNotExist`.
    """
    now = standing(inbox_id)
    # Along clarion_item_seq.
    changed = Item.objects.filter(inbox=inbox_id, seq__gt=after, gone=False).order_by("seq")
    rows = list(changed.select_related("notification")[: limit + 1])
    page = rows[:limit]
    return Export(
        user=str(user.pk),
        seq=now.seq,
        counters=now.counters,
        choices=choices_for(inbox_id),
        topics=_belongs(inbox_id),
        items=[Kept(wire_item(row.notification, row), row.folded) for row in page],
        next=page[-1].seq if len(rows) > limit else None,
    )


def _belongs(inbox_id: int) -> list[Belonging]:
    own = Membership.objects.filter(inbox=inbox_id)
    everybodys = Topic.objects.filter(default_since__isnull=False).exclude(
        pk__in=own.values("topic")
    )
    found = [Belonging(*row) for row in own.values_list("topic__key", "since", "until")]
    for key, since in everybodys.values_list("key", "default_since"):
        found.append(Belonging(key, since or 0, None))
    return sorted(found, key=attrgetter("topic"))
