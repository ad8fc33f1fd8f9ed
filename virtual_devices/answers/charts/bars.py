"""Bars that stand beside each other in groups, each of layers: months, and what came and went in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtual_devices.answers.charts.markup import Markup, each, joined, number, tag
from virtual_devices.answers.charts.over_time import panel, value_axis
from virtual_devices.answers.charts.scales import Scale

LEFT, TOP, BELOW = 52.0, 24.0, 26.0
_GAP = 0.24
"""Of a group, that is free."""
_BROADEST = 56.0
"""Pixels of a bar, at most."""
_LEGIBLE = 34.0
"""Pixels that a group's name takes."""


@dataclass(frozen=True, slots=True)
class BarGroup:
    """name: what stands below.  bars: from left to right, each of layers (class, value that is not negative, words), the undermost first."""

    name: str
    bars: Sequence[Sequence[tuple[str, float, str]]]


def bars(width: float, height: float, groups: Sequence[BarGroup], unit: str, title: str) -> Markup:
    """Groups beside each other, on one axis from 0 on."""
    highest = max((sum(value for _, value, _ in bar) for group in groups for bar in group.bars), default=0.0)
    across = Scale(0, max(1, len(groups)), LEFT, width - 4)
    field = panel(across, 0.0, highest or 1.0, height - BELOW, TOP)
    drawn = []
    every = max(1, -(-int(_LEGIBLE * len(groups)) // int(across.at_high - across.at_low)))
    for place, group in enumerate(groups):
        middle, half = across(place + 0.5), min((across(1) - across(0)) * (1 - _GAP), _BROADEST * max(1, len(group.bars))) / 2
        begin, end = middle - half, middle + half
        wide = (end - begin) / max(1, len(group.bars))
        for beside, bar in enumerate(group.bars):
            total = 0.0
            for style, value, words in bar:
                top, bottom = field.value(total + value), field.value(total)
                total += value
                if bottom - top > 0.05:  # noqa: PLR2004 - of a pixel
                    path = f"M{number(begin + beside * wide)} {number(bottom)}V{number(top)}h{number(max(wide - 1, 0.5))}V{number(bottom)}z"
                    drawn.append(tag("path", tag("title", words), class_=style, d=path))
        if place % every == 0:
            drawn.append(tag("text", group.name, class_="tick", x=(begin + end) / 2, y=height - BELOW + 16, text_anchor="middle"))
    return tag(
        "svg", tag("title", title), joined(value_axis(field, unit), each(drawn)), viewbox=f"0 0 {width:g} {height:g}", role="img", class_="bars",
    )  # fmt: skip
