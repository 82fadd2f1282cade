"""All sockets dropped at once and back, each person having missed something meanwhile.

From the first attempt until everybody has what was missed. The textbook resumes nothing: its time
is until everybody is connected again.
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

TITLE = "a storm: everybody dropped at once and back"
FIGURE = Figure("first attempt to last page; textbook: to last handshake", "s", digits=2)
# Handshakes at the same time: below uvicorn's backlog of 2,048, beyond which the kernel lets an
# attempt wait for a second or more.
AT_ONCE = 1_000


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """With everybody connected before."""
    for side in stage.sides.values():
        stage.connect(side, plan.storm)
    title = f"{plan.storm:,} sockets; with ours each resumes, the textbook only connects"
    yield in_turn(
        stage,
        Case("storm", title, FIGURE, "socket", []),
        lambda side, number, warm_up: measure(stage, side, number, plan.storm),
        min(plan.rounds, 3),
        # A storm finds what it finds.
        warm_up=False,
    )


def measure(stage: Stage, side: Side, number: int, count: int) -> Measured:
    """One round of one side."""
    resumes = side.greeted
    cursors = side.load.call("cursors") if resumes else None
    side.load.call("drop")
    side.caller.call("bulk", number=number, to=count, how="one task")
    side.caller.call("wait_stored", count=count)
    tickets = stage.tickets(side, count)
    side.load.call("expect", count=count if resumes else 0)
    before = stage.cpu(side)
    opened = stage.open(side, count, at_once=AT_ONCE, tickets=tickets, cursors=cursors)
    seconds = opened["seconds"]
    if resumes:
        seen = side.load.call("wait", seconds=ROUND_SECONDS)
        seconds = seen["last"] - opened["began"]
    cpu = used(before, stage.cpu(side))
    if resumes:
        exactly_once(side, number, [[0]] * count)
    return Measured(
        value=seconds,
        units=count,
        seconds=seconds,
        cpu=cpu,
        notes={"connected s": opened["seconds"], "CPU ms each": cpu["web"] / count * 1e3},
    )
