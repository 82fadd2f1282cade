"""A notification of their own to everybody who is connected: what a frame costs the web process.

The textbook is asked in its best way, one task for all.
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

TITLE = "a personal notification each: the web process's CPU per frame"
FIGURE = Figure("web CPU per frame", "us", scale=1e6)


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """To all connected people."""
    for side in stage.sides.values():
        stage.connect(side, plan.personal)
    case = Case("personal", f"{plan.personal:,} people, all connected", FIGURE, "frame", [])
    yield in_turn(
        stage,
        case,
        lambda side, number, warm_up: measure(
            stage, side, number, plan.personal // 10 if warm_up else plan.personal
        ),
        plan.rounds,
    )


def measure(stage: Stage, side: Side, number: int, people: int) -> Measured:
    """One round of one side."""
    side.load.call("expect", count=people)
    before = stage.cpu(side)
    called = side.caller.call("bulk", number=number, to=people, how="one task")
    seen = side.load.call("wait", seconds=ROUND_SECONDS)
    cpu = used(before, stage.cpu(side))
    side.caller.call("wait_stored", count=people)
    exactly_once(side, number, [[0]] * people)
    seconds = seen["last"] - called["began"]
    return Measured(
        value=cpu["web"] / people,
        units=people,
        seconds=seconds,
        cpu=cpu,
        notes={"last frame s": seconds},
    )
