"""What the live path has to reach, beside what a run has seen."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.rounds import Case


@dataclass(frozen=True)
class Goal:
    """One row: a figure, of which case, and from where on it is good."""

    figure: str
    case: str
    wanted: float
    stretch: float | None
    # Of a ratio other/ours a high one is good; of an absolute figure or ours/other a low one.
    high: bool
    unit: str
    value: Callable[[Case], float]
    spread: Callable[[Case], list[float]] | None = None

    def reached(self, seen: float, bound: float | None) -> bool:
        """Whether a value is as good as a bound."""
        return bound is not None and (seen >= bound if self.high else seen <= bound)

    def verdict(self, seen: float) -> str:
        """In one word."""
        if self.reached(seen, self.stretch):
            return "stretch"
        return "reached" if self.reached(seen, self.wanted) else "MISSED"


def times(figure: str, case: str, wanted: float, stretch: float | None, other: str) -> Goal:
    """A goal of being so many times as good as another side."""
    return Goal(
        figure,
        case,
        wanted,
        stretch,
        high=True,
        unit=f"x {other}",
        value=lambda seen: median(seen.ratios(other)),
        spread=lambda seen: seen.ratios(other),
    )


def inverse(figure: str, case: str, wanted: float, stretch: float | None, note: str = "") -> Goal:
    """A goal of taking at most such a part of the textbook's time, of a note where named."""

    def parts(seen: Case) -> list[float]:
        ratios = seen.ratios(value=lambda measured: measured.notes[note]) if note else seen.ratios()
        return [1 / ratio for ratio in ratios]

    return Goal(
        figure,
        case,
        wanted,
        stretch,
        high=False,
        unit="of textbook",
        value=lambda seen: median(parts(seen)),
        spread=parts,
    )


def absolute(
    figure: str, case: str, wanted: float, stretch: float, unit: str, scale: float = 1
) -> Goal:
    """A goal of ours alone."""
    return Goal(
        figure,
        case,
        wanted,
        stretch,
        high=False,
        unit=unit,
        value=lambda seen: seen.of("clarion") * scale,
        spread=lambda seen: [each["clarion"].value * scale for each in seen.rounds],
    )


def goals(database: str) -> list[Goal]:
    """Of a run on this database."""
    frame = "web CPU per broadcast frame, 4,000 sockets"
    return [
        times(f"{frame}, bursts", "fan-out-4000-burst", 30, 40, "textbook"),
        times(f"{frame}, bursts", "fan-out-4000-burst", 1, None, "nchan"),
        times(f"{frame}, one at a time", "fan-out-4000-paced", 30, 40, "textbook"),
        times(f"{frame}, one at a time", "fan-out-4000-paced", 1, None, "nchan"),
        times("web CPU per authenticated connect, ticket", "connect-ticket", 4, 6, "textbook"),
        absolute("memory per idle authenticated socket", "memory", 24, 20, "KB", 1e-3),
        times("bulk, 10,000 people, to last frame and row", "bulk", 20, 30, "textbook"),
        times("one-by-one notify tasks, end to end", "tasks", 2, 3, "textbook"),
        times(
            "notify() one by one from two processes",
            "one-by-one-2",
            2 if database == "postgresql" else 3,
            None,
            "textbook",
        ),
        *(
            row
            for rate in (20, 100)
            for row in (
                inverse(f"commit to frame, {rate}/s, median", f"latency-{rate}", 1, 0.7),
                inverse(f"commit to frame, {rate}/s, p99", f"latency-{rate}", 1.2, 0.7, "p99 ms"),
            )
        ),
        absolute("storm of 5,000, all resumed", "storm", 8, 5, "s"),
    ]


def table(cases: list[Case], database: str) -> list[str]:
    """Lines of the table; nothing for goals whose case did not run."""
    by_key = {case.key: case for case in cases}
    lines = []
    for goal in goals(database):
        case = by_key.get(goal.case)
        if case is None or (goal.unit == "x nchan" and "nchan" not in case.sides):
            continue
        seen = goal.value(case)
        sign = ">=" if goal.high else "<="
        spread = goal.spread(case) if goal.spread else [seen]
        lines.append(
            f"| {goal.figure} | {sign} {goal.wanted:g} {goal.unit} |"
            f" {f'{sign} {goal.stretch:g}' if goal.stretch else ''} |"
            f" {seen:.3g} ({min(spread):.3g} - {max(spread):.3g}) | {goal.verdict(seen)} |"
        )
    if lines:
        lines[:0] = [
            "| figure | wanted | stretch | seen, median (rounds) | |",
            "|---|---|---|---|---|",
        ]
    return lines
