"""Why the last step went as it did: which row of the table decided, and which limit; as a word and as a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inverter.limits import Limits
from inverter.settings import HybridSettings
from inverter.slots import NEVER, Orders, Row
from inverter.supplying import Supplying


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
    EXPORT_LIMIT = "export limit"
    BATTERY_FULL = "battery charges no faster"
    BATTERY_FLOOR = "battery at its floor"
    BATTERY_POWER = "battery gives no more"
    CONTROLLER_RATE = "the controller's discharge rate"
    SHED = "loads are shed"


@dataclass(frozen=True, slots=True)
class Step:
    """The last step, in mW. pv, sun: used and available.  shed: whether anybody was cut off."""

    pv: int
    sun: int
    imported: int
    exported: int
    charge: int
    discharge: int
    ac: int
    rectified: int
    shed: bool


def verdict(limits: Limits, orders: Orders, after: Supplying, step: Step, *, now: int) -> Verdict:
    """Which row decided. now: when the step began, UTC seconds."""
    if not limits.enabled:
        return Verdict.OFF
    sold = orders.sell_to != NEVER and step.exported
    shaved = step.imported >= limits.peak
    islanded: list[tuple[Verdict, object]] = [
        (Verdict.BREAKER_OPEN, now < after.breaker_until),
        (Verdict.OUTPUT_OFF, not after.output),
        (Verdict.TRIPPED, now < after.tripped_until),
        (Verdict.RECONNECTING, after.connected),
        (Verdict.ISLAND, True),
    ]
    tied: list[tuple[Verdict, object]] = [
        (Verdict.CHARGE_NOW, orders.row is Row.CHARGE_NOW),
        (Verdict.CONTROLLER_DISCHARGES, orders.row is Row.SOLD),
        (Verdict.SELL, step.discharge and sold),
        (Verdict.PEAK_SHAVING, step.discharge and shaved),
        (Verdict.CONTROLLER_HOLDS, orders.row is Row.HELD),
        (Verdict.CONTROLLER_CHARGES, orders.row is Row.CHARGED),
        (Verdict.CONTROLLER_HOLDS_CHARGE, orders.row is Row.NOT_CHARGED),
        (Verdict.SELF_USE, orders.row is Row.SELF_USE),
        (Verdict.GRID_CHARGE, step.rectified),
        (Verdict.SERVE, step.discharge),
        (Verdict.HOLD, orders.charge_to != NEVER),
        (Verdict.REST, True),
    ]
    return next(kind for kind, holds in (tied if after.tied else islanded) if holds)


def bound(limits: Limits, orders: Orders, after: Supplying, step: Step) -> Bound:
    """What limited it, if anything did."""
    if step.shed:
        return Bound.SHED
    if limits.enabled and max(step.ac, step.rectified) >= limits.rated:
        return Bound.AC_RATING
    if step.pv < step.sun:
        return Bound.EXPORT_LIMIT if step.exported else Bound.BATTERY_FULL
    meant = orders.row in (Row.HELD, Row.CHARGED)  # that the grid serves
    if after.tied and step.imported > limits.bias and not step.rectified and not meant:
        if step.discharge >= limits.discharge_rate:
            return Bound.CONTROLLER_RATE
        return Bound.BATTERY_POWER if step.discharge else Bound.BATTERY_FLOOR
    return Bound.NONE


_SENTENCES = {
    Verdict.OFF: "The inverter is off and passes the grid through",
    Verdict.ISLAND: "The grid is away: sun and battery serve the LOAD port, down to {shutdown} %",
    Verdict.OUTPUT_OFF: "The output is off until the battery has {restart} % or the grid is back",
    Verdict.TRIPPED: "An overload took the output down; it tries again soon",
    Verdict.RECONNECTING: "The grid is back; it stays islanded for {reconnect} s",
    Verdict.BREAKER_OPEN: "The home's own breaker is open: too much was drawn from the grid",
    Verdict.SELF_USE: "Self-use: sun, then battery down to {low} %, then grid",
    Verdict.CHARGE_NOW: "The timer is off and grid charge is on: the grid charges the battery",
    Verdict.SERVE: "{program}: above its target, the battery serves the loads",
    Verdict.REST: "{program}: at its target or below, the battery rests",
    Verdict.GRID_CHARGE: "{program}: below its target, the grid charges the battery",
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
    return f"{text}." if limit == Bound.NONE else f"{text}; limit: {limit}."
