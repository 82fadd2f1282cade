"""`notify()` one by one: from the first call to the last frame.

Each call is its own commit. The textbook's counterpart is a `send_notification.delay(...)` each.
"""

from benchmarks.rounds import ROUND_SECONDS, Case, Measured, Plan, exactly_once, in_turn
from benchmarks.stage import Side, Stage

TITLE = "notify() one by one, each its own commit: first call to last frame"


def run(stage: Stage, plan: Plan) -> list[Case]:
    """To all connected people in turn, and to one of them."""
    return [
        in_turn(
            stage,
            plan.rounds,
            f"{plan.calls:,} notifications to {to:,} connected {'people' if to > 1 else 'person'}",
            "notification",
            lambda side, number, warm_up, to=to: measure(
                stage, side, number, plan.calls // 10 if warm_up else plan.calls, to
            ),
        )
        for to in (plan.connected, 1)
    ]


def measure(stage: Stage, side: Side, number: int, count: int, to: int) -> Measured:
    """One round of one side."""
    stage.load.call("expect", count=count)
    before = stage.cpu(side)
    called = side.caller.call("one_by_one", number=number, count=count, to=to)
    seen = stage.load.call("wait", seconds=ROUND_SECONDS)
    after = stage.cpu(side)
    expected = [list(range(start, count, to)) for start in range(to)]
    exactly_once(stage, side, number, expected)
    return Measured(
        units=count,
        seconds=seen["last"] - called["began"],
        cpu={name: after[name] - before[name] for name in after},
        notes={"calls": called["ended"] - called["began"], "frames": seen["frames"]},
    )
