"""What an inbox with a million items costs beside one with some thousand, by PostgreSQL's plans.

Brings a PostgreSQL of its own and no other process: the question is what the statements do.
"""

import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.stage import ROOT, environment

TITLE = "an inbox with a million items beside one with some thousand"
# Items of the one inbox, and of each of the others.
ITEMS = {"full": (1_000_000, 4_000), "small": (20_000, 400)}
TIMES = {"full": 7, "small": 3}


def run(scale: str) -> int:
    """Print times and indexes; the exit code, 1 if something goes another way than it should."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="clarion-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        _start(folder / "pg", stack)
        return _measure(scale)


def _start(folder: Path, stack: ExitStack) -> None:
    """A server, and the environment that leads to it."""
    import pgserver

    server = pgserver.get_server(folder)
    stack.callback(server.cleanup)
    server.psql("CREATE DATABASE clarion")
    state = folder.parent / "state"
    ours = environment(
        DATABASE_URL=f"postgres://postgres@/clarion?host={folder}",
        CLARION_STATE=str(state),
        DEBUG="1",
        LOG_LEVEL="WARNING",
    )
    os.environ.clear()
    os.environ.update(ours)
    os.chdir(ROOT)


def _measure(scale: str) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from benchmarks import big_inbox, plans

    # Else Django keeps each statement, with all of its parameters.
    settings.DEBUG = False
    call_command("migrate", verbosity=0)
    many, few = ITEMS[scale]
    began = time.monotonic()
    large, small = big_inbox.fill(many, few)
    print(f"{report.cpu_model()}, {os.cpu_count()} cores; {report.load_average()}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT version(), pg_size_pretty(pg_total_relation_size('clarion_item'))")
        version, size = cursor.fetchone()
    print(
        f"{version.split(' on ')[0]}; items take {size}; filled in {time.monotonic() - began:.0f} s"
    )
    print(f"\n| asked | {many:,} items | {few:,} items | blocks looked at | along |")
    print("|---|---|---|---|---|")
    wrong = []
    beside = {each.what: each for each in big_inbox.asked(small)}
    for each in big_inbox.asked(large):
        seen = plans.plans(each.act)
        took = plans.milliseconds(each.act, TIMES[scale])
        other = beside.get(each.what)
        cell = f"{plans.milliseconds(other.act, TIMES[scale]):.1f} ms" if other else ""
        along = ", ".join(sorted(seen.indexes)) or "none"
        print(f"| {each.what} | {took:.1f} ms | {cell} | {seen.blocks:,} | {along} |")
        wrong += each.wrong(seen)
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"\n{report.load_average()}; took {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0
