"""From the caller's commit to the frame, through Celery, with many idle sockets beside."""

from collections.abc import Iterator
from statistics import median, quantiles

from benchmarks.rounds import (
    ROUND_SECONDS,
    Case,
    Figure,
    Measured,
    Plan,
    Wrong,
    exactly_once,
    in_turn,
    used,
)
from benchmarks.stage import Side, Stage

TITLE = "latency: the caller's commit to the frame, both sides through Celery"
FIGURE = Figure("commit to frame, median", "ms", scale=1e3)
# Everybody who is told something is among the connected.
RECIPIENTS = 300


def run(stage: Stage, plan: Plan) -> Iterator[Case]:
    """At each rate."""
    for side in stage.sides.values():
        stage.connect(side, plan.idle)
    title = f"{plan.idle:,} sockets"
    for rate in plan.rates:
        yield in_turn(
            stage,
            Case(f"latency-{rate:g}", f"{rate:g}/s, {title}", FIGURE, "notification", []),
            lambda side, number, warm_up, rate=rate: measure(
                stage,
                side,
                number,
                rate,
                plan.latency_seconds / 5 if warm_up else plan.latency_seconds,
                min(RECIPIENTS, plan.idle),
            ),
            min(plan.rounds, 3),
        )


def measure(
    stage: Stage, side: Side, number: int, rate: float, seconds: float, to: int
) -> Measured:
    """One round of one side."""
    count = max(2, int(rate * seconds))
    side.load.call("expect", count=count, timed=True)
    before = stage.cpu(side)
    committed = side.caller.call("paced", number=number, count=count, to=to, per_second=rate)
    side.load.call("wait", seconds=ROUND_SECONDS)
    cpu = used(before, stage.cpu(side))
    exactly_once(side, number, [list(range(start, count, to)) for start in range(to)])
    arrived = side.load.call("arrivals", round_number=number)
    if len(committed) != count:
        raise Wrong(f"{side.name}: {len(committed)} of {count} commits")
    waited = sorted(arrived[str(serial)] - moment for serial, moment in enumerate(committed))
    cuts = quantiles(waited, n=100, method="inclusive")
    return Measured(
        value=median(waited),
        units=count,
        seconds=arrived[str(count - 1)] - committed[0],
        cpu=cpu,
        notes={
            "p90 ms": cuts[89] * 1e3,
            "p99 ms": cuts[98] * 1e3,
            "worst ms": waited[-1] * 1e3,
        },
        samples=waited,
    )
