"""Charts as SVG of our own: axes with round numbers, a title and a description for those who do not see them, no script, no style.

Elements carry classes (`grid`, `axis`, `tick`, `run-1` ...), which the page and the PDF colour each in its own way. All text is escaped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 460
_HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 14, 34, 40
_MAX_DRAWN: Final = 600
_IN_A_ROW: Final = 4
Point = tuple[float, float]


@dataclass(frozen=True)
class Series:
    """`style` is a class: `train`, `validation`, `run-1` to `run-8`. With `marked`, each point has a dot."""

    name: str
    style: str
    points: Sequence[Point]
    marked: bool = False


@dataclass(frozen=True)
class Axis:
    title: str
    low: float
    high: float

    @property
    def ticks(self) -> list[float]:
        """About five round numbers inside the range."""
        span = self.high - self.low
        rough = span / 4
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [step * place for place in range(first, math.floor(self.high / step + 1e-9) + 1)]


def line_chart(name: str, series: Sequence[Series], *, title: str, description: str, x_title: str, y_title: str) -> str:
    """`name` makes the ids unique in the page. Series without points are left out."""
    drawn = [one for one in series if one.points]
    x = _axis(x_title, [point[0] for one in drawn for point in one.points], from_zero=True)
    y = _axis(y_title, [point[1] for one in drawn for point in one.points])
    parts = [*_frame(x, y), *(_line(one, x, y) for one in drawn), *_legend(drawn)]
    return _svg(name, _WIDTH, _HEIGHT, title, description, parts, above=18 * ((len(drawn) - 1) // _IN_A_ROW))


def interval_chart(
    name: str,
    ends: tuple[float, float, float],
    labels: tuple[str, str, str],
    *,
    style: str,
    higher_is_better: bool,
    title: str,
    description: str,
) -> str:
    """One interval against zero, with a word on which side is the better one. `ends` are its lower end, its middle and its upper end."""
    low, middle, high = ends
    reach = max(abs(low), abs(high), 1e-9) * 1.25
    left, right, y = 24, _WIDTH - 24, 52

    def at(value: float) -> float:
        return left + (value + reach) / (2 * reach) * (right - left)

    anchors = ("end", "start") if at(high) - at(low) < 120 else ("middle", "middle")
    sides = ("← worse", "better →") if higher_is_better else ("← better", "worse →")
    parts = [
        f'<text class="tick" x="{left}" y="102">{sides[0]}</text>',
        f'<text class="tick" x="{right}" y="102" text-anchor="end">{sides[1]}</text>',
        f'<line class="axis" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>',
        f'<line class="zero" x1="{at(0):.1f}" y1="18" x2="{at(0):.1f}" y2="86"/>',
        f'<text class="tick" x="{at(0):.1f}" y="102" text-anchor="middle">no difference</text>',
        f'<rect class="span {style}" x="{at(low):.1f}" y="{y - 9}" width="{max(1.5, at(high) - at(low)):.1f}" height="18" rx="3"/>',
        f'<circle class="dot {style}" cx="{at(middle):.1f}" cy="{y}" r="6"/>',
        f'<text class="tick" x="{at(low):.1f}" y="{y + 26}" text-anchor="{anchors[0]}">{escape(labels[0])}</text>',
        f'<text class="tick" x="{at(high):.1f}" y="{y + 26}" text-anchor="{anchors[1]}">{escape(labels[2])}</text>',
        f'<text class="strong" x="{_within(at(middle), 60):.1f}" y="28" text-anchor="middle">{escape(labels[1])}</text>',
    ]
    return _svg(name, _WIDTH, 108, title, description, parts)


def _axis(title: str, values: Sequence[float], *, from_zero: bool = False) -> Axis:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    low = 0.0 if from_zero and low >= 0 else low
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    room = 0.0 if from_zero else 0.06 * (high - low)
    return Axis(title, low - room if low - room >= 0 or low < 0 else 0.0, high + room)


def _frame(x: Axis, y: Axis) -> list[str]:
    parts = []
    for value in y.ticks:
        at = _y(value, y)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at:.1f}" x2="{_WIDTH - _RIGHT}" y2="{at:.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{_tick(value, y.ticks)}</text>')
    for value in x.ticks:
        at = _x(value, x)
        anchor = "end" if at > _WIDTH - _RIGHT - 10 else "middle"
        parts.append(f'<text class="tick" x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 17}" text-anchor="{anchor}">{_tick(value, x.ticks)}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" y1="{_HEIGHT - _BOTTOM}" x2="{_WIDTH - _RIGHT}" y2="{_HEIGHT - _BOTTOM}"/>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text class="tick" x="{middle}" y="{_HEIGHT - 5}" text-anchor="middle">{escape(x.title)}</text>')
    parts.append(f'<text class="tick" x="6" y="14">{escape(y.title)}</text>')
    return parts


def _line(series: Series, x: Axis, y: Axis) -> str:
    points = [(_x(at, x), _y(value, y)) for at, value in thin(series.points)]
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
    line = f'<path class="line {series.style}" d="{path}"/>' if len(points) > 1 else ""
    dots = points if series.marked or len(points) == 1 else []
    return line + "".join(f'<circle class="dot {series.style}" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in dots)


def _legend(series: Sequence[Series]) -> list[str]:
    """Above the chart, from the right: short names, for which there is room for four in a row."""
    parts, right = [], float(_WIDTH - _RIGHT)
    for place, one in enumerate(reversed(series)):
        y = 10 - 18 * (place // _IN_A_ROW)
        right = right if place % _IN_A_ROW else float(_WIDTH - _RIGHT)
        width = 7.6 * len(one.name) + 30
        parts.append(f'<line class="line {one.style}" x1="{right - width:.1f}" y1="{y}" x2="{right - width + 18:.1f}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="{right - width + 23:.1f}" y="{y + 4}">{escape(one.name)}</text>')
        right -= width + 6
    return parts


def thin(points: Sequence[Point], limit: int = _MAX_DRAWN) -> list[Point]:
    """Of each stretch its lowest and highest value: more points than a screen has columns only make the file larger."""
    if len(points) <= limit:
        return list(points)
    stretch = math.ceil(2 * len(points) / limit)
    kept: list[Point] = []
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        ends = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        kept += sorted(ends)
    return [points[0], *(point for point in kept if points[0][0] < point[0] < points[-1][0]), points[-1]]


def _svg(name: str, width: int, height: int, title: str, description: str, parts: Sequence[str], *, above: int = 0) -> str:
    """`above`: room for what lies over the upper edge."""
    box = f'viewBox="0 {-above} {width} {height + above}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="{name}-t {name}-d">'
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


def _x(value: float, axis: Axis) -> float:
    return _LEFT + (value - axis.low) / (axis.high - axis.low) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, axis: Axis) -> float:
    return _HEIGHT - _BOTTOM - (value - axis.low) / (axis.high - axis.low) * (_HEIGHT - _TOP - _BOTTOM)


def _within(at: float, margin: float) -> float:
    return min(max(at, margin), _WIDTH - margin)


def _tick(value: float, ticks: Sequence[float]) -> str:
    """With as many decimals as tell the neighbours apart."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else max(abs(value), 1.0)
    if 0 < max(map(abs, ticks)) < 1e-3:
        return "0" if abs(value) < step / 1e6 else f"{value:.3g}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    shown = f"{value:,.{decimals}f}"
    return shown if float(shown.replace(",", "")) else "0"
