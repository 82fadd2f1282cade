"""Printing figures."""

import os
from pathlib import Path
from statistics import median

from benchmarks.rounds import Case, Measured
from benchmarks.stage import SERVER, Stage

# Whose CPU is shown, in this order.
ROLES = ("caller", "worker", "web", "beat", "database", "redis")


def machine(stage: Stage) -> None:
    """What this was measured on."""
    print(f"{cpu_model()}, {os.cpu_count()} cores; {load_average()}")
    print(f"{stage.versions()}")


def load_average() -> str:
    """What else the machine does."""
    one, five, fifteen = os.getloadavg()
    return f"load average {one:.2f} {five:.2f} {fifteen:.2f}"


def cpu_model() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"


def case(measured: Case) -> None:
    """One comparison: rounds, ratio with spread, CPU."""
    print(f"\n  {measured.title}")
    print(f"    {'round':<8}{'clarion':>22}{'textbook':>22}{'ratio':>8}")
    for number, (pair, ratio) in enumerate(
        zip(measured.rounds, measured.ratios, strict=True), start=1
    ):
        ours, theirs = rate(pair["clarion"]), rate(pair["textbook"])
        print(f"    {number:<8}{ours:>22}{theirs:>22}{ratio:>8.2f}")
    low, high = min(measured.ratios), max(measured.ratios)
    print(
        f"    median ratio {median(measured.ratios):.2f} times as fast as the textbook"
        f" (rounds from {low:.2f} to {high:.2f})"
    )
    notes = measured.rounds[0]["clarion"].notes
    for side in ("clarion", "textbook"):
        shown = [
            f"{name} {measured.of(side, lambda m, name=name: m.notes[name]):,.0f}"
            if name == "frames"
            else f"{name} {measured.of(side, lambda m, name=name: m.notes[name]):.3f} s"
            for name in notes
        ]
        print(f"    {side:<10}medians: {', '.join(shown)}")
    if measured.rounds[0]["clarion"].cpu:
        cpu_table(measured)


def cpu_table(measured: Case) -> None:
    """CPU per unit of work, median over the rounds, by process."""
    roles = [
        role for role in ROLES if any(role in pair[s].cpu for pair in measured.rounds for s in pair)
    ]
    print(f"    CPU us per {measured.unit}:")
    print(f"    {'':<10}{''.join(f'{role:>10}' for role in roles)}{'server':>10}{'all':>10}")
    for side in ("clarion", "textbook"):
        cells = [measured.of(side, lambda m, role=role: micros(m, (role,))) for role in roles]
        cells.append(measured.of(side, lambda m: micros(m, SERVER)))
        cells.append(measured.of(side, lambda m: micros(m, ROLES)))
        print(f"    {side:<10}{''.join(f'{cell:>10,.0f}' for cell in cells)}")


def generator(ceiling: dict[str, float], cases: list[Case]) -> None:
    """How far the load generator was from being what is measured."""
    busiest = max(
        (m.notes["frames"] / m.seconds for c in cases for pair in c.rounds for m in pair.values()),
        default=0.0,
    )
    print(
        f"\nload generator: counts {ceiling['per_second']:,.0f} frames/s from a bare sender"
        f" ({ceiling['cpu'] * 1e6:.1f} us of CPU each); the busiest round had {busiest:,.0f}/s"
    )
    shares = [
        m.cpu["load"] / m.seconds
        for c in cases
        for pair in c.rounds
        for m in pair.values()
        if m.cpu
    ]
    if shares:
        print(f"its share of a core in a round: at most {max(shares):.0%}")


def rate(measured: Measured) -> str:
    """Units per second, and the seconds."""
    per_second = measured.units / measured.seconds
    return f"{per_second:,.0f}/s ({measured.seconds:.2f} s)"


def micros(measured: Measured, roles: tuple[str, ...]) -> float:
    """Microseconds of CPU of these processes per unit."""
    return sum(measured.cpu.get(role, 0.0) for role in roles) / measured.units * 1e6
