"""The most telling of a report as one image, by matplotlib, for where no page can go: a mail, a slide, a notebook."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from virtual_devices.answers.report.figures import clock, month_name
from virtual_devices.answers.report.hours import HourGrid, hours_of
from virtual_devices.answers.report.reading import RunSeen
from virtual_devices.answers.report.week_picture import DOWN, NAMES, UP
from virtual_devices.answers.report.weeks import WeekSeries, weeks_of
from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {"sun": "#e69f00", "discharge": "#009e73", "import": "#0072b2", "charge": "#73c7ad", "export": "#cc79a7", "load": "#1b1e22", "loss": "#d55e00", "wire": "#8a939d"}
"""Okabe and Ito's, which people who do not tell red from green tell apart; the page has the same."""


def png(seen: RunSeen) -> bytes:
    """A week, its battery, every hour and the months as an image of 1600 × 1900 pixels. Raises ConfigurationError where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigurationError("--png needs matplotlib: pip install 'virtual-devices[plots]', or leave --png out")
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - most of a second, for images only
    from matplotlib.figure import Figure  # noqa: PLC0415

    series, grid = weeks_of(seen), hours_of(seen)
    figure = Figure(figsize=(10.67, 12.67), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    power, level, hours, months = figure.subplots(4, 1, height_ratios=(4, 1.6, 2.6, 2.6))
    _week(power, series, seen)
    _levels(level, series)
    shown = hours.imshow(grid.values["load"], aspect="auto", cmap="cividis", interpolation="nearest", extent=(0, grid.values["load"].shape[1], 24, 0))
    figure.colorbar(shown, ax=hours, label="kW")
    _dates(hours, grid)
    _months(months, seen)
    figure.suptitle(f"{seen.facts.home}, {clock(seen.findings.start)} to {clock(seen.findings.end)}", fontsize=13)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _week(axes: Axes, series: WeekSeries, seen: RunSeen) -> None:
    week = series.weeks[series.telling]
    own = {name: np.nan_to_num(series.part(values, week)) / 1000 for name, values in series.powers.items()}
    x = np.arange(len(own["load"])) * series.slot / DAY
    for names, sign in ((UP, 1.0), (DOWN, -1.0)):
        below = np.zeros(len(x))
        for name in names:
            above = below + sign * own[name]
            axes.fill_between(x, below, above, step="post", color=COLORS[name], linewidth=0, label=NAMES[name])
            below = above
    axes.step(x, own["load"], where="post", color=COLORS["load"], linewidth=1.1, label=NAMES["load"])
    for begin, end in series.outages:
        if end > week.first and begin < week.first + len(x):
            axes.axvspan(max(begin - week.first, 0) * series.slot / DAY, min(end - week.first, len(x)) * series.slot / DAY, color="#1b1e22", alpha=0.13, linewidth=0)
    monday = seen.local.local(series.origin + week.first * series.slot)
    axes.set_title(f"{week.name}, {series.why}", loc="left", fontsize=10)
    axes.set(ylabel="kW", xlim=(0, len(week.days) - 1))
    axes.set_xticks(range(len(week.days) - 1), [f"{monday + timedelta(days=day):%a %d}" for day in range(len(week.days) - 1)], ha="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize=8, frameon=False)
    axes.grid(alpha=0.3)


def _levels(axes: Axes, series: WeekSeries) -> None:
    week = series.weeks[series.telling]
    for (name, values), style in zip(series.soc.items(), ("-", "--", ":") * len(series.soc), strict=False):
        own = series.part(values, week)
        axes.step(np.arange(len(own)) * series.slot / DAY, own, where="post", color=COLORS["discharge"], linestyle=style, label=name)
    axes.set(ylabel="state of charge, %", ylim=(0, 100), xlim=(0, len(week.days) - 1))
    axes.set_xticks(range(len(week.days) - 1), [])
    axes.grid(alpha=0.3)


def _dates(axes: Axes, grid: HourGrid) -> None:
    days = grid.values["load"].shape[1]
    dates = [datetime.fromtimestamp((grid.first + day) * DAY, UTC) for day in range(days)]
    marks = [day for day, date in enumerate(dates) if date.day == 1] or [0]
    marks = marks[:: -(-len(marks) // 14)]
    axes.set_title("loads, every hour", loc="left", fontsize=10)
    axes.set_ylabel("hour")
    axes.set_xticks(marks, [f"{dates[day]:%d %b}" if days < 60 else f"{dates[day]:%b %y}" for day in marks])  # noqa: PLR2004 - two months
    axes.set_yticks(range(0, 25, 6))


def _months(axes: Axes, seen: RunSeen) -> None:
    found = seen.findings.months
    x = np.arange(len(found))
    for place, layers in enumerate(((("pv_used", "sun", "sun"), ("grid_import", "import", "from the grid")), (("load_served", "wire", "loads"), ("grid_export", "export", "sold to the grid"), ("losses", "loss", "lost")))):
        below = np.zeros(len(found))
        for name, color, words in layers:
            amounts = np.array([month.energy_kwh.get(name, 0.0) for month in found])
            axes.bar(x + (place - 0.5) * 0.4, amounts, 0.38, below, color=COLORS[color], label=words)
            below += amounts
    axes.set_title("months: what came in, and what became of it", loc="left", fontsize=10)
    axes.set_ylabel("kWh")
    axes.set_xticks(x, [month_name(month.month) for month in found], rotation=45 if len(found) > 8 else 0, ha="right" if len(found) > 8 else "center")  # noqa: PLR2004
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=5, fontsize=8, frameon=False)
    axes.grid(alpha=0.3, axis="y")
