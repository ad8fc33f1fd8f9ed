"""The days to come as a chart: powers, the battery with what the programs want of it, and prices, one below the other over the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from virtual_devices.console import texts
from virtual_devices.console.ahead.plan_outlook import PlanOutlook, Points, grid_powers, levels
from virtual_devices.console.parts.chart import COLOURS, SOFT, axes

_AREAS = ({"top": 64, "height": 150}, {"top": 254, "height": 110}, {"top": 404, "height": 84})
"""Of powers, of the battery, of prices; in pixels."""
_WITHOUT_PRICES = ({"top": 64, "height": 220}, {"top": 324, "height": 164})
HEIGHT = 512
_LABELS = {"year": "{ee} {d}", "month": "{ee} {d}", "day": "{ee} {d}", "hour": "{HH}:{mm}", "minute": "{HH}:{mm}"}


def chart_options(known: PlanOutlook, end: int, target: Points, result: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options for ``ui.echart``. end: of what is shown, see ``PlanOutlook``.  target: the level that the programs keep, in %.  result: see ``answers.next_days``."""
    start, said, names = known.start, texts.PLAN_SERIES, texts.PLAN_AXES
    series = [
        _series(said["sun"], 0, known.sun, COLOURS["sun"], areaStyle={"opacity": 0.25}),
        _series(said["wanted"], 0, known.wanted, COLOURS["use"]),
        _series(said["target"], 1, target, SOFT, style="dotted", id="target", showSymbol=True, symbol="circle", symbolSize=6),
        _series(said["price"], 2, known.price, COLOURS["price"], areaStyle={"opacity": 0.15}),
        _series(said["feed_in"], 2, known.feed_in, COLOURS["level"], style="dashed"),
    ]
    if result is not None:
        both = len(result["plans"]) > 1
        series.append(_series(said["grid"], 0, grid_powers(result, 0), COLOURS["grid"], style="dashed" if both else "solid"))
        series.append(_series(said["soc"], 1, levels(result, 0), COLOURS["battery"], style="dashed" if both else "solid", step=None))
        if both:
            series.append(_series(said["grid_new"], 0, grid_powers(result, 1), COLOURS["grid"]))
            series.append(_series(said["soc_new"], 1, levels(result, 1), COLOURS["battery"], step=None))
    areas = _AREAS if known.price or known.feed_in else _WITHOUT_PRICES
    shown = [each for each in series if each["data"]]
    outages = [(max(start, begin), min(end, until)) for begin, until in known.outages if begin < end and until > start]
    shown += [_dark(area, outages) for area in range(len(areas))] if outages else []
    units = (names["power"], names["level"], f"{known.currency} {names['price']}".strip())
    return axes(
        useUTC=True,  # times are those of the home's clock, see `plan_outlook`
        legend={"type": "scroll", "top": 0, "textStyle": {"color": SOFT}, "data": [each["name"] for each in shown if each["xAxisIndex"] == 0 or each["data"]]},
        axisPointer={"link": [{"xAxisIndex": "all"}]},
        grid=[{"left": 48, "right": 12, **area} for area in areas],
        xAxis=[_time_axis(number, start, end) for number in range(len(areas))],
        yAxis=[_value_axis(number, unit) for number, unit in enumerate(units[: len(areas)])],
        series=shown,
    )


def _series(name: str, area: int, data: Points, colour: str, *, style: str = "solid", step: str | None = "end", **more: Any) -> dict[str, Any]:
    return {
        "type": "line", "name": name, "xAxisIndex": area, "yAxisIndex": area, "data": [list(point) for point in data], "showSymbol": False, "step": step or False,
        "color": colour, "lineStyle": {"width": 2, "type": style}, "emphasis": {"disabled": True}, **more,
    }  # fmt: skip


def _dark(area: int, outages: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Outages as bands, in each area; their name stands in the legend once."""
    bands = [[{"xAxis": begin}, {"xAxis": until}] for begin, until in outages]
    return {
        "type": "line", "name": texts.PLAN_SERIES["outage"], "xAxisIndex": area, "yAxisIndex": area, "data": [], "color": SOFT, "silent": True,
        "markArea": {"silent": True, "itemStyle": {"color": SOFT, "opacity": 0.28}, "data": bands},
    }  # fmt: skip


def _time_axis(area: int, start: int, end: int) -> dict[str, Any]:
    return {
        "type": "time", "gridIndex": area, "min": start, "max": end, "axisLine": {"lineStyle": {"color": SOFT}, "onZero": False},
        "axisLabel": {"color": SOFT, "hideOverlap": True, "formatter": _LABELS},
    }  # fmt: skip


def _value_axis(area: int, unit: str) -> dict[str, Any]:
    limits: dict[str, Any] = {"min": 0, "max": 100, "interval": 50} if area == 1 else {"splitNumber": 3}
    return {
        "type": "value", "gridIndex": area, "name": unit, "nameTextStyle": {"color": SOFT, "align": "left", "padding": [0, 0, 0, -40]}, "nameGap": 10,
        "axisLabel": {"color": SOFT}, "splitLine": {"lineStyle": {"color": SOFT, "opacity": 0.25}}, **limits,
    }  # fmt: skip
