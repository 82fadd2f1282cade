"""An inbox with very many items among others, and what is asked of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from benchmarks.plans import Seen
from notifications import selectors
from notifications.models import Inbox, Item, Notification, Outbox
from notifications.selectors import ListFilter
from notifications.selectors.export import export
from notifications.selectors.keeping import crowded, limits, outlived
from notifications.services import inbox as service
from notifications.services import inboxes, pruning, revisions, threads
from notifications.services.statements import Claimed
from notifications.wire.cursor import Cursor

OTHERS = 50
# Indexes that serve as well, depending on how much there is.
ONE = "clarion_item_once clarion_item_of_notification"
CATEGORY = "clarion_item_category clarion_item_listed"
# Items of a page, and items that a client has missed.
PAGE = 30
MISSED = 200
# What has happened to the items of an inbox, by the number of its notification. Nearly a third was
# put away, three of a hundred are unread, most of them new; a fifth has one of some thousand
# threads, whose newest items stand for the others; notifications go back two years.
FILL = """
WITH numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS total
    FROM clarion_notification WHERE id %% %(step)s = 0
)
INSERT INTO clarion_item (
    inbox_id, notification_id, seq, position, category, thread, folded, gone,
    seen_at, read_at, archived_at, snoozed_until
)
SELECT
    %(inbox)s, said.id, n, NULL, category,
    said.thread, said.thread <> '' AND n <= total - total / 20, n %% 211 = 0,
    CASE WHEN NOT (n %% 50 = 7 OR n > total - total / 100) THEN created_at END,
    CASE WHEN NOT (n %% 50 = 7 OR n > total - total / 100) THEN created_at END,
    CASE WHEN n %% 10 IN (1, 2, 3) OR category = 'away' THEN created_at END,
    CASE WHEN n %% 1009 = 0 THEN now() + (n - total / 2) * interval '1 minute' END
FROM numbered JOIN clarion_notification said USING (id)
"""
SAID = """
INSERT INTO clarion_notification (
    type, category, title, body, url, level, priority, thread, data, actor_type, actor_id,
    actor_label, created_at
)
SELECT 'message',
    CASE WHEN n %% 100 = 0 THEN 'rare' WHEN n %% 100 < 10 THEN 'away' ELSE 'often' END,
    'Title ' || n, repeat('b', 200), '', 'info', 'normal',
    CASE WHEN n %% 5 = 0 THEN 't' || n / 5 %% %(threads)s ELSE '' END, '{}', 'user', n %% 97,
    'Person ' || n %% 97, now() - (%(total)s - n) * (interval '730 days' / %(total)s)
FROM generate_series(1, %(total)s) n
"""
COUNT = """
UPDATE clarion_inbox SET
    seq = %(seq)s,
    unread = (SELECT count(*) FROM clarion_item WHERE inbox_id = clarion_inbox.id AND {listed}
        AND read_at IS NULL),
    unseen = (SELECT count(*) FROM clarion_item WHERE inbox_id = clarion_inbox.id AND {listed}
        AND seen_at IS NULL)
WHERE id = %(inbox)s
""".format(listed="archived_at IS NULL AND snoozed_until IS NULL AND NOT folded AND NOT gone")


def fill(items: int, others: int) -> tuple[Any, Any]:
    """Say so many things to one person, and so many of them to some others; two of these users."""
    model = get_user_model()
    users = model.objects.bulk_create(model(username=f"b{n}") for n in range(OTHERS + 1))
    with connection.cursor() as cursor:
        # Without looking each reference up.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(SAID, {"total": items, "threads": max(items // 200, 1)})
        for n, user in enumerate(users):
            inbox = inboxes.ensure(user)
            # Odd, so that the others have some of everything.
            step = items // others + 1 if n else 1
            cursor.execute(FILL, {"inbox": inbox.pk, "step": step})
            cursor.execute(COUNT, {"inbox": inbox.pk, "seq": cursor.rowcount})
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    return users[0], users[1]


@dataclass(frozen=True)
class Asked:
    """Something that is asked of an inbox, and the index that it goes along.

    One of several, where that depends on how much there is ("": of no item). With `many` it
    changes so much that going through everything may be the better way.
    """

    what: str
    index: str
    act: Callable[[], object]
    many: bool = False

    def wrong(self, seen: Seen) -> list[str]:
        """What its plans have that they should not."""
        wanted = set(self.index.split())
        if wanted and not wanted & seen.indexes:
            return [f"{self.what}: along {sorted(seen.indexes)}, not {self.index}"]
        scanned = [] if self.many else sorted(seen.scanned)
        return [f"{self.what}: goes through all of {table}" for table in scanned]


def asked(user: Any) -> list[Asked]:
    """All that is asked of this person's inbox."""
    inbox = Inbox.objects.get(user=user)
    pk, epoch = inbox.pk, selectors.standing(inbox.pk).epoch
    mine = Item.objects.filter(inbox=inbox)
    newest = list(
        mine.listed().order_by("-notification").values_list("notification", flat=True)[:9]
    )
    thread = mine.listed().exclude(thread="").order_by("-notification").first()
    half = Notification.objects.filter(pk__lte=newest[0] // 2).aggregate(pk=Max("pk"))["pk"]
    here = Cursor(epoch, inbox.seq, 0)
    kept = limits()

    def page(before: int | None = None, **wanted: Any) -> Callable[[], object]:
        return lambda: service.list_items(pk, before, PAGE, ListFilter(**wanted))

    return [
        Asked("first page", "clarion_item_listed", page()),
        Asked("a page from the middle", "clarion_item_listed", page(half)),
        Asked("unread", "clarion_item_unread", page(unread=True)),
        Asked("archived", "clarion_item_archived", page(archived=True)),
        Asked("snoozed", "clarion_item_snoozed clarion_item_wakes", page(snoozed=True)),
        Asked("a frequent category", CATEGORY, page(category="often")),
        Asked("a rare category", CATEGORY, page(category="rare")),
        Asked("a category put away", "clarion_item_category", page(category="away")),
        Asked("a thread", "clarion_item_thread", page(thread=thread.thread)),
        Asked("one item", ONE, lambda: service.get_item(pk, newest[0])),
        Asked("counters", "", lambda: service.counters(pk)),
        Asked("what is yet to be told", ONE, lambda: selectors.has_untold(pk)),
        Asked(
            f"{MISSED} changes since a cursor",
            "clarion_item_seq",
            lambda: selectors.changes(pk, Cursor(epoch, inbox.seq - MISSED, 0)),
        ),
        Asked(
            "changes since long ago: reset",
            "clarion_item_seq",
            lambda: selectors.changes(pk, Cursor(epoch, 0, 0)),
        ),
        Asked("export", "clarion_item_seq", lambda: export(user, pk, inbox.seq // 2, PAGE)),
        Asked("mark five as read", ONE, lambda: service.mark(pk, "read", newest[:5])),
        Asked(
            "mark all as seen",
            "clarion_item_unread",
            lambda: service.mark_all(pk, "seen", here),
            many=True,
        ),
        Asked(
            "mark all as read",
            "clarion_item_unread",
            lambda: service.mark_all(pk, "read", here),
            many=True,
        ),
        Asked(
            "fold a thread",
            "clarion_item_thread",
            lambda: threads.fold({(pk, thread.thread): ()}, {pk: inbox.seq}),
        ),
        Asked(
            "wake what is due",
            "clarion_item_wakes",
            lambda: list(
                Item.objects.filter(snoozed_until__lte=timezone.now(), gone=False)
                .order_by("snoozed_until")
                .values_list("inbox", flat=True)[:200]
            ),
        ),
        Asked(
            "retract, also where it has arrived",
            "clarion_item_of_notification",
            lambda: _retract(newest[0]),
        ),
        Asked(
            "look for what to prune in all inboxes",
            "clarion_item_once",
            lambda: list(crowded(kept, 0, 2**40)),
        ),
        *(
            Asked(
                f"prune 500 {what}",
                index,
                lambda items=items: pruning.prune_batch(pk, items),
            )
            for what, index, items in zip(
                ("that are gone", "beyond a number", "past an age"),
                ("clarion_item_gone", "clarion_item_once", "clarion_item_once"),
                outlived(kept, pk),
                # There is no number beyond which a small one has items.
                strict=False,
            )
        ),
    ]


def _retract(pk: int) -> None:
    notification = Notification.objects.get(pk=pk)
    notification.retracted_at = timezone.now() - timedelta(seconds=1)
    notification.save(update_fields=["retracted_at"])
    row = Outbox.objects.create(kind="retract", lane="change", notification=notification)
    revisions.carry([Claimed(row.pk, "retract", pk, None, [], 0)])
