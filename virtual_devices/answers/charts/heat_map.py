"""Hours of the day over the days: a column for each day, a row for each hour by the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from virtual_devices.answers.charts.markup import Markup, joined, tag
from virtual_devices.answers.charts.over_time import time_axis
from virtual_devices.answers.charts.scales import Scale, TimeTick
from virtual_devices.answers.charts.shades import SHADES, image_of, shade_of
from virtual_devices.answers.charts.thinning import Floats

LEFT, TOP, BELOW = 44.0, 8.0, 48.0
"""Pixels beside and above the field, and below it for the dates and the legend."""
_HOURS = (0, 6, 12, 18, 24)
_LEGEND = 140.0


def heat_map(width: float, height: float, values: Floats, days: Scale, ticks: Sequence[TimeTick], unit: str, title: str) -> Markup:
    """values: an hour a row, a day a column; not finite where nothing is known.  days: UTC seconds → pixels.  unit: of the values, for the legend."""
    known = values[np.isfinite(values)]
    high = float(known.max()) if len(known) else 0.0
    bottom = height - BELOW
    field = Scale(0.0, 24.0, TOP, bottom)
    image = tag(
        "image", class_="hours", x=days.at_low, y=TOP, width=days.at_high - days.at_low, height=bottom - TOP, preserveAspectRatio="none",
        href=image_of(shade_of(values, 0.0, high)),
    )  # fmt: skip
    hours = [tag("text", f"{hour:02}:00", class_="tick", x=days.at_low - 6, y=field(hour) + 4, text_anchor="end") for hour in _HOURS]
    return tag(
        "svg", tag("title", title), image, joined(*hours), time_axis(days, ticks, TOP, bottom), _legend(days.at_high, height, high, unit),
        viewbox=f"0 0 {width:g} {height:g}", role="img", class_="heat",
    )  # fmt: skip


def _legend(right: float, height: float, high: float, unit: str) -> Markup:
    """All shades, and what the lowest and the highest stand for."""
    left, top = right - _LEGEND - 64, height - 16
    shades = image_of(np.arange(SHADES, dtype=np.uint8).reshape(1, SHADES))
    return joined(
        tag("text", "0", class_="tick", x=left - 6, y=top + 10, text_anchor="end"),
        tag("image", x=left, y=top, width=_LEGEND, height=12, preserveAspectRatio="none", href=shades),
        tag("text", f"{high:.3g} {unit}", class_="tick", x=left + _LEGEND + 6, y=top + 10),
    )
