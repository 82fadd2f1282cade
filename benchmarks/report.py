"""Printing figures."""

import os
from pathlib import Path
from statistics import median

from benchmarks.rounds import Case, Measured
from benchmarks.stage import SERVER, Stage

# Whose CPU is shown, in this order.
ROLES = ("caller", "worker", "web", "beat", "database", "redis", "load")
# What is done for the side that is measured; the load generator is everybody's clients.
OURS = tuple(role for role in ROLES if role != "load")


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
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown processor"


def case(measured: Case) -> None:
    """One comparison: rounds, ratios with spread, CPU."""
    sides = measured.sides
    print(f"\n  {measured.title}\n  {measured.figure.name}:")
    print(f"    {'round':<10}{''.join(f'{side:>14}' for side in sides)}{'ratio':>10}")
    for number, (each, ratio) in enumerate(
        zip(measured.rounds, measured.ratios(), strict=True), start=1
    ):
        cells = [measured.figure.shown(each[side].value) for side in sides]
        print(f"    {number:<10}{''.join(f'{cell:>14}' for cell in cells)}{ratio:>10.2f}")
    cells = [measured.figure.shown(measured.of(side)) for side in sides]
    print(f"    {'median':<10}{''.join(f'{cell:>14}' for cell in cells)}")
    for side in sides[1:]:
        ratios = measured.ratios(side)
        print(
            f"    median ratio {median(ratios):.2f} {side}/clarion"
            f" (rounds from {min(ratios):.2f} to {max(ratios):.2f})"
        )
    for side in sides:
        names = measured.rounds[0][side].notes
        shown = [
            f"{name} {note(measured.of(side, lambda m, n=name: m.notes[n]))}" for name in names
        ]
        if shown:
            print(f"    {side:<10}medians: {', '.join(shown)}")
    if measured.rounds[0]["clarion"].cpu:
        cpu_table(measured)


def note(value: float) -> str:
    """A number as short as its size allows."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def cpu_table(measured: Case) -> None:
    """CPU per unit of work, median over the rounds, by process."""
    roles = [
        role
        for role in ROLES
        if any(role in each[side].cpu for each in measured.rounds for side in each)
    ]
    print(f"    CPU us per {measured.unit}:")
    print(f"    {'':<10}{''.join(f'{role:>10}' for role in roles)}{'server':>10}{'all':>10}")
    for side in measured.sides:
        cells = [measured.of(side, lambda m, role=role: micros(m, (role,))) for role in roles]
        cells.append(measured.of(side, lambda m: micros(m, SERVER)))
        cells.append(measured.of(side, lambda m: micros(m, OURS)))
        print(f"    {side:<10}{''.join(f'{cell:>10,.{digits(cell)}f}' for cell in cells)}")


def digits(value: float) -> int:
    """Decimal places that say something."""
    return 1 if value < 100 else 0


def markdown(cases: list[Case]) -> list[str]:
    """Two tables of all cases for docs/benchmarks.md: what was compared, and all CPU."""
    lines = [
        "| case | compared | clarion | textbook | median ratio (rounds) | nchan | bare |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in cases:
        ratios = each.ratios()
        row = [
            f"{each.key}: {each.title}",
            each.figure.name,
            *(each.figure.shown(each.of(side)) for side in ("clarion", "textbook")),
            f"**{median(ratios):.3g}** ({min(ratios):.3g} - {max(ratios):.3g})",
            *(
                each.figure.shown(each.of(side)) if side in each.sides else ""
                for side in ("nchan", "bare")
            ),
        ]
        lines.append(f"| {' | '.join(row)} |")
    roles = [
        role for role in OURS if any(role in m.cpu for c in cases for m in c.rounds[0].values())
    ]
    lines += [
        "",
        f"| CPU us per unit | of | {' | '.join(roles)} | server | all |",
        f"|---|---|{'---|' * (len(roles) + 2)}",
    ]
    for each in cases:
        for side in each.sides:
            if each.rounds[0][side].cpu:
                groups = [*((role,) for role in roles), SERVER, OURS]
                cells = [each.of(side, lambda m, g=group: micros(m, g)) for group in groups]
                shown = " | ".join(f"{cell:,.{digits(cell)}f}" for cell in cells)
                lines.append(f"| {each.key}, a {each.unit} | {side} | {shown} |")
    return lines


def generator(cases: list[Case]) -> None:
    """How far the load generator was from being what is measured."""
    rounds = [
        (share(measured), side, each.title)
        for each in cases
        for pair in each.rounds
        for side, measured in pair.items()
        if measured.cpu
    ]
    print("\nload generator, a process for each side; share of a core in a round, at most:")
    for side in dict.fromkeys(side for _, side, _ in rounds):
        most, _, title = max(found for found in rounds if found[1] == side)
        print(f"    {side:<10}{most:>5.0%}  {title}")
    print("  It does not stand in a server's way below 100 %, with a core to itself.")


def share(measured: Measured) -> float:
    """The load generator's share of a core."""
    return measured.cpu["load"] / measured.seconds


def micros(measured: Measured, roles: tuple[str, ...]) -> float:
    """Microseconds of CPU of these processes per unit."""
    return sum(measured.cpu.get(role, 0.0) for role in roles) / measured.units * 1e6
