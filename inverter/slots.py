"""Time of use: which program holds when, and what each row of the timer's truth table means for the battery.

Facts of the table: the vendors' manuals and the Sunsynk add-on's documents; see ``docs/inverter.md``.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from enum import StrEnum

from inverter.controller import CHARGE, DISCHARGE, HOLD, HOLD_CHARGE
from inverter.programs import GRID, GRID_AND_GENERATOR, Program
from inverter.settings import ALLOW_EXPORT, HybridSettings
from virtual_devices.kit.calendar import Calendar, daily_cuts
from virtual_devices.kit.device import milliwatts
from virtual_devices.kit.window import Span

PPM = 1_000_000
PPM_PER_PERCENT = 10_000
NEVER = -1


class SlotRow(StrEnum):
    """Row of the truth table; what it does with the battery depends on the state of charge beside the target."""

    OFF = "off"
    SELF_USE = "self use"
    CHARGE_NOW = "charge now"
    PROGRAM = "program"
    PROGRAM_CHARGE = "program, grid charges"
    HELD = "held by a controller"
    CHARGED = "charged by a controller"
    NOT_CHARGED = "not charged by a controller"
    SOLD = "sold by a controller"


@dataclass(frozen=True, slots=True)
class Orders:
    """What holds for the battery while the inverter is on the grid.

    program: number of the one that holds, 0 without.  floor: ppm of the capacity down to which it serves loads.  charge_to: ppm up to which the grid charges
    it, or NEVER.  sell_to: ppm down to which it is sold, or NEVER.  power: mW that it charges or discharges with at most; None: no
    limit of a program.  charges: whether it may be charged at all.  commanded: a controller's mode holds, not the owner's table alone.
    """

    row: SlotRow
    floor: int
    program: int = 0
    charge_to: int = NEVER
    sell_to: int = NEVER
    power: int | None = None
    charges: bool = True
    commanded: bool = False


def program_at(programs: list[Program], second: int) -> Program:
    """The program that holds at a second of the local day: the last that has begun; before the first, the sixth of yesterday."""
    return next((program for program in reversed(programs) if program.begin <= second), programs[-1])


def orders(settings: HybridSettings, program: Program | None) -> Orders:
    """The row of the table, or of a controller's mode. program: the one that holds; None: the timer is off."""
    if not settings.inverter_enabled:
        return Orders(SlotRow.OFF, PPM)
    low = ppm(settings.lowest_capacity)
    if settings.batterymode == HOLD:
        return Orders(SlotRow.HELD, PPM, commanded=True)
    if settings.batterymode == CHARGE:
        return Orders(SlotRow.CHARGED, PPM, charge_to=ppm(settings.target_soc), commanded=True)
    if settings.batterymode == DISCHARGE:
        return Orders(SlotRow.SOLD, low, sell_to=low, commanded=True)
    owners = _owners(settings, program, low)
    if settings.batterymode == HOLD_CHARGE:
        floor = low if settings.reserve or owners.row is SlotRow.CHARGE_NOW else owners.floor
        return replace(owners, row=SlotRow.NOT_CHARGED, floor=floor, charge_to=NEVER, charges=False, commanded=True)
    return owners


def _owners(settings: HybridSettings, program: Program | None, low: int) -> Orders:
    """The row of the owner's table. low: ppm down to which the battery serves."""
    if program is None:
        if settings.grid_charge_enabled:
            return Orders(SlotRow.CHARGE_NOW, PPM, charge_to=PPM)
        return Orders(SlotRow.SELF_USE, low)
    target, power = max(low, ppm(program.capacity)), milliwatts(program.power)
    ticked = program.charge in (GRID, GRID_AND_GENERATOR) and settings.grid_charge_enabled
    sells = settings.load_limit == ALLOW_EXPORT or (program.sell and not settings.sell_needs)
    return Orders(
        SlotRow.PROGRAM_CHARGE if ticked else SlotRow.PROGRAM,
        target,
        program.number,
        charge_to=target if ticked else NEVER,
        sell_to=target if sells else NEVER,
        power=power,
    )


def timetable(settings: HybridSettings, span: Span, local: Calendar) -> list[tuple[int, Orders]]:
    """Orders over a span as (first step at which they no longer hold, orders), by the local time at which each step starts."""
    if not settings.use_timer:
        return [(span.steps, orders(settings, None))]
    programs = settings.programs
    cuts = daily_cuts({program.begin for program in programs}, span, local)
    found: list[tuple[int, Orders]] = []
    for begin, end in itertools.pairwise(cuts):
        program = program_at(programs, local.second_of_day(span.start + begin * span.step))
        made = orders(settings, program)
        if found and found[-1][1] == made:
            found[-1] = (end, made)
        else:
            found.append((end, made))
    return found


def ppm(percent: float) -> int:
    """Parts per million of a percentage."""
    return round(percent * PPM_PER_PERCENT)
