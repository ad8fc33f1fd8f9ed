"""What is known of the days to come, as columns over time: as the home tells it on the bus, or as a simulation found it.

Times are milliseconds as if the clock on the home's wall were UTC: a browser anywhere shows them as they are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from virtual_devices.console.ahead.planning import DAY_MINUTES, PlanForm, Values, held, minutes_of

Points = tuple[tuple[int, float], ...]
"""(time, value), each of which holds until the next; the last value only closes the one before."""
_MINUTE = 60_000
_DAY = DAY_MINUTES * _MINUTE
_HALF_HOUR = 30 * _MINUTE
_HOUR = 60 * _MINUTE
MOST = 2_000
"""Points of a column that are taken from the bus."""


@dataclass(frozen=True, slots=True)
class PlanOutlook:
    """sun, wanted: kW.  price, feed_in: of a kWh in ``currency``.  outages: begin and end of each.  grid: whether there is one."""

    start: int
    sun: Points = ()
    wanted: Points = ()
    price: Points = ()
    feed_in: Points = ()
    outages: tuple[tuple[int, int], ...] = ()
    currency: str = ""
    grid: bool = True


def wall(time: datetime) -> int:
    """A time by the clock on the wall, with an offset or without."""
    return round(time.replace(tzinfo=UTC).timestamp() * 1000)


def outlook_on_bus(
    now: datetime, end: int, settler: Mapping[str, Any], grid: Mapping[str, Any] | None, use: Mapping[int, float] | None = None
) -> PlanOutlook:
    """What the home tells at a moment. end: of what is shown.  settler, grid: states; None without a grid.  use: kW by hour of the day, see ``usual_use``.

    What cannot be read is left out: it comes from others.
    """
    wanted = _hourly(wall(now), end, use or {})
    halves = [each for day in ("today", "tomorrow") for each in _rows(settler, f"half_hours_{day}")]
    sun = _points(((each.get("period_start"), each.get("pv_estimate")) for each in halves), _HALF_HOUR)
    if grid is None:
        return PlanOutlook(wall(now), sun, wanted, grid=False)
    price = _points(((each.get("start_time"), each.get("price")) for each in _rows(grid, "price_forecast")), _HOUR)
    outages = []
    for each in _rows(grid, "forecast"):
        begin, until = _time(each.get("start_time")), _time(each.get("end_time"))
        if begin is not None and until is not None and begin < until:
            outages.append((begin, until))
    return PlanOutlook(wall(now), sun, wanted, price=price, outages=tuple(outages), currency=str(grid.get("currency") or "")[:8])


def outlook_found(result: Mapping[str, Any]) -> PlanOutlook:
    """What a simulation found, see ``answers.next_days``."""
    clock, end = [second * 1000 for second in result["clock"]], result["clock"][-1] * 1000 + result["row_seconds"] * 1000
    outages: list[tuple[int, int]] = []
    for begin, until, share in zip(clock, [*clock[1:], end], result["dark_grid"], strict=True):
        if share > 0 and outages and outages[-1][1] == begin:
            outages[-1] = outages[-1][0], until
        elif share > 0:
            outages.append((begin, until))

    def column(values: Iterable[float | None], factor: float = 1.0) -> Points:
        known = [(time, round(value * factor, 4)) for time, value in zip(clock, values, strict=True) if value is not None]
        return (*known, (end, known[-1][1])) if known else ()

    cost = result["plans"][0]["cost"]
    return PlanOutlook(
        clock[0], column(result["sun"], 1e-3), column(result["wanted"], 1e-3), column(result["price"]), column(result["feed_in"]),
        tuple(outages) if cost is not None else (), str(cost["currency"] or "") if cost is not None else "", grid=cost is not None,
    )  # fmt: skip


def levels(result: Mapping[str, Any], number: int) -> Points:
    """The state of charge, in %, with one of the plans: as it is at the end of each row."""
    clock, end = [second * 1000 for second in result["clock"]], (result["clock"][-1] + result["row_seconds"]) * 1000
    times = [*clock[1:], end]
    return tuple((time, level) for time, level in zip(times, result["plans"][number]["soc"], strict=True) if level is not None)


def grid_powers(result: Mapping[str, Any], number: int) -> Points:
    """KW from the grid, − to it, with one of the plans."""
    clock = [second * 1000 for second in result["clock"]]
    powers = [round(power / 1000, 3) for power in result["plans"][number]["grid"]]
    return (*zip(clock, powers, strict=True), (clock[-1] + result["row_seconds"] * 1000, powers[-1])) if powers else ()


def course_of(form: PlanForm, plan: Values, part: str, start: int, end: int) -> Points:
    """A number of the programs, such as the level that each keeps, over time. part: see ``PlanForm``.  start, end: as all times here."""
    begins = sorted({begin for each in form.programs if (begin := minutes_of(plan.get(each.settings[form.begin]))) is not None})
    first = start - start % _DAY
    turns = [day + begin * _MINUTE for day in range(first, end, _DAY) for begin in begins]
    found = []
    for time in [start, *(turn for turn in turns if start < turn < end)]:
        program = held(form, plan, (time % _DAY) // _MINUTE)
        value = None if program is None else plan.get(program.settings[part])
        if isinstance(value, int | float):
            found.append((time, float(value)))
    return (*found, (end, found[-1][1])) if found else ()


def _rows(state: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = state.get(name)
    return [each for each in value[:MOST] if isinstance(each, dict)] if isinstance(value, list) else []


def _points(pairs: Iterable[tuple[Any, Any]], lasts: int) -> Points:
    """Columns of what each row says. lasts: how long the last one holds."""
    found = [(time, float(value)) for said, value in pairs if (time := _time(said)) is not None and isinstance(value, int | float) and isfinite(value)]
    found.sort()
    return (*found, (found[-1][0] + lasts, found[-1][1])) if found else ()


def _hourly(start: int, end: int, use: Mapping[int, float]) -> Points:
    """The same course each day, once every hour of a day is known."""
    times = [start, *range(start - start % _HOUR + _HOUR, end, _HOUR)] if len(use) == _DAY // _HOUR else []
    return (*((time, use[time % _DAY // _HOUR]) for time in times), (end, use[(end - 1) % _DAY // _HOUR])) if times else ()


def _time(said: Any) -> int | None:
    try:
        return wall(datetime.fromisoformat(said)) if isinstance(said, str) else None
    except ValueError:
        return None
