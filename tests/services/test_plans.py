"""What is asked of an inbox goes along the index that is there for it, however large the inbox is.

`make bench SCENARIO=inbox-million` is the same with a million items, and says how long it takes.
"""

import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from benchmarks import big_inbox, plans
from notifications.models import Item

ITEMS, FEW = 20_000, 400


@pytest.mark.postgresql
@pytest.mark.promise_3
@pytest.mark.django_db(transaction=True)
def test_large_and_small_inboxes(redis_server):
    large, small = big_inbox.fill(ITEMS, FEW)
    before = Item.objects.count()
    blocks: list[dict[str, int]] = []
    for user in (large, small):
        seen = [(each, plans.plans(each.act)) for each in big_inbox.asked(user)]
        # To prune 500 of 20,000 it may be right to go through what was said.
        few = [(each, found) for each, found in seen if not each.what.startswith("prune")]
        assert not [each.what for each, found in few if found.scanned and not each.many]
        assert not [wrong for each, found in few for wrong in each.wrong(found) if user is large]
        blocks.append({each.what: found.blocks for each, found in seen})
    # Pages look at some blocks for each item, however many there are.
    for what in ("first page", "a page from the middle", "unread", "archived", "a thread"):
        for user in (0, 1):
            assert 0 < blocks[user][what] <= 10 * (big_inbox.PAGE + 1), what
    # All was taken back; and what goes another way would be seen.
    assert Item.objects.count() == before
    assert plans.plans(lambda: list(Item.objects.filter(gathered=None)[:ITEMS])).scanned
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.any_database
def test_it_runs_by_itself():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "inbox-million", "bulk"],
        cwd=settings.BASE_DIR,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "inbox-million runs by itself" in done.stderr
