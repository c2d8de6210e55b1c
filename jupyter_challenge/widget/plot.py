"""The drawing of scores over time, as a list of shapes.

`cells.js` makes the same shapes in the browser, with the theme's colours and the reader's times;
`svg` makes them text. Coordinates are those of the drawing; nothing here is markup until `svg`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape
from typing import Any

WIDTH, HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 28

# How each kind of shape looks where there is no style sheet; `currentColor` follows the theme.
_LOOKS = {
    "grid": 'stroke="currentColor" stroke-opacity="0.2"',
    "label": 'fill="currentColor" font-size="11" font-family="sans-serif"',
    "leader": 'fill="none" stroke="#808080" stroke-width="2" stroke-dasharray="6 4"',
    "best": 'fill="none" stroke="#1976d2" stroke-width="2"',
    "error": 'stroke="#1976d2"',
    "point": 'fill="none" stroke="#1976d2" stroke-width="1.5"',
    "point-best": 'fill="#1976d2" stroke="#1976d2"',
}


@dataclass(frozen=True)
class Step:
    """From `at` on the best value was `value`."""

    at: datetime
    value: float


@dataclass(frozen=True)
class Point:
    """A score; `says` names it."""

    at: datetime
    value: float
    says: str
    best: bool = False
    error: float = 0.0


def plot(
    points: Sequence[Point], best: Sequence[Step], leader: Sequence[Step], label: str, says: str
) -> dict[str, Any]:
    """Draw my scores as points, my best and the leader's best as steps."""
    times = [point.at for point in points] + [step.at for step in (*best, *leader)]
    begin, end = min(times), max(times)
    if end - begin < timedelta(minutes=1):
        begin, end = begin - timedelta(minutes=30), end + timedelta(minutes=30)
    values = [each.value for each in (*best, *leader)]
    for point in points:
        values += [point.value - point.error, point.value + point.error]
    ticks = nice(min(values), max(values))
    low, high = ticks[0], ticks[-1]

    def x(at: datetime) -> float:
        part: float = (at - begin) / (end - begin)
        return round(_LEFT + part * (WIDTH - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        part = (value - low) / (high - low)
        return round(HEIGHT - _BOTTOM - part * (HEIGHT - _TOP - _BOTTOM), 1)

    shapes: list[dict[str, Any]] = []
    digits = max(0, -math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9))
    for tick in ticks:
        at = y(tick)
        line = {"x1": _LEFT, "x2": WIDTH - _RIGHT, "y1": at, "y2": at}
        shapes.append({"tag": "line", "look": "grid", "set": line})
        text = {"x": _LEFT - 6, "y": at + 4, "text-anchor": "end"}
        shapes.append({"tag": "text", "look": "label", "set": text, "text": f"{tick:.{digits}f}"})
    short = end - begin < timedelta(hours=36)
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        moment = begin + part * (end - begin)
        text = {"x": x(moment), "y": HEIGHT - 8, "text-anchor": anchor}
        written = {"at": _iso(moment), "as": "time" if short else "day"}
        shapes.append({"tag": "text", "look": "label", "set": text, **written})
    for look, steps in (("leader", leader), ("best", best)):
        if steps:
            way = f"M{x(steps[0].at)} {y(steps[0].value)}"
            way += "".join(f"H{x(s.at)}V{y(s.value)}" for s in steps[1:]) + f"H{x(end)}"
            shapes.append({"tag": "path", "look": look, "set": {"d": way}})
    for point in points:
        across = x(point.at)
        if point.error:
            ends = {"y1": y(point.value - point.error), "y2": y(point.value + point.error)}
            bar = {"x1": across, "x2": across, **ends}
            shapes.append({"tag": "line", "look": "error", "set": bar})
        look = "point-best" if point.best else "point"
        circle = {"cx": across, "cy": y(point.value), "r": 4}
        shapes.append({"tag": "circle", "look": look, "set": circle, "says": point.says})
    return {"width": WIDTH, "height": HEIGHT, "label": label, "says": says, "shapes": shapes}


def nice(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from below `low` to above `high`, about so many."""
    if not high - low > 1e-12 * max(1.0, abs(low), abs(high)):
        pad = abs(high) * 0.05 or 0.5
        low, high = low - pad, high + pad
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [n * step for n in range(first, last + 1)]


def svg(drawing: dict[str, Any]) -> str:
    """Write a drawing as an SVG element; every text is escaped."""
    parts = [f"<title>{escape(drawing['label'])}</title><desc>{escape(drawing['says'])}</desc>"]
    for shape in drawing["shapes"]:
        tag = shape["tag"]
        given = "".join(f' {name}="{escape(str(v))}"' for name, v in shape["set"].items())
        says = f"<title>{escape(shape['says'])}</title>" if "says" in shape else ""
        text = escape(shape.get("text") or _moment(shape))
        parts.append(f"<{tag}{given} {_LOOKS[shape['look']]}>{says}{text} </{tag}>")
    width, height = drawing["width"], drawing["height"]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" style="max-width:100%;height:auto">'
        f"{''.join(parts)}</svg>"
    )


def _moment(shape: dict[str, Any]) -> str:
    if "at" not in shape:
        return ""
    at = datetime.fromisoformat(shape["at"])
    return at.strftime("%d %b %H:%M UTC" if shape["as"] == "time" else "%d %b %Y")


def _iso(at: datetime) -> str:
    return at.astimezone(timezone.utc).isoformat(timespec="seconds")
