"""All sides in turn, several rounds, and what to make of the figures."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from benchmarks.stage import Side, Stage

# After so many seconds a round has failed.
ROUND_SECONDS = 240
# No further round begins after so many seconds of a case, if there are two: on a busy machine fewer
# rounds are better than no end.
CASE_SECONDS = 60
MIN_ROUNDS = 2
# Titles carry the number of their round, so that no frame is counted for another.
_numbers = count(1)


class Wrong(Exception):
    """A round that does not count: something was lost, doubled or late."""


@dataclass(frozen=True)
class FanOut:
    """Broadcasts in a burst; fewer for the textbook, whose take a hundred times as long."""

    sockets: int
    burst: int
    textbook_burst: int


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    people: int
    rounds: int
    # Of what takes the textbook a minute.
    long_rounds: int
    fan_out: tuple[FanOut, ...]
    personal: int
    recipients: int
    calls: int
    tasks: int
    bulk_connected: int
    connects: int
    memory: int
    # calls per second, and for how long
    rates: tuple[float, ...]
    latency_seconds: float
    idle: int
    storm: int
    # People who are told something at once, and how many of them are connected.
    crowds: tuple[int, ...]
    listeners: int


PLANS = {
    "full": Plan(
        people=10_000,
        rounds=5,
        long_rounds=2,
        fan_out=(FanOut(500, 60, 10), FanOut(4_000, 20, 3), FanOut(10_000, 10, 2)),
        personal=5_000,
        recipients=300,
        calls=1_000,
        tasks=2_000,
        bulk_connected=1_000,
        connects=2_000,
        memory=4_000,
        rates=(20, 100),
        latency_seconds=10,
        idle=5_000,
        storm=5_000,
        crowds=(10_000, 100_000),
        listeners=500,
    ),
    "small": Plan(
        people=60,
        rounds=1,
        long_rounds=1,
        fan_out=(FanOut(20, 4, 2),),
        personal=20,
        recipients=10,
        calls=20,
        tasks=20,
        bulk_connected=6,
        connects=20,
        memory=50,
        rates=(50,),
        latency_seconds=0.4,
        idle=20,
        storm=20,
        crowds=(60, 200),
        listeners=20,
    ),
}


@dataclass(frozen=True)
class Figure:
    """What a case compares; less is better."""

    name: str
    unit: str
    # of the unit in one of what `Measured.value` is in: seconds or bytes
    scale: float = 1.0
    digits: int = 1

    def shown(self, value: float) -> str:
        """A value with its unit."""
        return f"{value * self.scale:,.{self.digits}f} {self.unit}"


WALL = Figure("first call to last frame", "s", digits=2)


@dataclass
class Measured:
    """One round of one side."""

    value: float
    units: int
    seconds: float
    cpu: dict[str, float]
    notes: dict[str, float] = field(default_factory=dict)
    # Single values, sorted, where there are many in a round.
    samples: list[float] = field(default_factory=list)


@dataclass
class Case:
    """All rounds of one comparison."""

    key: str
    title: str
    figure: Figure
    unit: str
    rounds: list[dict[str, Measured]]

    @property
    def sides(self) -> list[str]:
        """Who was measured, ours first."""
        return list(self.rounds[0])

    def ratios(
        self,
        against: str = "textbook",
        value: Callable[[Measured], float] = lambda measured: measured.value,
    ) -> list[float]:
        """How many times as much as ours another side needed, per round."""
        return [value(each[against]) / value(each["clarion"]) for each in self.rounds]

    def of(self, side: str, value: Callable[[Measured], float] = lambda m: m.value) -> float:
        """The median over the rounds of a side."""
        return median(value(each[side]) for each in self.rounds)


Measure = Callable[[Side, int, bool], Measured]


def in_turn(
    stage: Stage,
    case: Case,
    measure: Measure,
    rounds: int,
    sides: Sequence[Side] = (),
    warm_up: bool = True,
) -> Case:
    """Measure all sides up to `rounds` times, after a round that does not count.

    Who begins alternates, so that a machine that gets slower or faster favours nobody.
    """
    sides = sides or list(stage.sides.values())
    for side in sides if warm_up else ():
        measure(side, next(_numbers), True)
    began = time.monotonic()
    for number in range(rounds):
        if number >= MIN_ROUNDS and time.monotonic() - began > CASE_SECONDS:
            break
        order = sides if number % 2 == 0 else sides[::-1]
        measured = {side.name: measure(side, next(_numbers), False) for side in order}
        case.rounds.append({side.name: measured[side.name] for side in sides})
    return case


def exactly_once(side: Side, number: int, expected: list[list[int]]) -> None:
    """Check that each socket received what it should, each once; raises `Wrong`."""
    received = side.load.call("collect", round_number=number)
    expected = expected + [[]] * (len(received) - len(expected))
    wrong = [n for n, got in enumerate(received) if sorted(got) != expected[n]]
    if wrong:
        first = wrong[0]
        raise Wrong(
            f"{side.name}: {len(wrong)} of {len(received)} sockets did not get each notification"
            f" once; the first, {first}: {len(received[first])} of {len(expected[first])} expected"
        )


def used(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """CPU seconds in between."""
    return {name: after[name] - before.get(name, 0.0) for name in after}
