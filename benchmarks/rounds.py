"""Both sides in turn, several rounds, and what to make of the figures."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from statistics import median

from benchmarks.stage import Side, Stage

# After so many seconds a round has failed.
ROUND_SECONDS = 240
# No further round begins after so many seconds of a case, if there are two: on a busy machine fewer
# rounds are better than no end.
CASE_SECONDS = 50
MIN_ROUNDS = 2
# Titles carry the number of their round, so that no frame is counted for another.
_numbers = count(1)


class Wrong(Exception):
    """A round that does not count: something was lost, doubled or late."""


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    connected: int
    people: int
    calls: int
    rounds: int
    bulk_rounds: int


PLANS = {
    "full": Plan(connected=300, people=2_000, calls=500, rounds=5, bulk_rounds=3),
    "small": Plan(connected=10, people=100, calls=40, rounds=2, bulk_rounds=2),
}


@dataclass
class Measured:
    """One round of one side."""

    units: int
    seconds: float
    cpu: dict[str, float]
    notes: dict[str, float] = field(default_factory=dict)


@dataclass
class Case:
    """All rounds of one comparison."""

    title: str
    unit: str
    rounds: list[dict[str, Measured]]

    @property
    def ratios(self) -> list[float]:
        """How many times as fast as the textbook, per round."""
        return [pair["textbook"].seconds / pair["clarion"].seconds for pair in self.rounds]

    def of(self, side: str, value: Callable[[Measured], float]) -> float:
        """The median over the rounds of a side."""
        return median(value(pair[side]) for pair in self.rounds)


Measure = Callable[[Side, int, bool], Measured]


def in_turn(stage: Stage, rounds: int, title: str, unit: str, measure: Measure) -> Case:
    """Measure both sides up to `rounds` times, after a round that does not count.

    Who begins alternates, so that a machine that gets slower or faster favours nobody.
    """
    sides = list(stage.sides.values())
    for side in sides:
        measure(side, next(_numbers), True)
    pairs: list[dict[str, Measured]] = []
    began = time.monotonic()
    for number in range(rounds):
        if number >= MIN_ROUNDS and time.monotonic() - began > CASE_SECONDS:
            break
        order = sides if number % 2 == 0 else sides[::-1]
        pairs.append({side.name: measure(side, next(_numbers), False) for side in order})
    return Case(title, unit, pairs)


def exactly_once(stage: Stage, side: Side, number: int, expected: list[list[int]]) -> None:
    """Check that each socket received what it should, each once; raises `Wrong`."""
    received = stage.load.call("collect", side=side.name, round_number=number)
    expected = expected + [[]] * (len(received) - len(expected))
    wrong = [n for n, got in enumerate(received) if sorted(got) != expected[n]]
    if wrong:
        first = wrong[0]
        raise Wrong(
            f"{side.name}: {len(wrong)} of {len(received)} sockets did not get each notification"
            f" once; the first: {len(received[first])} of {len(expected[first])} expected"
        )
