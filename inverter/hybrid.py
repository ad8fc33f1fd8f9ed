"""Hybrid inverter in self-use: PV serves the loads, then the battery, then the grid if it may be sold.

What is missing comes from the battery, down to ``battery_low_capacity``, then from the grid. In an outage it keeps the
essential circuit up from battery and PV, and sheds by priority what it cannot serve; at ``battery_shutdown_capacity``
the output drops until ``battery_restart_capacity`` or until the grid is back. The rating limits the conversion between
DC and AC only: PV charges the battery beside it.

Assumptions: the grid passes through to the essential circuit without limit of its own; off-grid, an inverter without a
battery serves what the sun gives in that step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from inverter.dispatch import Limits, Supplying, dispatch
from inverter.efficiency import table
from inverter.kernel import run
from virtual_devices.kit.device import Context, Settings, Settles, milliwatts
from virtual_devices.kit.quantities import Duration, Energy, Percent, Power
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settlement import Demand, Dispatch, Offer, StoreOffer
from virtual_devices.kit.window import Span

__all__ = ["Hybrid"]

_PPM_PER_PERCENT = 10_000
_TOTALS = ("pv", "grid_import", "grid_export", "battery_charge", "battery_discharge", "load", "unserved", "losses")


class HybridSettings(Settings):
    """What an owner may set on the inverter."""

    inverter_enabled: bool = Field(True, title="Inverter enabled", description="off: only passes the grid through")
    rated_power: Power = Field(5000, ge=100, le=100_000, title="Rated power", description="limit between DC and AC")
    nominal_efficiency: Percent = Field(96, ge=80, le=99.5, title="Nominal efficiency")
    idle_power: Power = Field(40, ge=0, le=500, title="Idle power", description="drawn while nothing is converted")
    load_limit: Literal["Zero Export", "Essentials"] = Field(
        "Zero Export", title="Work mode", description="Essentials: the non-essential circuit is always on the grid"
    )
    solar_export: bool = Field(True, title="Solar export", description="surplus PV may be sold")
    max_solar_power: Power = Field(20_000, ge=0, le=100_000, title="Max solar power")
    battery_low_capacity: Percent = Field(20, ge=1, le=100, title="Battery low capacity", description="reserve on grid")
    battery_shutdown_capacity: Percent = Field(10, ge=0, le=50, title="Battery shutdown capacity")
    battery_restart_capacity: Percent = Field(15, ge=1, le=100, title="Battery restart capacity")
    shed_hold: Duration = Field(300, ge=1, le=86_400, title="Shed hold", description="what was shed stays shed for it")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.battery_shutdown_capacity >= self.battery_restart_capacity:
            raise ValueError("battery_restart_capacity must be above battery_shutdown_capacity")
        if self.battery_low_capacity < self.battery_shutdown_capacity:
            raise ValueError("battery_low_capacity must not be below battery_shutdown_capacity")
        return self


@dataclass(frozen=True, slots=True)
class HybridState:
    """supplying: who is cut off.  totals, day: mJ since the start and since local midnight, by name (see ``_TOTALS``).

    powers: mW of the last step.  soc: of all stores together, ppm, −1 without a store.
    """

    supplying: Supplying = field(default_factory=Supplying)
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    day: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    day_number: int = -1
    powers: dict[str, int] = field(default_factory=dict)
    soc: int = -1
    shed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HybridTelemetry:
    """battery_power > 0: discharging; grid_power > 0: importing. Energies are named both ways and never negative."""

    pv_power: Power
    battery_power: Power
    battery_soc: Annotated[Percent, Mark(device_class="battery", title="Battery SOC")]
    grid_power: Power
    grid_connected: Annotated[bool, Mark(device_class="connectivity")]
    load_power: Power
    essential_power: Power
    non_essential_power: Power
    inverter_power: Power
    loss_power: Annotated[Power, Mark(detail=True)]
    overall_state: Annotated[str, Mark(choices=("standby", "ok", "alarm", "fault"))]
    shed_loads: Annotated[str, Mark(title="Shed loads")]
    day_pv_energy: Annotated[Energy, Mark(day=True)]
    day_grid_import: Annotated[Energy, Mark(day=True)]
    day_grid_export: Annotated[Energy, Mark(day=True)]
    day_battery_charge: Annotated[Energy, Mark(day=True)]
    day_battery_discharge: Annotated[Energy, Mark(day=True)]
    day_load_energy: Annotated[Energy, Mark(day=True)]
    total_pv_energy: Energy
    total_grid_import: Energy
    total_grid_export: Energy
    total_battery_charge: Energy
    total_battery_discharge: Energy
    total_load_energy: Energy
    total_unserved_energy: Energy
    total_losses: Annotated[Energy, Mark(detail=True)]


class Hybrid(Settles[HybridSettings, HybridState, HybridTelemetry]):
    """Hybrid inverter."""

    title = "Hybrid inverter"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.run: Callable[..., int] = run

    def compile(self) -> None:
        """Dispatch with compiled code from now on; the results are the same. Raises ImportError without numba."""
        from inverter.compiled import compiled_run  # noqa: PLC0415 - numba takes a second and 90 MB

        self.run = compiled_run()

    def limits(self, settings: HybridSettings) -> Limits:
        """The settings in integers."""
        rated = milliwatts(settings.rated_power)
        return Limits(
            rated=rated,
            enabled=settings.inverter_enabled,
            idle=milliwatts(settings.idle_power),
            max_solar=milliwatts(settings.max_solar_power),
            feed_non_essential=settings.load_limit == "Zero Export",
            solar_export=settings.solar_export,
            low_capacity=round(settings.battery_low_capacity * _PPM_PER_PERCENT),
            shutdown_capacity=round(settings.battery_shutdown_capacity * _PPM_PER_PERCENT),
            restart_capacity=round(settings.battery_restart_capacity * _PPM_PER_PERCENT),
            shed_hold=round(settings.shed_hold),
            curve=table(rated, settings.nominal_efficiency / 100),
        )

    def dispatch(
        self, settings: HybridSettings, state: HybridState, span: Span, offers: Mapping[str, Offer]
    ) -> tuple[Dispatch, HybridState]:
        """Decide the window (see ``inverter.dispatch``) and count what flowed."""
        decision, supplying = dispatch(
            self.limits(settings), state.supplying, span, offers, name=self.name, run=self.run
        )
        return decision, self._count(state, supplying, Span(span.start, span.step, decision.steps), decision, offers)

    def _count(
        self, state: HybridState, supplying: Supplying, span: Span, decision: Dispatch, offers: Mapping[str, Offer]
    ) -> HybridState:
        flows = decision.transfers
        wanted = [o.power for o in offers.values() if isinstance(o, Demand)]
        circuits = [flows[(self.name, "essential")], flows[("meter", "essential")], flows[("meter", "non_essential")]]
        columns: dict[str, list[list[int]]] = {
            "pv": list(decision.used.values()),
            "grid_import": list(decision.imported.values()),
            "grid_export": list(decision.exported.values()),
            "battery_charge": list(decision.charge.values()),
            "battery_discharge": list(decision.discharge.values()),
            "load": circuits,
            "losses": [flows[(self.name, "losses")]],
        }
        local = self.site.calendar
        first_day, last_day = local.day(span.start), local.day(span.start + (span.steps - 1) * span.step)
        split = 0 if first_day == last_day else span.steps_until(local.midnight(span.start + (span.steps - 1) * span.step))
        day = dict(state.day) if state.day_number == last_day else dict.fromkeys(_TOTALS, 0)
        totals = dict(state.totals)
        powers = {"connected": int(supplying.connected)}
        for name, parts in columns.items():
            total = sum(map(sum, parts))
            totals[name] += total * span.step
            day[name] += (sum(sum(part[split:]) for part in parts) if split else total) * span.step
            powers[name] = sum(part[-1] for part in parts)
        demand = sum(sum(power[: span.steps]) for power in wanted) * span.step
        totals["unserved"] += demand - sum(map(sum, circuits)) * span.step
        powers["non_essential"] = circuits[2][-1]
        powers["ac"] = flows[(self.name, "essential")][-1] + flows[(self.name, "meter")][-1]
        stores = [offer for offer in offers.values() if isinstance(offer, StoreOffer)]
        capacity = sum(offer.rule.capacity for offer in stores)
        return replace(
            state,
            supplying=supplying,
            totals=totals,
            day=day,
            day_number=last_day,
            powers=powers,
            soc=sum(decision.stored.values()) * 1_000_000 // capacity if capacity else -1,
            shed=tuple(sorted(name for name, runs in decision.supply.items() if not runs[-1][1])),
        )

    def report(self, settings: HybridSettings, state: HybridState, time: int) -> HybridTelemetry:
        """The flows of the last step in W, and the energies in kWh."""
        watts = {name: value / 1000 for name, value in state.powers.items()}
        day = {name: value / 3.6e9 for name, value in state.day.items()}
        total = {name: value / 3.6e9 for name, value in state.totals.items()}
        load, other = watts.get("load", 0.0), watts.get("non_essential", 0.0)
        down = not (state.supplying.output or state.supplying.connected)
        return HybridTelemetry(
            pv_power=watts.get("pv", 0.0),
            battery_power=watts.get("battery_discharge", 0.0) - watts.get("battery_charge", 0.0),
            battery_soc=max(state.soc, 0) / _PPM_PER_PERCENT,
            grid_power=watts.get("grid_import", 0.0) - watts.get("grid_export", 0.0),
            grid_connected=state.supplying.connected and bool(state.powers.get("connected", 0)),
            load_power=load,
            essential_power=load - other,
            non_essential_power=other,
            inverter_power=watts.get("ac", 0.0),
            loss_power=watts.get("losses", 0.0),
            overall_state="standby" if not settings.inverter_enabled else "fault" if down else "alarm" if state.shed else "ok",
            shed_loads=(", ".join(state.shed) or "none")[:250],
            day_pv_energy=day["pv"],
            day_grid_import=day["grid_import"],
            day_grid_export=day["grid_export"],
            day_battery_charge=day["battery_charge"],
            day_battery_discharge=day["battery_discharge"],
            day_load_energy=day["load"],
            total_pv_energy=total["pv"],
            total_grid_import=total["grid_import"],
            total_grid_export=total["grid_export"],
            total_battery_charge=total["battery_charge"],
            total_battery_discharge=total["battery_discharge"],
            total_load_energy=total["load"],
            total_unserved_energy=total["unserved"],
            total_losses=total["losses"],
        )
