"""What all charts have in common: colours that everybody can tell apart, and axes that can be read on light and on dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COLOURS: Mapping[str, str] = {
    "sun": "#E69F00", "battery": "#009E73", "grid": "#0072B2", "use": "#CC79A7", "price": "#D55E00", "level": "#56B4E9", "warmth": "#B09A00",
}  # fmt: skip
"""Of Okabe and Ito, who chose them for people who see colours otherwise (Color Universal Design, 2008); the last is darker than theirs."""
SOFT = "#7d8894"
"""Of axes and words: a grey that stands out from white and from black alike, since a server does not know which of them a browser shows."""


def axes(**more: Any) -> dict[str, Any]:
    """Options of a chart over time, for ``ui.echart``: without series. more: options that replace these."""
    return {
        "backgroundColor": "transparent",
        "textStyle": {"color": SOFT, "fontFamily": "inherit"},
        "animation": False,
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "line"}},
        "legend": {"type": "scroll", "top": 0, "textStyle": {"color": SOFT}},
        "grid": {"left": 8, "right": 8, "top": 40, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "time", "axisLine": {"lineStyle": {"color": SOFT}}, "axisLabel": {"color": SOFT, "hideOverlap": True}},
        "yAxis": {"type": "value", "axisLabel": {"color": SOFT}, "splitLine": {"lineStyle": {"color": SOFT, "opacity": 0.25}}},
        **more,
    }
