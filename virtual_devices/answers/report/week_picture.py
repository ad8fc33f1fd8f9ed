"""A week as a picture: where power came from and went, the load, the state of charge, outages, and what a kilowatt-hour cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from virtual_devices.answers.charts.markup import Markup, each, tag
from virtual_devices.answers.charts.over_time import Layer, Panel, bands, panel, stacked, steps, time_axis, value_axis
from virtual_devices.answers.charts.scales import Scale, TimeTick
from virtual_devices.answers.report.weeks import WeekSeries, WeekSpan
from virtual_devices.kit.calendar import Calendar

UP, DOWN = ("sun", "discharge", "import"), ("charge", "export")
NAMES = {"sun": "sun", "discharge": "battery", "import": "grid", "load": "loads", "charge": "into the battery", "export": "sold"}
_LEFT, _RIGHT, _TOP = 52.0, 10.0, 26.0
_POWER, _LEVEL, _BETWEEN, _BELOW = 230.0, 62.0, 30.0, 22.0
"""Pixels: heights of the fields, between them, and below the last."""


@dataclass(frozen=True, slots=True)
class WeekFields:
    """The fields of the picture of any week of a run: all have the same axes, so that weeks can be compared. slots: across, of a week.  soc, price: None where nothing is known."""

    width: float
    height: float
    slots: Scale
    power: Panel
    soc: Panel | None
    price: Panel | None


def fields_of(series: WeekSeries, width: float) -> WeekFields:
    """Where everything stands on a picture so many pixels wide."""
    slots = Scale(0.0, max(week.days[-1] for week in series.weeks), _LEFT, width - _RIGHT)
    kilowatts = {name: np.nan_to_num(values) / 1000 for name, values in series.powers.items()}
    high = max(float(sum(kilowatts[name] for name in UP).max(initial=0.0)), float(kilowatts["load"].max(initial=0.0)))  # type: ignore[union-attr]
    low = -float(sum(kilowatts[name] for name in DOWN).max(initial=0.0))  # type: ignore[union-attr]
    top = _TOP
    power = panel(slots, low, max(high, 0.1), top + _POWER, top, 7)
    top += _POWER
    soc = price = None
    if series.soc:
        soc = panel(slots, 0.0, 100.0, top + _BETWEEN + _LEVEL, top + _BETWEEN, 3)
        top += _BETWEEN + _LEVEL
    known = series.price[np.isfinite(series.price)]
    if len(known):
        price = panel(slots, min(0.0, float(known.min())), max(float(known.max()), 0.01), top + _BETWEEN + _LEVEL, top + _BETWEEN, 3)
        top += _BETWEEN + _LEVEL
    return WeekFields(width, top + _BELOW, slots, power, soc, price)


def week_picture(series: WeekSeries, place: int, local: Calendar, currency: str, width: float) -> Markup:
    """A week by its place among all. What the page's script needs to draw another one is said in the picture's ``data-`` attributes."""
    week, fields = series.weeks[place], fields_of(series, width)
    bottom = fields.height - _BELOW
    own = {name: series.part(values, week) / 1000 for name, values in series.powers.items()}
    shaded = [(begin - week.first, end - week.first) for begin, end in series.outages if end > week.first and begin < week.first + week.days[-1]]
    drawn = [
        bands(fields.slots, shaded, _TOP, bottom, "outage"),
        value_axis(fields.power, "kW"),
        tag("g", time_axis(fields.slots, _days(series, week, local), _TOP, bottom, between=True), class_="days"),
        stacked(fields.power, 0.0, 1.0, [Layer(f"area {name}", own[name]) for name in UP]),
        stacked(fields.power, 0.0, 1.0, [Layer(f"area {name}", own[name]) for name in DOWN], downwards=True),
        steps(fields.power, 0.0, 1.0, own["load"], "line load"),
        tag("line", class_="zero", x1=_LEFT, x2=width - _RIGHT, y1=fields.power.base, y2=fields.power.base),
    ]
    if fields.soc is not None:
        drawn += [value_axis(fields.soc, "%"), *_levels(fields.soc, series, week)]
    if fields.price is not None:
        drawn += [value_axis(fields.price, currency), steps(fields.price, 0.0, 1.0, series.part(series.price, week), "line price")]
        drawn.append(tag("text", "price of a kWh from the grid", class_="caption", x=_LEFT + 4, y=fields.price.value.at_high - 9))
    if fields.soc is not None:
        drawn.append(tag("text", f"state of charge{': ' + ', '.join(series.soc) if len(series.soc) > 1 else ''}", class_="caption", x=_LEFT + 4, y=fields.soc.value.at_high - 9))
    drawn.append(tag("line", class_="cursor", x1=0.0, x2=0.0, y1=_TOP, y2=bottom, visibility="hidden"))
    return tag(
        "svg", tag("title", f"Power, state of charge and price, {week.name}; what it shows is told in the tables below"), each(drawn),
        viewbox=f"0 0 {width:g} {fields.height:g}", role="img", class_="week", data_x=_numbers(fields.slots), data_top=_TOP, data_bottom=bottom,
        data_power=_numbers(fields.power.value), data_soc=_numbers(fields.soc.value) if fields.soc is not None else None,
        data_price=_numbers(fields.price.value) if fields.price is not None else None,
    )  # fmt: skip


def _levels(field: Panel, series: WeekSeries, week: WeekSpan) -> list[Markup]:
    return [steps(field, 0.0, 1.0, series.part(values, week), f"line soc soc{place % 3}") for place, values in enumerate(series.soc.values())]


def _days(series: WeekSeries, week: WeekSpan, local: Calendar) -> Sequence[TimeTick]:
    """The midnights of a week: times are slots here, rounded down where clocks change within one."""
    found = []
    for days in week.days[:-1]:
        moment = local.local(round(series.origin + (week.first + days) * series.slot))
        found.append(TimeTick(round(days), f"{moment:%a} {moment.day}"))
    return found


def _numbers(scale: Scale) -> str:
    """A scale, for the script: values and pixels at both ends."""
    return " ".join(f"{value:.6g}" for value in (scale.low, scale.high, scale.at_low, scale.at_high))

