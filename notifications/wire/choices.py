"""What a person does not want to hear: the one rule, for the relay, taking in and sessions.

A category that was opted out of is not delivered. What is muted, a category or a thread, for a time
or for ever, is delivered quietly: it is in the inbox, seen and read. Mandatory categories are heard
whatever was chosen.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Verdict(Enum):
    """What becomes of a notification for one person."""

    HEAR = "hear"
    QUIET = "quiet"
    DROP = "drop"


@dataclass(frozen=True)
class Choices:
    """One person's choices; muted until a moment (milliseconds since 1970), None being for ever.

    They hold for log entries after `since`: what was said before is in the inbox if it was wanted
    then. `seq` is the inbox's when they changed: a cursor from before that knows nothing of it.
    """

    off: frozenset[str] = frozenset()
    categories: Mapping[str, int | None] = field(default_factory=dict)
    threads: Mapping[str, int | None] = field(default_factory=dict)
    mandatory: frozenset[str] = frozenset()
    since: int = 0
    seq: int = 0

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None, mandatory: Collection[str] = ()) -> "Choices":
        """Choices as they are stored; as they are sent if they name what is mandatory."""
        stored = stored or {}
        return cls(
            off=frozenset(stored.get("off", ())),
            categories=dict(stored.get("categories", {})),
            threads=dict(stored.get("threads", {})),
            mandatory=frozenset(stored.get("mandatory", mandatory)),
            since=int(stored.get("since", 0)),
            seq=int(stored.get("seq", 0)),
        )

    def stored(self) -> dict[str, Any]:
        """As JSON, to be stored."""
        return {
            "off": sorted(self.off),
            "categories": dict(self.categories),
            "threads": dict(self.threads),
            "since": self.since,
            "seq": self.seq,
        }

    def sent(self) -> dict[str, Any]:
        """As JSON, for the sessions of the person."""
        return {**self.stored(), "mandatory": sorted(self.mandatory)}

    def verdict(self, category: str, thread: str, said_at: int) -> Verdict:
        """What becomes of something said at a moment (milliseconds since 1970)."""
        if category in self.mandatory:
            return Verdict.HEAR
        if category in self.off:
            return Verdict.DROP
        muted = _until(self.categories, category, said_at) or (
            bool(thread) and _until(self.threads, thread, said_at)
        )
        return Verdict.QUIET if muted else Verdict.HEAR


def _until(muted: Mapping[str, int | None], key: str, said_at: int) -> bool:
    if key not in muted:
        return False
    until = muted[key]
    return until is None or said_at < until


def milliseconds(moment: datetime) -> int:
    """A moment in whole milliseconds since 1970, the precision of the wire."""
    return (moment - EPOCH) // timedelta(milliseconds=1)
