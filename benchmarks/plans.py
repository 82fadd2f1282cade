"""What PostgreSQL does for the statements of a call: its plans, and which indexes they go along."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import connection, transaction

# Tables that grow with what is said and to how many; nobody may go through one from end to end.
BIG = ("clarion_item", "clarion_notification")


@dataclass
class Seen:
    """What the plans of a call's statements on big tables have in common."""

    indexes: set[str] = field(default_factory=set)
    # Big tables that were read from end to end.
    scanned: set[str] = field(default_factory=set)
    # Blocks of 8 KB, found in memory or not.
    blocks: int = 0


def plans(act: Callable[[], object]) -> Seen:
    """Do something, taking back what it changes, and explain its statements first."""
    seen = Seen()
    with _taken_back(), connection.execute_wrapper(_Explain(seen)):
        act()
    return seen


def milliseconds(act: Callable[[], object], times: int) -> float:
    """How long it takes in the median, what it changes being taken back each time."""
    took = []
    for _ in range(times):
        with _taken_back():
            began = time.perf_counter()
            act()
            took.append(time.perf_counter() - began)
    return median(took) * 1e3


@contextmanager
def _taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class _Explain:
    """A wrapper around executions; statements that read are run twice, others are planned only."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._explaining = False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self._explaining and any(table in sql for table in BIG):
            self._explain(sql, params[0] if many and params else params)
        return execute(sql, params, many, context)

    def _explain(self, sql: str, params: Any) -> None:
        if not params and "%s" in sql:  # many times nothing
            return
        reads = sql.startswith("SELECT") and "FOR UPDATE" not in sql
        self._explaining = True
        try:
            with connection.cursor() as cursor:
                options = "ANALYZE, BUFFERS, FORMAT JSON" if reads else "FORMAT JSON"
                cursor.execute(f"EXPLAIN ({options}) {sql}", params)
                (found,) = cursor.fetchone()
        finally:
            self._explaining = False
        (top,) = json.loads(found) if isinstance(found, str) else found
        plan = top["Plan"]
        self._seen.blocks += plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0)
        for node in _nodes(plan):
            if "Index Name" in node:
                self._seen.indexes.add(node["Index Name"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG:
                self._seen.scanned.add(node["Relation Name"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)
