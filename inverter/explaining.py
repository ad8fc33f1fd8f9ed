"""Why the last step went as it did: which row of the table decided, and which limit; as a word and as a sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from inverter.bank import UNLIMITED
from inverter.limits import Limits, Strength, strength
from inverter.moment import SupplyState
from inverter.settings import HybridSettings
from inverter.slots import NEVER, Orders, SlotRow


class Verdict(StrEnum):
    """What the inverter did, by the row that decided."""

    OFF = "off"
    ISLAND = "island"
    OUTPUT_OFF = "output off"
    TRIPPED = "tripped"
    RECONNECTING = "reconnecting"
    BREAKER_OPEN = "breaker open"
    SELF_USE = "self use"
    CHARGE_NOW = "charge now"
    SERVE = "serve"
    REST = "rest"
    GRID_CHARGE = "grid charge"
    HOLD = "hold"
    SELL = "sell"
    PEAK_SHAVING = "peak shaving"
    CONTROLLER_HOLDS = "controller: hold"
    CONTROLLER_CHARGES = "controller: charge"
    CONTROLLER_HOLDS_CHARGE = "controller: holdcharge"
    CONTROLLER_DISCHARGES = "controller: discharge"


class Bound(StrEnum):
    """What limited it."""

    NONE = "nothing"
    AC_RATING = "AC rating"
    MAX_SOLAR = "max solar power"
    EXPORT_LIMIT = "export limit"
    IMPORT_LIMIT = "import limit"
    PROGRAM_POWER = "program power"
    CURRENT = "current setting"
    BATTERY_TAKES = "battery takes no more"
    BATTERY_GIVES = "battery gives no more"
    BATTERY_FLOOR = "battery at its floor"
    CONTROLLER_CHARGE_RATE = "the controller's charge rate"
    CONTROLLER_RATE = "the controller's discharge rate"
    TARGET = "target reached"
    SHED = "loads are shed"


_NEAR = 100
"""ppm by which a state of charge may miss a target and is still at it: rounding, and what leaks away in a step."""
_ROUNDING = 1000
"""mW by which the way from AC to DC may stay below the rating, and is limited by it."""
_ISLANDED = (Verdict.OUTPUT_OFF, Verdict.TRIPPED, Verdict.BREAKER_OPEN, Verdict.RECONNECTING, Verdict.ISLAND)
_SELLING = (Verdict.SELL, Verdict.CONTROLLER_DISCHARGES)
_CHARGING = (Verdict.CHARGE_NOW, Verdict.GRID_CHARGE, Verdict.CONTROLLER_CHARGES)
_GIVING = (Verdict.SELF_USE, Verdict.SERVE, Verdict.PEAK_SHAVING, Verdict.CONTROLLER_HOLDS_CHARGE, Verdict.CONTROLLER_DISCHARGES)


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """The last step, in mW. pv, sun: used and available.  ac: given to the AC side, negative: taken from it.

    drawn: taken from the AC side for solar export, in ``ac`` already.  soc: ppm, after it, −1 without a battery.  volts: mV.  import_limit, export_limit: mW.  shed: whether anybody was cut off.
    """

    pv: int
    sun: int
    imported: int
    exported: int
    non_essential: int
    charge: int
    discharge: int
    ac: int
    drawn: int
    soc: int
    volts: int
    import_limit: int
    export_limit: int
    shed: bool


def verdict(limits: Limits, orders: Orders, after: SupplyState, step: ExplainedStep, *, now: int) -> Verdict:
    """Which row decided. now: when the step began, UTC seconds."""
    if not limits.enabled:
        return Verdict.OFF
    below = orders.charge_to != NEVER and step.soc < orders.charge_to - _NEAR
    islanded: list[tuple[Verdict, object]] = [
        (Verdict.OUTPUT_OFF, not after.output),
        (Verdict.TRIPPED, now < after.tripped_until),
        (Verdict.BREAKER_OPEN, now < after.breaker_until),
        (Verdict.RECONNECTING, after.connected),
        (Verdict.ISLAND, True),
    ]
    tied: list[tuple[Verdict, object]] = [
        (Verdict.SELF_USE, step.soc < 0),
        (Verdict.CONTROLLER_DISCHARGES, orders.row is SlotRow.SOLD),
        (Verdict.SELL, step.discharge and step.exported and orders.sell_to != NEVER),
        (Verdict.PEAK_SHAVING, step.discharge and step.imported >= limits.peak),
        (Verdict.CONTROLLER_HOLDS, orders.row is SlotRow.HELD),
        (Verdict.CONTROLLER_CHARGES, orders.row is SlotRow.CHARGED),
        (Verdict.CONTROLLER_HOLDS_CHARGE, orders.row is SlotRow.NOT_CHARGED),
        (Verdict.CHARGE_NOW, orders.row is SlotRow.CHARGE_NOW and below),
        (Verdict.SELF_USE, orders.row is SlotRow.SELF_USE),
        (Verdict.GRID_CHARGE, below),
        (Verdict.SERVE, step.discharge or step.soc > orders.floor + _NEAR),
        (Verdict.HOLD, orders.charge_to != NEVER),
        (Verdict.REST, True),
    ]
    return next(kind for kind, holds in (tied if after.tied else islanded) if holds)


def bound(kind: Verdict, limits: Limits, orders: Orders, step: ExplainedStep) -> Bound:
    """What limited it, if anything did."""
    if step.shed:
        return Bound.SHED
    if kind is Verdict.OFF:
        return Bound.NONE
    if step.ac + step.drawn >= limits.rated or -step.ac >= limits.rated - _ROUNDING:
        return Bound.AC_RATING
    if kind in _CHARGING:
        return _of_charging(kind, limits, orders, step)
    if step.pv < step.sun and step.pv >= limits.max_solar:
        return Bound.MAX_SOLAR
    return _of_giving(kind, limits, orders, step)


def _of_charging(kind: Verdict, limits: Limits, orders: Orders, step: ExplainedStep) -> Bound:
    """What keeps the battery from being charged faster, or further."""
    if step.soc >= orders.charge_to - _NEAR:
        return Bound.TARGET
    short = step.imported >= min(step.import_limit, limits.peak)
    return Bound.IMPORT_LIMIT if short else _of_battery(kind, limits, orders, step)


def _of_giving(kind: Verdict, limits: Limits, orders: Orders, step: ExplainedStep) -> Bound:
    """What keeps sun and battery from giving more."""
    sells = orders.sell_to != NEVER and step.soc > orders.sell_to + _NEAR and kind not in (*_ISLANDED, Verdict.PEAK_SHAVING)
    if (step.pv < step.sun and step.exported) or (sells and step.exported >= step.export_limit):
        return Bound.EXPORT_LIMIT
    if kind in _SELLING or step.pv < step.sun or step.imported > _meant(kind, limits, step):
        return _of_battery(kind, limits, orders, step)
    return Bound.NONE


def _meant(kind: Verdict, limits: Limits, step: ExplainedStep) -> int:
    """mW that are imported by intent: all of it, unless the battery is there to give it."""
    if step.soc < 0 or kind not in _GIVING:
        return step.imported
    if kind is Verdict.PEAK_SHAVING:
        return limits.peak
    return step.drawn + (limits.bias if limits.feed_non_essential else max(limits.bias, step.non_essential))


def _of_battery(kind: Verdict, limits: Limits, orders: Orders, step: ExplainedStep) -> Bound:
    """What keeps the battery from taking or giving more."""
    allowed = strength(limits, orders, tied=kind not in _ISLANDED)
    if kind is Verdict.PEAK_SHAVING:  # the owner's: it goes beyond every power
        allowed = replace(allowed, discharge_power=UNLIMITED, discharge_current=limits.discharge_current)
    if kind in _CHARGING or step.charge or (step.pv < step.sun and not step.discharge):
        return _of_taking(limits, orders, allowed, step)
    if not step.discharge and step.soc <= orders.floor + _NEAR:
        return Bound.BATTERY_FLOOR
    if step.discharge >= allowed.discharge_power:
        return Bound.CONTROLLER_RATE if allowed.discharge_power == limits.discharge_rate else Bound.PROGRAM_POWER
    return Bound.CURRENT if _reaches(step.discharge, allowed.discharge_current, step.volts) else Bound.BATTERY_GIVES


def _of_taking(limits: Limits, orders: Orders, allowed: Strength, step: ExplainedStep) -> Bound:
    """What keeps the battery from taking more."""
    if not orders.charges:
        return Bound.NONE  # that is what the controller said
    if step.charge >= allowed.charge_power:
        return Bound.CONTROLLER_CHARGE_RATE if allowed.charge_power == limits.charge_rate else Bound.PROGRAM_POWER
    from_grid = min(step.charge, -step.ac)
    by_grid = from_grid > 0 and _reaches(from_grid, allowed.grid_charge_current, step.volts)
    return Bound.CURRENT if by_grid or _reaches(step.charge, allowed.charge_current, step.volts) else Bound.BATTERY_TAKES


def _reaches(power: int, current: int, volts: int) -> bool:
    """Whether a power is that of a current, up to 2 % by which the voltage may have moved within a step."""
    return power * 1000 * 50 >= current * volts * 49


_SENTENCES = {
    Verdict.OFF: "The inverter is off and passes the grid through",
    Verdict.ISLAND: "The grid is away: sun and battery serve the LOAD port, down to {shutdown} %",
    Verdict.OUTPUT_OFF: "The output is off until the battery has {restart} % or the inverter is on the grid again",
    Verdict.TRIPPED: "An overload took the output down; it tries again soon",
    Verdict.RECONNECTING: "The grid is back; the inverter stays islanded for {reconnect} s",
    Verdict.BREAKER_OPEN: "The home's own breaker is open: too much was drawn from the grid",
    Verdict.SELF_USE: "Self-use: sun, then battery down to {low} %, then grid",
    Verdict.CHARGE_NOW: "The timer is off and grid charge is on: the battery is charged, from the grid too",
    Verdict.SERVE: "{program}: above its target, sun and battery serve the loads",
    Verdict.REST: "{program}: at its target or below, the battery rests",
    Verdict.GRID_CHARGE: "{program}: below its target, the battery is charged, from the grid too",
    Verdict.HOLD: "{program}: at its target, the battery is held",
    Verdict.SELL: "{program}: above its target, the battery is sold",
    Verdict.CONTROLLER_HOLDS: "A controller holds the battery: it is not discharged, the sun charges it",
    Verdict.CONTROLLER_CHARGES: "A controller has the grid charge the battery up to {target} %",
    Verdict.CONTROLLER_HOLDS_CHARGE: "A controller lets nothing charge the battery; it serves the loads as otherwise",
    Verdict.CONTROLLER_DISCHARGES: "A controller has the battery sold down to {low} %",
    Verdict.PEAK_SHAVING: "The battery gives what the grid would give above {peak} W",
}


def sentence(settings: HybridSettings, kind: str, limit: str, number: int) -> str:
    """One sentence for people. number: of the program, 0 without."""
    program = "Timer off"
    if number:
        one = settings.programs[number - 1]
        program = f"Program {number} (from {one.begin // 3600:02}:{one.begin % 3600 // 60:02}, {one.capacity:g} %)"
    text = _SENTENCES[Verdict(kind)].format(
        shutdown=f"{settings.battery_shutdown_capacity:g}", restart=f"{settings.battery_restart_capacity:g}",
        low=f"{settings.lowest_capacity:g}", target=f"{settings.target_soc:g}", reconnect=f"{settings.reconnect_delay:g}",
        peak=f"{settings.grid_peak_shaving_power:g}", program=program,
    )  # fmt: skip
    if kind == Verdict.SERVE and number in settings.sells_in_vain:
        text += f"; it does not sell, which needs {settings.sell_needs}"
    return f"{text}." if limit == Bound.NONE else f"{text}; limit: {limit}."
