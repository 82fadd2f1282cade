"""What became of each slot."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from notifications.models import Announcement, LogEntry, Schedule
from notifications.services.schedules import recurrence_of

State = Announcement.State


@dataclass
class Tally:
    """Counts for one policy; the last four must be nought."""

    slots: int = 0
    sent: int = 0
    late: int = 0
    left_out: int = 0
    doubled: int = 0
    unrecorded: int = 0
    early: int = 0
    failed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every slot went out once or is recorded as left out."""
        return not (self.doubled or self.unrecorded or self.early or self.failed)


COLUMNS = ("slots", "sent", "late", "left_out", "doubled", "unrecorded", "early", "failed")


def tallies(first_slots: dict[int, datetime]) -> dict[str, Tally]:
    """By policy, from the first slot of each schedule to the last that is over."""
    # One entry of the log for each broadcast: what people get.
    said = Counter(LogEntry.objects.values_list("notification__title", flat=True))
    found: dict[str, Tally] = {}
    for schedule in Schedule.objects.filter(pk__in=first_slots).order_by("pk"):
        tally = found.setdefault(schedule.missed, Tally())
        _count(schedule, first_slots[schedule.pk], tally, said)
    return found


def _count(schedule: Schedule, first: datetime, tally: Tally, said: Counter[str]) -> None:
    rows = list(schedule.announcements.all())
    slots = _slots(schedule, first)
    gone_out = [row for row in rows if row.state in (State.SENT, State.LATE)]
    left_out = sum(row.missed for row in rows)
    of_its_own = said[schedule.title] + sum(
        said[f"{schedule.title} ({row.slot:%Y-%m-%d %H:%M})"] for row in _distinct(gone_out)
    )
    doubled = of_its_own - len({row.slot for row in gone_out})
    unrecorded = len(slots) - len(gone_out) - left_out
    tally.slots += len(slots)
    tally.sent += len(gone_out)
    tally.late += sum(row.state == State.LATE for row in rows)
    tally.left_out += left_out
    tally.doubled += max(0, doubled)
    # Also what is in the history and did not go out, or counts for two.
    tally.unrecorded += abs(unrecorded) + max(0, -doubled)
    tally.early += sum(row.created_at < row.slot or row.slot not in slots for row in rows)
    tally.failed += sum(row.state == State.FAILED for row in rows)
    if doubled or unrecorded:
        history = [(f"{row.slot:%H:%M:%S}", row.state, row.missed) for row in rows]
        tally.wrong.append(f"{schedule.title}: {sorted(map(str, slots))}, {history}")


def _distinct(rows: Iterable[Announcement]) -> list[Announcement]:
    """One for each label that a late title may bear."""
    return list({f"{row.slot:%Y-%m-%d %H:%M}": row for row in rows}.values())


def _slots(schedule: Schedule, first: datetime) -> set[datetime]:
    recurrence = recurrence_of(schedule)
    slots: set[datetime] = set()
    slot: datetime | None = first
    while slot is not None and (schedule.next_slot is None or slot < schedule.next_slot):
        slots.add(slot)
        slot = recurrence.after(slot)
    return slots


def table(found: dict[str, Tally]) -> str:
    """The counts, one line for each policy."""
    lines = [f"{'missed':8}" + "".join(f"{name.replace('_', ' '):>12}" for name in COLUMNS)]
    for policy, tally in sorted(found.items()):
        lines.append(f"{policy:8}" + "".join(f"{getattr(tally, name):12}" for name in COLUMNS))
    return "\n".join([*lines, *(wrong for tally in found.values() for wrong in tally.wrong)])
