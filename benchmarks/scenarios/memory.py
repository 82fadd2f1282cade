"""What an idle socket of a signed-in person keeps of the web process's memory."""

from collections.abc import Iterator

from benchmarks import cpu
from benchmarks.rounds import Case, Figure, Measured, Plan, in_turn
from benchmarks.stage import Side, Stage

TITLE = "memory per idle authenticated socket"
FIGURE = Figure("growth of the web process's resident memory per socket", "KB", scale=1e-3)
# They come before those that are counted: with them the process loads what all of them share.
FIRST = 50


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """In a process that had no others."""
    case = Case("memory", f"{plan.memory:,} sockets", FIGURE, "socket", [])
    yield in_turn(
        stage,
        case,
        lambda side, number, warm_up: measure(stage, side, plan.memory),
        min(plan.rounds, 3),
        # Each round has a process of its own.
        warm_up=False,
    )


def measure(stage: Stage, side: Side, count: int) -> Measured:
    """One round of one side."""
    side.load.call("drop")
    stage.fresh(side)
    stage.open(side, FIRST)
    stage.quiet(side)
    before = cpu.resident(side.pids["web"])
    opened = stage.open(side, count)
    stage.quiet(side)
    after = cpu.resident(side.pids["web"])
    return Measured(
        value=(after - before) / count,
        units=count,
        seconds=opened["seconds"],
        cpu={},
        notes={"MB before": before / 1e6, "MB after": after / 1e6},
    )
