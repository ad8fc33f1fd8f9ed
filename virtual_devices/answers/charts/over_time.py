"""What goes on over time: axes, lines, stacked areas in steps, and shaded times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from virtual_devices.answers.charts.markup import Markup, each, joined, number, tag
from virtual_devices.answers.charts.scales import Scale, TimeTick, round_ticks, tick_texts
from virtual_devices.answers.charts.thinning import Floats, kept, pieces

_TIGHT = 40.0
"""Pixels between two marks of time, at least."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A field with two axes. time: UTC seconds → pixels.  value: → pixels, upwards.  ticks: round values of the second."""

    time: Scale
    value: Scale
    ticks: tuple[float, ...]

    @property
    def base(self) -> float:
        """Where zero is, or the lowest value above it."""
        return self.value(min(max(0.0, self.value.low), self.value.high))


@dataclass(frozen=True, slots=True)
class Layer:
    """One of what is stacked. style: its class.  values: one for each step, not negative; unknown ones count as none."""

    style: str
    values: Floats


def panel(time: Scale, low: float, high: float, bottom: float, top: float, most: int = 5) -> Panel:
    """A field for values between two, its axis made round. bottom, top: pixels."""
    ticks = round_ticks(low, high, most)
    return Panel(time, Scale(ticks[0], ticks[-1], bottom, top), tuple(ticks))


def value_axis(field: Panel, unit: str) -> Markup:
    """Lines across, and what they stand for; the unit above."""
    left, right = field.time.at_low, field.time.at_high
    parts = []
    for tick, text in zip(field.ticks, tick_texts(field.ticks), strict=True):
        y = field.value(tick)
        parts += [tag("line", class_="grid", x1=left, x2=right, y1=y, y2=y), tag("text", text, class_="tick", x=left - 6, y=y + 4, text_anchor="end")]
    return joined(*parts, tag("text", unit, class_="unit", x=left - 6, y=field.value.at_high - 9, text_anchor="end"))


def time_axis(time: Scale, ticks: Sequence[TimeTick], top: float, bottom: float, *, between: bool = False) -> Markup:
    """Marks from top to bottom, and what they stand for below. between: the words stand behind the mark, in the day that it begins."""
    parts, last = [], -_TIGHT
    for tick in ticks:
        x = time(tick.time)
        parts.append(tag("line", class_="grid", x1=x, x2=x, y1=top, y2=bottom))
        if x - last >= _TIGHT and (not between or x + _TIGHT <= time.at_high + 1):
            parts.append(tag("text", tick.text, class_="tick", x=x + 4 if between else x, y=bottom + 15, text_anchor=None if between else "middle"))
            last = x
    return each(parts)


def bands(time: Scale, spans: Sequence[tuple[float, float]], top: float, bottom: float, style: str) -> Markup:
    """Times that are shaded, as one path."""
    found = []
    for start, end in spans:
        begin, stop = max(time(start), time.at_low), min(time(end), time.at_high)
        if stop > begin:
            found.append(f"M{number(begin)} {number(top)}h{number(max(stop - begin, 0.5))}V{number(bottom)}H{number(begin)}z")
    return tag("path", class_=style, d="".join(found))


def line(field: Panel, times: Floats, values: Floats, style: str) -> Markup:
    """From point to point, thinned to what pixels can show; broken where a value is not known."""
    x = field.time.at_low + (times - field.time.low) * (field.time.at_high - field.time.at_low) / ((field.time.high - field.time.low) or 1)
    path = []
    for piece in pieces(values):
        own_x, own_y = x[piece], values[piece]
        places = kept(own_x, own_y)
        path.append("M" + "L".join(f"{number(a)} {number(field.value(b))}" for a, b in zip(own_x[places].tolist(), own_y[places].tolist(), strict=True)))
    return tag("path", class_=style, d="".join(path))


def between(field: Panel, times: Floats, low: Floats, high: Floats, style: str) -> Markup:
    """The field between two lines, both known everywhere: of each pixel as low and as high as they go."""
    if not len(times):
        return tag("path", class_=style, d="")
    x = np.array([field.time(time) for time in times.tolist()])
    upper, lower = kept(x, high), kept(x, low)[::-1]
    corners = [*zip(x[upper].tolist(), high[upper].tolist(), strict=True), *zip(x[lower].tolist(), low[lower].tolist(), strict=True)]
    return tag("path", class_=style, d="M" + "L".join(f"{number(a)} {number(field.value(b))}" for a, b in corners) + "z")


def steps(field: Panel, begin: float, length: float, values: Floats, style: str) -> Markup:
    """Means of equal steps of time as a line of steps. begin: of the first, UTC seconds.  length: s."""
    path = []
    for piece in pieces(values):
        x, y = _stairs(field, begin + piece.start * length, length, values[piece])
        path.append(f"M{number(x[0])} {number(y[0])}" + "".join(_turns(x, y)))
    return tag("path", class_=style, d="".join(path))


def stacked(field: Panel, begin: float, length: float, layers: Sequence[Layer], *, downwards: bool = False) -> Markup:
    """Means of equal steps of time, one layer upon the other, from the base on. The first one is the undermost."""
    parts: list[Markup] = []
    sign, total = -1.0 if downwards else 1.0, np.zeros(len(layers[0].values) if layers else 0)
    for layer in layers:
        below, total = total, total + sign * np.nan_to_num(layer.values)
        if np.any(total != below):
            upper, lower = _stairs(field, begin, length, total), _stairs(field, begin, length, below)
            back = lower[0][::-1], lower[1][::-1]
            path = f"M{number(upper[0][0])} {number(upper[1][0])}{''.join(_turns(*upper))}V{number(back[1][0])}{''.join(_turns(*back))}z"
            parts.append(tag("path", class_=layer.style, d=path))
        else:
            parts.append(tag("path", class_=layer.style, d=""))
    return each(parts)


def _stairs(field: Panel, begin: float, length: float, values: Floats) -> tuple[list[float], list[float]]:
    """Where each step begins, and in the end where the last one ends; and how high each is, thinned to what pixels can show."""
    first, each_x = field.time(begin), (field.time(begin + length) - field.time(begin))
    x: Floats = first + each_x * np.arange(len(values) + 1, dtype=np.float64)
    places = kept(x[:-1], values)
    return [*x[places].tolist(), float(x[-1])], [field.value(value) for value in values[places].tolist()]


def _turns(x: Sequence[float], y: Sequence[float]) -> list[str]:
    """The way along the steps from the first on, as commands of a path; steps that are as high as the one before are one. x has one more than y."""
    parts: list[str] = []
    for place, height in enumerate(y):
        following = y[place + 1] if place + 1 < len(y) else None
        if following is None:
            parts.append(f"H{number(x[place + 1])}")
        elif number(following) != number(height):
            parts.append(f"H{number(x[place + 1])}V{number(following)}")
    return parts
