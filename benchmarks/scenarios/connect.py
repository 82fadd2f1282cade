"""Opening sockets of signed-in people: what one costs the web process.

Until the handshake is done; with ours, until the first frame is there as well. The textbook has
cookies only.
"""

from collections.abc import Iterator

from benchmarks.rounds import Case, Figure, Measured, Plan, in_turn, used
from benchmarks.stage import Side, Stage

TITLE = "authenticated connects: the web process's CPU per connect"
FIGURE = Figure("web CPU per connect", "us", scale=1e6, digits=0)
# handshakes at the same time
AT_ONCE = 50
FIRST = 50


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """With tickets and with cookies, against the textbook's cookies."""
    for how in ("ticket", "cookie"):
        yield in_turn(
            stage,
            Case(f"connect-{how}", f"{plan.connects:,} connects, {how}s", FIGURE, "connect", []),
            lambda side, number, warm_up, how=how: measure(
                stage, side, plan.connects // 10 if warm_up else plan.connects, how == "ticket"
            ),
            plan.rounds,
        )


def measure(stage: Stage, side: Side, count: int, with_ticket: bool) -> Measured:
    """One round of one side."""
    stage.drop(side)
    # The first ones start threads and open database connections.
    stage.connect(side, min(FIRST, count))
    stage.drop(side)
    tickets = stage.tickets(side, count) if with_ticket else None
    before = stage.cpu(side)
    opened = stage.open(side, count, at_once=AT_ONCE, tickets=tickets)
    cpu = used(before, stage.cpu(side))
    return Measured(
        value=cpu["web"] / count,
        units=count,
        seconds=opened["seconds"],
        cpu=cpu,
        notes={"connects/s": count / opened["seconds"]},
    )
