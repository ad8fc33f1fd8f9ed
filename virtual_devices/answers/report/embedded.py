"""What the page's script is given: every week and every hour of the run, in letters. Beside it stands only what the page shows without a script."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from virtual_devices.answers.charts.markup import Markup, tag
from virtual_devices.answers.charts.thinning import Floats
from virtual_devices.answers.report.hours import HourGrid
from virtual_devices.answers.report.week_picture import NAMES
from virtual_devices.answers.report.weeks import AGAIN, LETTERS, WeekSeries, letters
from virtual_devices.kit.calendar import Calendar


def embedded(series: WeekSeries, grid: HourGrid, local: Calendar, currency: str) -> Markup:
    """JSON in an element that no browser shows. Nothing in it can end the element, since ``<`` is written as JSON may write it."""
    midnights = [local.local(series.origin + week.first * series.slot) for week in series.weeks]
    content: dict[str, Any] = {
        "letters": LETTERS, "again": AGAIN, "slot": series.slot, "currency": currency, "telling": series.telling, "names": NAMES,
        "weeks": [[week.first, [round(day, 3) for day in week.days], week.name, f"{begin:%Y-%m-%d}", week.shifts] for week, begin in zip(series.weeks, midnights, strict=True)],
        "powers": {name: _coded(values / 1000, 2) for name, values in series.powers.items()},
        "soc": {name: _coded(values, 1, 0.0, 100.0) for name, values in series.soc.items()},
        "price": _coded(series.price, 2) if np.isfinite(series.price).any() else None,
        "outages": [[round(begin, 3), round(end, 3)] for begin, end in series.outages],
        "hours": {"first": grid.first, "values": {name: _coded(values.T.ravel(), 1, 0.0) for name, values in grid.values.items()}},
    }  # fmt: skip
    text = orjson.dumps(content).decode().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return tag("template", Markup(text), class_="data")


def _coded(values: Floats, digits: int, low: float | None = None, high: float | None = None) -> list[Any]:
    known = values[np.isfinite(values)]
    least = low if low is not None else min(0.0, float(known.min())) if len(known) else 0.0
    most = high if high is not None else float(known.max()) if len(known) else 0.0
    most = float(f"{most:.6g}")
    return [digits, least, most, letters(values, least, most, digits)]
