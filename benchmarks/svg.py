"""Two kinds of charts as SVG text, without a library."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 36, 44, 48
ROW = 26
# With more of them on an axis only their ends are labelled.
MANY_DECADES = 3
# Readable on a light and on a dark page: the picture brings its own paper.
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
    ' font-family="system-ui, sans-serif" font-size="13" fill="#222">\n'
    "<title>{title}</title>\n"
    '<rect width="{width}" height="{height}" fill="#fff"/>\n'
    '<text x="16" y="24" font-size="15">{title}</text>'
)


@dataclass(frozen=True)
class Line:
    """A named series of points."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """Maps values to places in the picture."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    @classmethod
    def over(cls, values: Sequence[float], start: float, stop: float, log: bool) -> "Axis":
        """An axis with round ends on which all values lie."""
        if log:
            low, high = min(values), max(values)
            return cls(10.0 ** floor(log10(low)), 10.0 ** ceil(log10(high)), start, stop, log)
        step = _step(max(values))
        return cls(0.0, step * ceil(max(values) / step), start, stop)

    def at(self, value: float) -> float:
        """The place of a value."""
        if self.log:
            share = log10(value / self.low) / (log10(self.high / self.low) or 1)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    def ticks(self) -> list[float]:
        """Values worth a label."""
        if not self.log:
            step = _step(self.high)
            return [step * n for n in range(round(self.high / step) + 1)]
        decades = round(log10(self.high / self.low))
        between = (1, 2, 5) if decades <= MANY_DECADES else (1,)
        return [self.low * 10.0**n * m for n in range(decades) for m in between] + [self.high]


def lines(
    title: str,
    x_name: str,
    y_name: str,
    series: Sequence[Line],
    log: bool = False,
    log_x: bool = False,
    dots: bool = True,
) -> str:
    """A line chart; `dots` marks each point."""
    points = [point for line in series for point in line.points]
    x_axis = Axis.over([x for x, _ in points], LEFT, WIDTH - RIGHT, log_x)
    y_axis = Axis.over([y for _, y in points], HEIGHT - BOTTOM, TOP + 24, log)
    parts = [HEAD.format(width=WIDTH, height=HEIGHT, title=escape(title))]
    for tick in y_axis.ticks():
        y = y_axis.at(tick)
        parts.append(_rule(LEFT, y, WIDTH - RIGHT, y))
        parts.append(_text(LEFT - 8, y + 4, f"{tick:g}", "end"))
    for tick in x_axis.ticks():
        x = x_axis.at(tick)
        parts.append(_rule(x, y_axis.stop, x, y_axis.start))
        parts.append(_text(x, HEIGHT - BOTTOM + 20, f"{tick:,g}", "middle"))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 8, x_name, "end"))
    parts.append(_text(16, TOP + 16, y_name))
    for number, line in enumerate(series):
        places = [(x_axis.at(x), y_axis.at(y)) for x, y in line.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="2"/>'
        )
        if dots:
            for x, y in places:
                parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{line.colour}"/>')
        x = LEFT + 90 + number * 165
        parts.append(f'<rect x="{x}" y="{TOP + 5}" width="12" height="12" fill="{line.colour}"/>')
        parts.append(_text(x + 18, TOP + 16, line.name))
    return "\n".join([*parts, "</svg>\n"])


def bars(title: str, values: Sequence[tuple[str, float]], colour: str) -> str:
    """A bar for each value, with its number; a line at 1."""
    height = TOP + ROW * len(values) + 20
    room = 420
    axis = Axis(0, max(1.0, *(value for _, value in values)), room, WIDTH - 60)
    parts = [HEAD.format(width=WIDTH, height=height, title=escape(title))]
    for number, (name, value) in enumerate(values):
        y = TOP + number * ROW
        parts.append(_text(room - 8, y + 15, name, "end"))
        length = axis.at(value) - room
        parts.append(
            f'<rect x="{room}" y="{y}" width="{length:.1f}" height="{ROW - 8}" fill="{colour}"/>'
        )
        parts.append(_text(room + length + 6, y + 14, f"{value:.3g}"))
    parts.append(_rule(axis.at(1), TOP - 6, axis.at(1), height - 14, "#222"))
    return "\n".join([*parts, "</svg>\n"])


def _step(high: float) -> float:
    """A round distance between about five ticks."""
    raw = high / 5 or 1.0
    power = 10.0 ** floor(log10(raw))
    return next(power * n for n in (1, 2, 5, 10) if power * n >= raw)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str = "#ddd") -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'
