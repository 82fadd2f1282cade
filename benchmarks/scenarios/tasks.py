"""Notify tasks, one person each, from a queue that is full when the worker begins."""

import os
import signal
import time
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

TITLE = "one-by-one notify tasks from a full queue, one worker of concurrency 2: to the last frame"
FIGURE = Figure("worker's start to last frame", "s", digits=2)


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """To connected people in turn."""
    for side in stage.sides.values():
        stage.connect(side, plan.recipients)
    title = f"{plan.tasks:,} tasks to {plan.recipients:,} connected people"
    yield in_turn(
        stage,
        Case("tasks", title, FIGURE, "task", []),
        lambda side, number, warm_up: measure(
            stage, side, number, plan.tasks // 10 if warm_up else plan.tasks, plan.recipients
        ),
        min(plan.rounds, 3),
    )


def measure(stage: Stage, side: Side, number: int, count: int, to: int) -> Measured:
    """One round of one side. The worker, with its children, is held while the queue is filled."""
    worker = side.pids["worker"]
    os.killpg(worker, signal.SIGSTOP)
    try:
        side.caller.call("fill", number=number, count=count, to=to)
        side.load.call("expect", count=count)
        before = stage.cpu(side)
    finally:
        os.killpg(worker, signal.SIGCONT)
        began = time.monotonic()
    seen = side.load.call("wait", seconds=ROUND_SECONDS)
    cpu = used(before, stage.cpu(side))
    exactly_once(side, number, [list(range(start, count, to)) for start in range(to)])
    seconds = seen["last"] - began
    return Measured(
        value=seconds,
        units=count,
        seconds=seconds,
        cpu=cpu,
        notes={"per second": count / seconds, "frames": seen["frames"]},
    )
