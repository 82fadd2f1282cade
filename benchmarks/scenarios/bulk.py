"""One notification to many people, of whom some are connected.

From the call to the last frame, and to the last row in the database. The textbook is measured
twice: with a task for each person, as tutorials have it, and with one task that writes all rows
with `bulk_create` and publishes on one event loop.
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

TITLE = "one notification to many people: call to last row and last frame"
FIGURE = Figure("call to last row and last frame", "s", digits=2)


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """Against both ways of the textbook."""
    step = plan.people // plan.bulk_connected
    for side in stage.sides.values():
        stage.connect(side, plan.bulk_connected, step)
    people = f"{plan.people:,} people, each {step}th of them connected"
    for key, how, rounds in (
        ("bulk", "a task each", plan.long_rounds),
        ("bulk-one-task", "one task", plan.rounds),
    ):
        yield in_turn(
            stage,
            Case(key, f"{people}; textbook: {how}", FIGURE, "person", []),
            lambda side, number, warm_up, how=how: measure(
                stage, side, number, plan.people // 20 if warm_up else plan.people, how, step
            ),
            rounds,
        )


def measure(stage: Stage, side: Side, number: int, people: int, how: str, step: int) -> Measured:
    """One round of one side."""
    connected = (people - 1) // step + 1
    side.load.call("expect", count=connected)
    before = stage.cpu(side)
    called = side.caller.call("bulk", number=number, to=people, how=how)
    side.caller.start("wait_stored", count=people)
    seen = side.load.call("wait", seconds=ROUND_SECONDS)
    stored = side.caller.result()
    cpu = used(before, stage.cpu(side))
    exactly_once(side, number, [[0]] * connected)
    seconds = max(seen["last"], stored) - called["began"]
    return Measured(
        value=seconds,
        units=people,
        seconds=seconds,
        cpu=cpu,
        notes={
            "per second": people / seconds,
            "last frame s": seen["last"] - called["began"],
            "last row s": stored - called["began"],
        },
    )
