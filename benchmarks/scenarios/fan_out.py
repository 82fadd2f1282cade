"""A broadcast to many sockets: what a frame costs the web process.

In bursts (one call after the other) and paced (each when everybody has the one before). Beside the
textbook stand a bare sender, which writes frames to sockets and does nothing else, and Nchan.
"""

import time
from collections.abc import Iterator

from benchmarks.rounds import (
    ROUND_SECONDS,
    Case,
    FanOut,
    Figure,
    Measured,
    Plan,
    exactly_once,
    in_turn,
    used,
)
from benchmarks.stage import Side, Stage

TITLE = "a broadcast to everyone: the web process's CPU per frame"
FIGURE = Figure("web CPU per frame", "us", scale=1e6)
# seconds between broadcasts that are paced
PAUSE = 0.05
PACED = 3
# seconds that the load generator sleeps at a time, so that no frame has to wake it
NAP = 0.002


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """For each number of sockets, in bursts and paced."""
    sides = [*stage.sides.values(), *stage.references()]
    for size in plan.fan_out:
        for side in sides:
            stage.connect(side, size.sockets, news=True)
        for paced in (False, True):
            kind = "paced" if paced else "burst"
            how = f"bursts of {size.burst} (textbook: {size.textbook_burst})"
            title = f"{size.sockets:,} sockets, {'one at a time' if paced else how}"
            case = Case(f"fan-out-{size.sockets}-{kind}", title, FIGURE, "frame", [])
            yield in_turn(
                stage,
                case,
                lambda side, number, warm_up, size=size, paced=paced: measure(
                    stage, side, number, size, 1 if warm_up else 0, paced
                ),
                plan.rounds,
                sides,
            )
    for side in sides:
        stage.drop(side)


def measure(
    stage: Stage, side: Side, number: int, size: FanOut, count: int, paced: bool
) -> Measured:
    """One round of one side."""
    if not count:
        count = size.textbook_burst if side.name == "textbook" else size.burst
        count = min(count, PACED) if paced else count
    side.load.call("expect", count=count * size.sockets)
    before = stage.cpu(side)
    seconds = 0.0
    for first in range(count) if paced else [0]:
        if paced:
            time.sleep(PAUSE)
            side.load.call("expect", count=size.sockets, keep=True)
        began = side.caller.call(
            "broadcasts", number=number, first=first, count=1 if paced else count
        )
        seen = side.load.call("wait", seconds=ROUND_SECONDS, nap=NAP)
        seconds += seen["last"] - began
    cpu = used(before, stage.cpu(side))
    frames = count * size.sockets
    exactly_once(side, number, [list(range(count))] * size.sockets)
    return Measured(
        value=cpu["web"] / frames,
        units=frames,
        seconds=seconds,
        cpu=cpu,
        notes={"frames/s": frames / seconds},
    )
