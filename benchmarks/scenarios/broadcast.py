"""Something said to everybody, of whom few are connected, and kept for the others.

Ours is an entry in the log, whoever there is; the textbook writes a row for each user with
`bulk_create` and sends one event to the group of everyone.
"""

from collections.abc import Iterator

from benchmarks.rounds import (
    ROUND_SECONDS,
    Case,
    Figure,
    Measured,
    Plan,
    exactly_once,
    in_turn,
    used,
)
from benchmarks.stage import Side, Stage

TITLE = "a broadcast to everybody: call to what is kept and last frame"
FIGURE = Figure("call to last row and last frame", "ms", scale=1e3)


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """To so many people, and to more."""
    for people in plan.crowds:
        for side in stage.sides.values():
            side.caller.call("crowd", people=people)
            stage.connect(side, plan.listeners, news=True)
        title = f"{people:,} people, {plan.listeners} of them connected"
        yield in_turn(
            stage,
            Case(f"broadcast-{people}", title, FIGURE, "broadcast", []),
            lambda side, number, warm_up, people=people: measure(
                stage, side, number, people, plan.listeners
            ),
            plan.rounds,
        )


def measure(stage: Stage, side: Side, number: int, people: int, listeners: int) -> Measured:
    """One round of one side."""
    # What the call itself did not write: an entry in the log, or a row each.
    kept = 1 if side.name == "clarion" else people
    side.load.call("expect", count=listeners)
    before = stage.cpu(side)
    began = side.caller.call("to_everyone", number=number)
    side.caller.start("wait_said", count=kept)
    seen = side.load.call("wait", seconds=ROUND_SECONDS)
    stored = side.caller.result()
    cpu = used(before, stage.cpu(side))
    exactly_once(side, number, [[0]] * listeners)
    seconds = max(seen["last"], stored) - began
    return Measured(
        value=seconds,
        units=1,
        seconds=seconds,
        cpu=cpu,
        notes={
            "last frame ms": (seen["last"] - began) * 1e3,
            "last row ms": (stored - began) * 1e3,
            "rows that stay": kept + (side.name == "clarion"),
        },
    )
