"""Queries that the live path asks all the time, composed once."""

import json
import re
from collections.abc import Callable, Collection
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

Row = tuple[Any, ...]
_SQLITE_SET = "SELECT value FROM json_each("
# A placeholder of the database API; `%%` is a percent sign.
_PLACE = re.compile(r"(?<!%)%s")


class Prepared:
    """A query for sets of keys, whose SQL stays the same however many there are.

    Composing such a query with the ORM takes milliseconds, ten times as long as running it for a
    lone socket. `make` is called once for each database, with lists of one sample key in place of
    the sets, for `__in` lookups. Rows are as the database gives them, so this is for columns that
    need no conversion.
    """

    def __init__(self, make: Callable[..., QuerySet[Any, Any]], *samples: int | str) -> None:
        """Ask by as many sets as there are samples, which must not occur elsewhere in the query."""
        self._make = make
        self._samples = samples
        self._composed: dict[str, tuple[str, list[Any]]] = {}

    def rows(self, *sets: Collection[int] | Collection[str]) -> list[Row]:
        """The rows for these sets of keys."""
        connection = connections[DEFAULT_DB_ALIAS]
        vendor = connection.vendor
        if vendor not in self._composed:
            self._composed[vendor] = self._compose(vendor)
        sql, parameters = self._composed[vendor]
        given = {
            sample: list(keys) if vendor == "postgresql" else json.dumps(list(keys))
            for sample, keys in zip(self._samples, sets, strict=True)
        }
        with connection.cursor() as cursor:
            cursor.execute(sql, [given.get(p, p) if _is_key(p) else p for p in parameters])
            rows: list[Row] = cursor.fetchall()
        return rows

    def _compose(self, vendor: str) -> tuple[str, list[Any]]:
        query = self._make(*([sample] for sample in self._samples)).query
        sql, parameters = query.sql_with_params()
        parts = _PLACE.split(sql)
        for index, parameter in enumerate(parameters):
            if _is_key(parameter) and parameter in self._samples:
                before, after = parts[index], parts[index + 1]
                if not before.endswith("IN (") or not after.startswith(")"):
                    raise ValueError(f"A set of keys must be looked up with __in: {sql}")
                if vendor == "postgresql":
                    parts[index] = f"{before.removesuffix('IN (')}= ANY("
                else:
                    parts[index] = before + _SQLITE_SET
                    parts[index + 1] = f"){after}"
        return "%s".join(parts), list(parameters)


def _is_key(parameter: object) -> bool:
    return isinstance(parameter, int | str) and not isinstance(parameter, bool)
