"""What load-shedding sensors show: the outage of now or the next one, and those that follow.

Derived from the plan alone: whether the grid is really there, the reading ``connected`` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from virtual_devices.kit.calendar import DAY, Calendar
from virtual_devices.kit.quantities import INSTANT, Count, Quantity
from virtual_devices.kit.readings import Mark
from virtual_devices.supply._outages import Outage

HORIZON = 31 * DAY
"""How far ahead an outage is looked for, in s."""
MOST = 12
"""Outages that the forecast lists at most."""
Minutes = Annotated[int, Quantity("minutes", "min", device_class="duration", metric="seconds", metric_factor=60, digits=0)]


_OUTAGE = ("stage", "start_time", "end_time", "starts_in", "ends_in", "next_start_time", "next_end_time", "next_stage")


@dataclass(frozen=True, slots=True)
class OutageReadings:
    """stage: of load-shedding in the last settled step, 0 is none.  outage_planned: whether an outage is planned in it.

    start_time, end_time, starts_in, ends_in: of that outage, else of the next one within 31 days; null without one; whole minutes from
    the end of the step, rounded up.  next_start_time, next_end_time, next_stage: of the next one that has not begun; null without one.
    forecast: that of now and those that follow, 12 at most.
    """

    stage: Annotated[Count, Mark(icon="mdi:transmission-tower-off", attributes=_OUTAGE)]
    outage_planned: Annotated[bool, Mark(icon="mdi:power-plug-off", attributes=(*_OUTAGE, "forecast"))]
    start_time: Annotated[str | None, INSTANT, Mark(title="Outage starts", folded=True)]
    end_time: Annotated[str | None, INSTANT, Mark(title="Outage ends", folded=True)]
    starts_in: Annotated[Minutes | None, Mark(title="Outage starts in")]
    ends_in: Annotated[Minutes | None, Mark(title="Outage ends in", folded=True)]
    next_start_time: Annotated[str | None, INSTANT, Mark(beside=True)]
    next_end_time: Annotated[str | None, INSTANT, Mark(beside=True)]
    next_stage: Annotated[Count | None, Mark(beside=True)]
    forecast: Annotated[list[dict[str, Any]], Mark(title="Outages ahead", folded=True)]


def foretold(outages: Sequence[Outage], time: int, step: int, local: Calendar) -> dict[str, Any]:
    """The fields of OutageReadings at ``time``, when the step that began at ``step`` has ended (UTC seconds).

    outages: merged, known until ``time`` + HORIZON.
    """
    ahead = [outage for outage in outages if step < outage.end][:MOST]
    first = ahead[0] if ahead else None
    now = first is not None and first.start <= step
    following = next((outage for outage in ahead if outage.start > step), None)
    end, next_end = _known_end(first, time), _known_end(following, time)
    return {
        "stage": first.stage if first is not None and now else 0,
        "outage_planned": now,
        "start_time": local.local(first.start).isoformat() if first is not None else None,
        "end_time": local.local(end).isoformat() if end is not None else None,
        "starts_in": _minutes(max(0, first.start - time)) if first is not None else None,
        "ends_in": _minutes(max(0, end - time)) if end is not None else None,
        "next_start_time": local.local(following.start).isoformat() if following is not None else None,
        "next_end_time": local.local(next_end).isoformat() if next_end is not None else None,
        "next_stage": following.stage if following is not None else None,
        "forecast": [outage.json(local) for outage in ahead],
    }


def _known_end(outage: Outage | None, time: int) -> int | None:
    """When an outage ends; None: there is none, or nobody knows yet at ``time``."""
    return outage.end if outage is not None and outage.end <= time + HORIZON else None


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
