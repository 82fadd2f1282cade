"""`notify()` one by one: from the first call to the last frame.

Each call is its own commit. The textbook's counterpart is a `send_notification.delay(...)` each.
"""

from collections.abc import Iterator

from benchmarks.rounds import (
    ROUND_SECONDS,
    WALL,
    Case,
    Measured,
    Plan,
    exactly_once,
    in_turn,
    used,
)
from benchmarks.stage import Side, Stage

TITLE = "notify() one by one, each its own commit: first call to last frame"


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """From one process and from two."""
    for side in stage.sides.values():
        stage.connect(side, plan.recipients)
    to = f"{plan.calls:,} notifications to {plan.recipients:,} connected people"
    for callers in (1, 2):
        title = f"{to}, from {'two processes' if callers == 2 else 'one process'}"
        yield in_turn(
            stage,
            Case(f"one-by-one-{callers}", title, WALL, "notification", []),
            lambda side, number, warm_up, callers=callers: measure(
                stage,
                side,
                number,
                plan.calls // 10 if warm_up else plan.calls,
                plan.recipients,
                callers,
            ),
            plan.rounds,
        )


def measure(stage: Stage, side: Side, number: int, count: int, to: int, callers: int) -> Measured:
    """One round of one side."""
    processes = stage.callers(side)[:callers]
    side.load.call("expect", count=count)
    before = stage.cpu(side)
    for first, process in enumerate(processes):
        process.start("one_by_one", number=number, first=first, stop=count, step=callers, to=to)
    called = [process.result() for process in processes]
    seen = side.load.call("wait", seconds=ROUND_SECONDS)
    cpu = used(before, stage.cpu(side))
    exactly_once(side, number, [list(range(start, count, to)) for start in range(to)])
    began = min(each["began"] for each in called)
    seconds = seen["last"] - began
    return Measured(
        value=seconds,
        units=count,
        seconds=seconds,
        cpu=cpu,
        notes={
            "per second": count / seconds,
            "calls s": max(each["ended"] for each in called) - began,
            "frames": seen["frames"],
        },
    )
