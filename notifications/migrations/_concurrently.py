"""Indexes on big tables, built and dropped without keeping anybody from writing."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db.migrations import AddIndex as PlainAdd
from django.db.migrations import RemoveIndex as PlainRemove


class AddIndex(AddIndexConcurrently):
    """PostgreSQL's `CONCURRENTLY`; SQLite has no such thing, and is small."""

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """Add the index."""
        kind = AddIndexConcurrently if _is_postgresql(editor) else PlainAdd
        kind.database_forwards(self, app_label, editor, before, after)

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """Remove it again."""
        kind = AddIndexConcurrently if _is_postgresql(editor) else PlainAdd
        kind.database_backwards(self, app_label, editor, before, after)


class RemoveIndex(RemoveIndexConcurrently):
    """In the same manner."""

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """Remove the index."""
        kind = RemoveIndexConcurrently if _is_postgresql(editor) else PlainRemove
        kind.database_forwards(self, app_label, editor, before, after)

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        """Add it again."""
        kind = RemoveIndexConcurrently if _is_postgresql(editor) else PlainRemove
        kind.database_backwards(self, app_label, editor, before, after)


def _is_postgresql(editor: Any) -> bool:
    return bool(editor.connection.vendor == "postgresql")
