"""How much sun fell on each array of a home, worked out again afterwards: sun, weather and arrays are functions of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.producer import Producer
from virtual_devices.kit.window import Span

if TYPE_CHECKING:
    from virtual_devices.kit.members.member import Member

STEP = 300
"""Seconds between the moments that are looked at, or as many as a step of the home has."""
AT_ONCE = 1440
"""Moments."""
_MJ_PER_KWH = 3.6e9


def insolation(members: Mapping[str, Member], start: int, end: int, step: int) -> dict[str, float]:
    """kWh/m² on the plane of each array from ``start`` to ``end`` (UTC seconds), under the settings that hold now; those of which it means nothing are left out.

    step: of the home, s.
    """
    arrays = {name: member for name, member in members.items() if isinstance(member, Producer)}
    found = dict.fromkeys(arrays, 0)
    for span in _spans(start, end, max(step, STEP)):
        given: dict[str, Mapping[str, list[int]]] = {}
        for name, member in members.items():
            if isinstance(member, ConditionsMember):
                given[name] = member.device.conditions(member.settings, span, _inputs(member, given))
        for name, array in list(arrays.items()):
            light = array.device.insolation(array.settings, span, _inputs(array, given))
            if light is None:
                del arrays[name], found[name]
            else:
                found[name] += sum(light) * span.step
    return {name: moved / _MJ_PER_KWH for name, moved in found.items()}


def _spans(start: int, end: int, step: int) -> Iterator[Span]:
    """In equal steps; what is left over at the end is less than one."""
    steps = max(1, (end - start) // step)
    for begin in range(0, steps, AT_ONCE):
        yield Span(start + begin * step, step, min(AT_ONCE, steps - begin))


def _inputs(member: Member, given: Mapping[str, Mapping[str, list[int]]]) -> dict[str, Mapping[str, list[int]]]:
    return {setting: given[name] for setting, (name, _) in member.partners.items() if name in given}
