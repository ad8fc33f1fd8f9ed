"""A time of a record as options of charts: powers, level and price, temperature, what happened, on one line of time; energies as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from virtual_devices.console import texts
from virtual_devices.console.parts.chart import COLOURS, SOFT, axes
from virtual_devices.console.parts.safe import plain
from virtual_devices.console.past.past_periods import on_wall
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.curves import Curve, Curves, PowerPoint
from virtual_devices.record.reading.energy import Energy
from virtual_devices.record.store.happenings import Happening

_HEIGHTS = {"power": 250, "level": 110, "air": 80, "happened": 90}
_GAP, _TOP, _BOTTOM, _LEFT, _RIGHT = 34, 48, 64, 74, 44
_MOST_SHADED = 120
_MOST_MARKS = 300
_DEVICE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B09A00", "#7d8894")
_MOST_DEVICES = len(_DEVICE_COLOURS) - 1
_SIGNS = ("circle", "rect", "triangle", "diamond", "pin", "arrow", "roundRect", "emptyCircle", "emptyRect")

LOADS = "loads"
"""Of the curve that carries what is not a curve."""

Wall = Callable[[int], int]


def past_chart(seen: Curves, kinds: Iterable[str]) -> dict[str, Any]:
    """Options for ``ui.echart``. kinds: of happenings that are to be marked. ``height``, px, is for whoever shows it."""

    def wall(time: int) -> int:
        return on_wall(seen.local, time)

    marked = [each for each in seen.happenings if each.kind in set(kinds)]
    names = ["power", *(["level"] if seen.levels or any(value is not None for _, value in seen.prices) else []), *(["air"] if seen.air else []), *(["happened"] if marked else [])]
    series = [*_powers(seen, wall), *(_levels(seen, wall, names.index("level"), len(names)) if "level" in names else ())]
    if "air" in names:
        series.append(_line(texts.AIR, "warmth", seen.air, wall, names.index("air"), names.index("air"), width=1.5))
    if marked:
        series += _marks(seen, marked, wall, names.index("happened"))
    tops = [_TOP]
    for name in names[:-1]:
        tops.append(tops[-1] + _HEIGHTS[name] + _GAP)
    grids = [{"left": _LEFT, "right": _RIGHT, "outerBoundsMode": "none", "top": top, "height": _HEIGHTS[name]} for name, top in zip(names, tops, strict=True)]
    bounds = {"min": wall(seen.asked.start), "max": wall(seen.asked.end)}
    every = list(range(len(names)))
    return {"height": tops[-1] + _HEIGHTS[names[-1]] + _BOTTOM} | axes(
        useUTC=True, grid=grids, series=series,
        xAxis=[axes()["xAxis"] | bounds | {"gridIndex": place, "splitLine": {"show": False}, "axisLabel": {"color": SOFT, "hideOverlap": True, "show": place == every[-1]}} for place in every],
        yAxis=_y_axes(names, marked),
        legend=axes()["legend"] | {"icon": "roundRect", "data": [each["name"] for each in series if each["type"] == "line"]},
        axisPointer={"link": [{"xAxisIndex": "all"}]},
        dataZoom=[
            {"type": "inside", "xAxisIndex": every, "start": 0, "end": 100, "zoomOnMouseWheel": "ctrl", "moveOnMouseMove": False, "moveOnMouseWheel": False},
            {"type": "slider", "xAxisIndex": every, "start": 0, "end": 100, "bottom": 8, "height": 26, "showDataShadow": False, "brushSelect": True, "textStyle": {"color": SOFT}},
        ],
    )  # fmt: skip


def _y_axes(names: Sequence[str], marked: Sequence[Happening]) -> list[dict[str, Any]]:
    """One for each grid, in that order; the price's at the end."""
    found = []
    for place, name in enumerate(names):
        own: dict[str, Any] = {"gridIndex": place, "name": texts.UNITS[name], "nameTextStyle": {"color": SOFT, "align": "right"}, "splitNumber": 4}
        if name == "level":
            own |= {"min": 0, "max": 100, "interval": 50}
        elif name == "air":
            own |= {"scale": True, "splitNumber": 2}
        elif name == "happened":
            words = [texts.HAPPENED.get(kind, kind) for kind in _kinds_of(marked)]
            own |= {"type": "category", "data": words, "name": "", "axisLabel": {"color": SOFT, "fontSize": 10}}
        found.append(axes()["yAxis"] | own)
    if "level" in names:
        price = {"gridIndex": names.index("level"), "position": "right", "scale": True, "name": texts.PER_KWH, "nameTextStyle": {"color": SOFT, "align": "right"}, "splitLine": {"show": False}, "splitNumber": 2}
        found.append(axes()["yAxis"] | price)
    return found


# -- powers ------------------------------------------------------------------------------------------------------------


def _powers(seen: Curves, wall: Wall) -> list[dict[str, Any]]:
    """Sources on top of each other above zero, what charges and is sold below it, what the loads took as a line; outages behind all of it."""
    found = []
    for purpose, colour, sign in (
        ("pv_used", "sun", 1), ("battery_discharge", "battery", 1), ("grid_import", "grid", 1), ("battery_charge", "battery", -1), ("grid_export", "grid", -1),
    ):  # fmt: skip
        one = _area(texts.PURPOSES[purpose], colour, _power(seen.points, purpose, wall, sign), "given" if sign > 0 else "taken")
        if sign < 0:
            one["areaStyle"]["opacity"] = 0.45
        found.append(one)
    load = {
        "id": LOADS, "type": "line", "name": texts.PURPOSES["load_served"], "step": "end", "showSymbol": False, "data": _power(seen.points, "load_served", wall),
        "lineStyle": {"width": 2, "color": COLOURS["use"]}, "itemStyle": {"color": COLOURS["use"]},
    }  # fmt: skip
    wide = [(begin, end) for begin, end in seen.outages if (end - begin) * _MOST_SHADED * 2 > seen.asked.end - seen.asked.start]
    dark = seen.outages if len(seen.outages) <= _MOST_SHADED else wide
    load["markArea"] = {
        "silent": True, "itemStyle": {"color": "#808890", "opacity": 0.22},
        "data": [[{"xAxis": wall(begin), "name": ""}, {"xAxis": wall(end)}] for begin, end in dark],
    }  # fmt: skip
    return [*found, load]


def moment_line(seen: Curves, time: int | None) -> dict[str, Any]:
    """A line at a moment, for the curve ``LOADS``; none without one."""
    data = [{"xAxis": on_wall(seen.local, time)}] if time is not None else []
    return {"silent": True, "symbol": "none", "animation": False, "label": {"show": False}, "lineStyle": {"color": SOFT, "width": 2, "type": "solid"}, "data": data}


def _area(name: str, colour: str, data: list[list[Any]], stack: str) -> dict[str, Any]:
    return {
        "type": "line", "name": name, "stack": stack, "step": "end", "showSymbol": False, "data": data,
        "lineStyle": {"width": 0}, "areaStyle": {"opacity": 0.8, "color": COLOURS[colour]}, "itemStyle": {"color": COLOURS[colour]},
    }  # fmt: skip


def _power(points: Sequence[PowerPoint], purpose: str, wall: Wall, sign: int = 1) -> list[list[Any]]:
    """kW from the begin of each point on; nothing where nothing is recorded."""
    found: list[list[Any]] = []
    for before, point in pairwise([None, *points]):
        if before is not None and point is not None and point.start > before.end:
            found.append([wall(before.end), None])
        if point is not None:
            found.append([wall(point.start), sign * round(point.watts(purpose) / 1000, 3)])
    if points:
        found.append([wall(points[-1].end), found[-1][1]])
    return found


# -- levels, prices, air -----------------------------------------------------------------------------------------------


def _levels(seen: Curves, wall: Wall, place: int, price_axis: int) -> list[dict[str, Any]]:
    found = [_line(f"{plain(name)} %", "level", curve, wall, place, place, width=2) for name, curve in seen.levels.items()]
    if any(value is not None for _, value in seen.prices):
        found.append(_line(texts.PRICE, "price", seen.prices, wall, place, price_axis, width=1.5) | {"step": "end", "connectNulls": False})
    return found


def _line(name: str, colour: str, curve: Curve, wall: Wall, grid: int, axis: int, *, width: float) -> dict[str, Any]:
    return {
        "type": "line", "name": name, "xAxisIndex": grid, "yAxisIndex": axis, "showSymbol": False,
        "data": [[wall(time), None if value is None else round(value, 3)] for time, value in curve],
        "lineStyle": {"width": width, "color": COLOURS[colour]}, "itemStyle": {"color": COLOURS[colour]},
    }  # fmt: skip


# -- what happened -----------------------------------------------------------------------------------------------------


def _kinds_of(marked: Sequence[Happening]) -> list[str]:
    return [kind for kind in texts.HAPPENED if any(each.kind == kind for each in marked)]


def _marks(seen: Curves, marked: Sequence[Happening], wall: Wall, place: int) -> list[dict[str, Any]]:
    """A sign for each, at most so many of a kind; of more those that are nearest together are one."""
    found = []
    apart = (seen.asked.end - seen.asked.start) // _MOST_MARKS
    for row, kind in enumerate(_kinds_of(marked)):
        data: list[dict[str, Any]] = []
        last = None
        for each in marked:
            if each.kind == kind and (last is None or each.time - last >= apart):
                last = each.time
                data.append({"value": [wall(each.time), row], "name": plain(each.device)})
        found.append({
            "type": "scatter", "name": texts.HAPPENED[kind], "xAxisIndex": place, "yAxisIndex": place, "symbol": _SIGNS[row % len(_SIGNS)], "symbolSize": 9,
            "data": data, "itemStyle": {"color": _DEVICE_COLOURS[row % len(_DEVICE_COLOURS)]}, "tooltip": {"show": False},
        })  # fmt: skip
    return found


# -- energies ----------------------------------------------------------------------------------------------------------


def energy_chart(seen: Curves) -> dict[str, Any]:
    """What each load took in each day or month, on top of each other."""
    names, rows = energy_rows(seen)
    labels = [day_label(seen, each) for each in seen.days]
    series = [
        {
            "type": "bar", "stack": "used", "name": plain(name), "data": [round(row[name], 3) for row in rows], "barMaxWidth": 48,
            "itemStyle": {"color": _DEVICE_COLOURS[place % len(_DEVICE_COLOURS)]},
        }
        for place, name in enumerate(names)
    ]  # fmt: skip
    return axes(
        grid=axes()["grid"] | {"top": 56}, series=series, xAxis={"type": "category", "data": labels, "axisLabel": {"color": SOFT, "hideOverlap": True}, "axisLine": {"lineStyle": {"color": SOFT}}},
        yAxis=axes()["yAxis"] | {"name": "kWh", "nameTextStyle": {"color": SOFT}}, tooltip={"trigger": "axis", "confine": True, "axisPointer": {"type": "shadow"}},
    )  # fmt: skip


def energy_rows(seen: Curves) -> tuple[list[str], list[Mapping[str, float]]]:
    """The loads that took most, and what each took in each day or month, kWh; of more than can be told apart the rest together."""
    if seen.total is None:
        return [], []
    consumers = seen.total.roles.consumers
    taken = {name: sum(seen.total.into(name).values()) for name in consumers}
    ordered = [name for name in sorted(consumers, key=lambda name: (-taken[name], name)) if taken[name]]
    kept, rest = (ordered, []) if len(ordered) <= _MOST_DEVICES + 1 else (ordered[:_MOST_DEVICES], ordered[_MOST_DEVICES:])
    rows: list[Mapping[str, float]] = []
    for each in seen.days:
        row = {name: sum(each.into(name).values()) / MJ_PER_KWH for name in kept}
        rows.append(row | ({texts.OTHERS: sum(sum(each.into(name).values()) for name in rest) / MJ_PER_KWH} if rest else {}))
    return [*kept, *([texts.OTHERS] if rest else [])], rows


def day_label(seen: Curves, each: Energy) -> str:
    """How a day, or a month, is called."""
    return f"{seen.local.local(each.start):{'%a %d %b' if seen.days_every == 'day' else '%b %Y'}}"
