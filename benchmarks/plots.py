"""Figures as pictures."""

from pathlib import Path
from statistics import median

from benchmarks import svg
from benchmarks.rounds import Case

# Colours that are told apart without seeing red and green (Okabe and Ito).
COLOURS = {
    "clarion": "#0072b2",
    "textbook": "#d55e00",
    "nchan": "#009e73",
    "bare": "#999999",
}
NAMES = {"bare": "bare transport.write", "nchan": "Nchan (C)"}


def draw(cases: list[Case], folder: Path, database: str) -> list[Path]:
    """Write what can be drawn of these cases; the files."""
    drawn = {
        f"fan-out-{kind}": picture
        for kind in ("burst", "paced")
        if (picture := fan_out(cases, kind))
    }
    drawn |= {case.key: latency(case) for case in cases if case.key.startswith("latency-")}
    if ratios := bars(cases):
        drawn["ratios"] = ratios
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, picture in drawn.items():
        path = folder / f"{name}-{database}.svg"
        path.write_text(picture)
        paths.append(path)
    return paths


def fan_out(cases: list[Case], kind: str) -> str:
    """CPU per frame by number of sockets."""
    chosen = [case for case in cases if case.key.startswith("fan-out-") and kind in case.key]
    if not chosen:
        return ""
    how = "in bursts" if kind == "burst" else "one at a time"
    return svg.lines(
        f"A broadcast to all sockets, {how}: CPU of the web process per frame",
        "sockets",
        "us",
        [
            svg.Line(
                NAMES.get(side, side),
                COLOURS[side],
                [(int(case.key.split("-")[2]), case.of(side) * 1e6) for case in chosen],
            )
            for side in chosen[0].sides
        ],
        log=True,
    )


def latency(case: Case) -> str:
    """How many notifications arrived within a time."""
    found = []
    for side in case.sides:
        # A frame may be there before the caller has been told of its commit, and a logarithm of
        # nothing there is not.
        samples = sorted(max(value, 1e-4) for each in case.rounds for value in each[side].samples)
        step = max(1, len(samples) // 200)
        points = [
            (samples[n] * 1e3, (n + 1) / len(samples) * 100) for n in range(0, len(samples), step)
        ]
        found.append(svg.Line(side, COLOURS[side], points))
    title = f"The caller's commit to the frame: {case.title}"
    return svg.lines(title, "ms", "% arrived", found, log_x=True, dots=False)


def bars(cases: list[Case]) -> str:
    """How many times as much as ours the textbook needs."""
    values = [
        (f"{case.key}: {case.figure.name}", median(case.ratios()))
        for case in cases
        if case.key != "storm"
    ]
    title = "Textbook / Clarion, median ratio (more than 1: Clarion needs less)"
    return svg.bars(title, values, COLOURS["clarion"]) if values else ""
