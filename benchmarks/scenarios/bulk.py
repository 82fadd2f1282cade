"""One notification to many people, of whom some are connected.

From the call to the last frame, and to the last row in the database. The textbook is measured
twice: with a task for each person, as tutorials have it, and with one task that writes all rows
with `bulk_create` and publishes on one event loop.
"""

from benchmarks.rounds import ROUND_SECONDS, Case, Measured, Plan, exactly_once, in_turn
from benchmarks.stage import Side, Stage

TITLE = "one notification to many people: call to last row and last frame"


def run(stage: Stage, plan: Plan) -> list[Case]:
    """Against both ways of the textbook."""
    people = f"{plan.people:,} people, {plan.connected:,} of them connected"
    return [
        in_turn(
            stage,
            plan.bulk_rounds,
            f"{people}; textbook: {how}",
            "person",
            lambda side, number, warm_up, how=how: measure(
                stage, side, number, plan.people // 10 if warm_up else plan.people, how
            ),
        )
        for how in ("a task each", "one task")
    ]


def measure(stage: Stage, side: Side, number: int, people: int, how: str) -> Measured:
    """One round of one side."""
    connected = min(people, stage.connected)
    stage.load.call("expect", count=connected)
    before = stage.cpu(side)
    called = side.caller.call("bulk", number=number, to=people, how=how)
    side.caller.start("wait_stored", count=people)
    seen = stage.load.call("wait", seconds=ROUND_SECONDS)
    stored = side.caller.result()
    after = stage.cpu(side)
    exactly_once(stage, side, number, [[0]] * connected)
    return Measured(
        units=people,
        seconds=max(seen["last"], stored) - called["began"],
        cpu={name: after[name] - before[name] for name in after},
        notes={
            "last frame": seen["last"] - called["began"],
            "last row": stored - called["began"],
            "frames": seen["frames"],
        },
    )
