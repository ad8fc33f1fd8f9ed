"""The hybrid inverter: PV serves the loads, then charges the battery, then is sold; the battery, then the grid give what is missing.

A timer, outages and limits have their say first. What its settings mean is in ``limits`` and ``slots``, who is supplied in ``dispatch``, the flows in ``kernel``, the reasons in
``explaining``; this file is the device: settings, telemetry, state, and what it counts. The rating limits the conversion
between DC and AC only: PV charges the battery beside it. Off-grid, an inverter without a battery serves what the sun gives in
that step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from inverter import controller, sunsynk
from inverter.bank import UNKNOWN_VOLTAGE
from inverter.dispatch import dispatch
from inverter.explaining import Bound, ExplainedStep, Verdict, bound, sentence, verdict
from inverter.kernel import run
from inverter.limits import Limits, least, limits_of
from inverter.moment import Segment, SupplyState
from inverter.programs import GENERATOR, GRID_AND_GENERATOR
from inverter.settings import AUX_GENERATOR, HybridSettings
from inverter.slots import PPM, PPM_PER_PERCENT, timetable
from virtual_devices.kit.accounts import AUX, ESSENTIAL, LOSSES, METER, NON_ESSENTIAL
from virtual_devices.kit.circuits import Port
from virtual_devices.kit.device import Settles, milliwatts
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.offers import Demand, Dispatch, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.quantities import (
    MJ_PER_KWH,
    Count,
    Current,
    Energy,
    Frequency,
    Percent,
    Power,
    Temperature,
    Voltage,
    power_text,
)
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.site import Context
from virtual_devices.kit.steps import lengthened, times_between
from virtual_devices.kit.store import voltage
from virtual_devices.kit.window import Span

__all__ = ["Hybrid", "HybridSettings", "HybridState"]

FORMER_DEFAULTS: Mapping[int, Mapping[str, Any]] = {3: {"idle_power": 40, "solar_export_draw": 40, "surge_power": 10_000}}
"""W, whatever the rating was."""

SWITCHBOARD = {"inverter_enabled": False}

PORTS = {ESSENTIAL: Port(lasting=True), AUX: Port(), NON_ESSENTIAL: Port(beside=True)}

_TOTALS = ("pv", "grid_import", "grid_export", "battery_charge", "battery_discharge", "load", "unserved", "losses", "aux")
_INPUTS = 4
"""Arrays that have a power of their own here, as inputs of such machines are counted."""


@dataclass(frozen=True, slots=True)
class HybridState:
    """supplying: who is cut off.  totals, day: mJ since the start and since local midnight, by name (see ``_TOTALS``).

    shed: who has no power, but for those on an AUX port that is switched off.  powers: mW of the last step.  soc: of all
    stores together, ppm, −1 without a store.  voltage: mV of the battery, 0 where it does not tell.  temperature: m°C of the warmest, None likewise.  mains: the grid's rule, None where it
    does not tell.  last_step: start of the last step, UTC seconds.  decision, limit, program: why the last step went as it did.
    """

    supplying: SupplyState = field(default_factory=SupplyState)
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    day: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOTALS, 0))
    day_number: int = -1
    powers: dict[str, int] = field(default_factory=dict)
    soc: int = -1
    shed: tuple[str, ...] = ()
    voltage: int = 0
    temperature: int | None = None
    mains: Mains | None = None
    last_step: int = 0
    decision: str = Verdict.SELF_USE
    limit: str = Bound.NONE
    program: int = 0


@dataclass(frozen=True, slots=True)
class HybridTelemetry:
    """battery_power, battery_current > 0: discharging; grid_power > 0: importing.

    Energies are named both ways and never negative. grid_connected: by the inverter's own relay.  grid_voltage, grid_frequency: before it,
    also while it waits to reconnect.  inverter_voltage, load_frequency: behind it, the grid's own while it is connected.
    grid_power: at the meter.  grid_port_power: through the inverter's GRID port.
    pv1_power …: of the first four arrays, by name.  battery_temperature: as the battery tells it.  grid_current: through the GRID port.
    decision: which row of the truth table decided the last step; decision_text says it with the limit that held.
    """

    pv_power: Power
    pv1_power: Annotated[Power, Mark(detail=True)]
    pv2_power: Annotated[Power, Mark(detail=True)]
    pv3_power: Annotated[Power, Mark(detail=True)]
    pv4_power: Annotated[Power, Mark(detail=True)]
    battery_power: Power
    battery_voltage: Annotated[Voltage | None, Mark(folded=True)]
    battery_current: Annotated[Current | None, Mark(folded=True)]
    battery_soc: Annotated[Percent, Mark(title="Battery SOC", icon="mdi:battery-medium")]
    battery_temperature: Annotated[Temperature | None, Mark(detail=True)]
    grid_power: Power
    grid_port_power: Annotated[Power, Mark(detail=True)]
    grid_current: Annotated[Current, Mark(detail=True)]
    grid_voltage: Annotated[Voltage, Mark(folded=True)]
    grid_frequency: Annotated[Frequency, Mark(folded=True)]
    grid_connected: Annotated[bool, Mark(device_class="connectivity")]
    load_power: Power
    load_frequency: Annotated[Frequency, Mark(detail=True)]
    essential_power: Annotated[Power, Mark(folded=True)]
    non_essential_power: Annotated[Power, Mark(folded=True)]
    aux_power: Annotated[Power, Mark(folded=True)]
    aux_on: Annotated[bool, Mark(title="AUX port on", device_class="power", folded=True)]
    inverter_power: Annotated[Power, Mark(folded=True)]
    inverter_voltage: Annotated[Voltage, Mark(detail=True)]
    inverter_current: Annotated[Current, Mark(detail=True)]
    decision: Annotated[str, Mark(choices=tuple(Verdict), folded=True, icon="mdi:sign-direction")]
    decision_text: Annotated[str, Mark(title="Decision in words", icon="mdi:sign-text")]
    active_program: Annotated[Count, Mark(detail=True)]
    loss_power: Annotated[Power, Mark(detail=True)]
    overall_state: Annotated[str, Mark(choices=("standby", "ok", "alarm", "fault"), icon="mdi:state-machine", folded=True)]
    shed_loads: Annotated[str, Mark(title="Shed loads", folded=True)]
    day_pv_energy: Annotated[Energy, Mark(day=True)]
    day_grid_import: Annotated[Energy, Mark(day=True)]
    day_grid_export: Annotated[Energy, Mark(day=True)]
    day_battery_charge: Annotated[Energy, Mark(day=True, folded=True)]
    day_battery_discharge: Annotated[Energy, Mark(day=True, folded=True)]
    day_load_energy: Annotated[Energy, Mark(day=True)]
    day_aux_energy: Annotated[Energy, Mark(day=True, detail=True)]
    total_pv_energy: Annotated[Energy, Mark(folded=True)]
    total_grid_import: Annotated[Energy, Mark(folded=True)]
    total_grid_export: Annotated[Energy, Mark(folded=True)]
    total_battery_charge: Annotated[Energy, Mark(folded=True)]
    total_battery_discharge: Annotated[Energy, Mark(folded=True)]
    total_load_energy: Annotated[Energy, Mark(folded=True)]
    total_unserved_energy: Energy
    total_losses: Annotated[Energy, Mark(detail=True)]


class Hybrid(Settles[HybridSettings, HybridState, HybridTelemetry]):
    """Hybrid inverter."""

    title = "Hybrid inverter"
    icon = "mdi:sine-wave"
    entity_names = sunsynk.NAMES
    also_named = sunsynk.ALSO_NAMED
    switchboard = SWITCHBOARD
    ports = PORTS
    former_defaults = FORMER_DEFAULTS

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.run: Callable[..., int] = run

    @classmethod
    def without_face(cls, settings: Mapping[str, Any]) -> Collection[str]:
        """What only dashboards ask for, where none does."""
        return () if settings.get("entity_prefix") else sunsynk.FOR_DASHBOARDS

    def reach(self, settings: HybridSettings) -> tuple[int, int | None]:
        """Down to the battery's low capacity, and no more than the rating; one that is switched off only passes the grid through."""
        if not settings.inverter_enabled:
            return PPM, 0
        return round(settings.lowest_capacity * PPM_PER_PERCENT), milliwatts(settings.rated_power)

    def compile(self) -> None:
        """Dispatch with compiled code from now on; the results are the same. Raises ImportError without numba."""
        from inverter.compiled import compiled_run  # noqa: PLC0415 - numba takes a second and 90 MB

        self.run = compiled_run()

    def notes(self, settings: HybridSettings, start: int) -> list[str]:
        """What it can do, and how far it empties a battery."""
        if not settings.inverter_enabled:
            return ["off: loads have what the grid gives"]
        sells = "sells surplus" if settings.solar_export else "sells nothing"
        keeps = f"a battery keeps {settings.battery_low_capacity:g} % on grid, {settings.battery_shutdown_capacity:g} % in an outage"
        return [f"{power_text(settings.rated_power)}, {settings.load_limit}, {sells}; {keeps}"]

    def warnings(self, settings: HybridSettings, start: int, step: int) -> list[str]:
        """Of a generator that is counted on, of programs that are to sell and cannot, and of times that do not go with the step."""
        found = []
        if settings.aux_port_usage == AUX_GENERATOR:
            found.append(
                "aux_port_usage is Generator, but no generator is simulated: loads on circuit aux have no power; use Smartload"
            )
        if vain := ", ".join(map(str, settings.sells_in_vain)):
            found.append(f"the sell of program {vain} sells nothing from the battery; it needs {settings.sell_needs}")
        allow = [str(program.number) for program in settings.programs if program.charge in (GENERATOR, GRID_AND_GENERATOR)]
        if allow:
            found.append(
                f"Allow Gen of program {', '.join(allow)} charges nothing, because no generator is simulated; use Allow Grid"
            )
        if settings.use_timer and (
            clock := times_between((program.begin for program in settings.programs), start, step, self.site.calendar)
        ):
            found.append(f"its programs begin at {clock}, between two steps of {step} s, and count from the next; move them, or change step or start")
        hold = {"trip_delay": settings.trip_delay} if settings.overload == "Trip" else {"shed_hold": settings.shed_hold}
        delays = {"reconnect_delay": settings.reconnect_delay, **hold} if settings.inverter_enabled else {}
        return found + lengthened(delays, step)

    def spelled_out(self, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Predbat's commands too."""
        return controller.spelled_out(changes)

    def dispatch(
        self, settings: HybridSettings, state: HybridState, span: Span, offers: Mapping[str, Offer]
    ) -> tuple[Dispatch, HybridState]:
        """Decide the window (see ``inverter.dispatch``) and count what flowed."""
        times = timetable(settings, span, self.site.calendar)
        flows, supplying, last = dispatch(limits_of(settings), state.supplying, span, offers, times, name=self.name, run=self.run)
        counted = self._count(replace(state, supplying=supplying), span.part(0, flows.steps), flows, offers)
        return flows, _explained(limits_of(settings), counted, last, offers, flows.steps)

    def _count(self, state: HybridState, span: Span, done: Dispatch, offers: Mapping[str, Offer]) -> HybridState:
        """The state with what flowed in ``span``, and what held in its last step."""
        flows = done.transfers
        nothing = [0] * span.steps
        circuits = {
            ESSENTIAL: [flows[self.name, ESSENTIAL], flows[METER, ESSENTIAL]],
            AUX: [flows.get((self.name, AUX), nothing), flows.get((METER, AUX), nothing)],
            NON_ESSENTIAL: [flows[METER, NON_ESSENTIAL]],
        }
        columns: dict[str, list[list[int]]] = {
            "pv": list(done.used.values()),
            "grid_import": list(done.imported.values()),
            "grid_export": list(done.exported.values()),
            "battery_charge": list(done.charge.values()),
            "battery_discharge": list(done.discharge.values()),
            "load": [column for parts in circuits.values() for column in parts],
            "losses": [flows[self.name, LOSSES]],
            "aux": circuits[AUX],
        }
        local = self.site.calendar
        end = span.start + (span.steps - 1) * span.step
        last_day = local.day(end)
        split = 0 if local.day(span.start) == last_day else span.steps_until(local.midnight(end))
        nothing_yet = dict.fromkeys(_TOTALS, 0)
        day = nothing_yet | state.day if state.day_number == last_day else nothing_yet
        totals = nothing_yet | state.totals
        powers: dict[str, int] = {}
        for name, parts in columns.items():
            total = sum(map(sum, parts))
            totals[name] += total * span.step
            day[name] += (sum(sum(part[split:]) for part in parts) if split else total) * span.step
            powers[name] = sum(part[-1] for part in parts)
        demand = sum(sum(offer.power[: span.steps]) for offer in offers.values() if isinstance(offer, Demand))
        totals["unserved"] += (demand - sum(map(sum, columns["load"]))) * span.step
        powers |= {name: sum(part[-1] for part in parts) for name, parts in circuits.items()}
        powers |= {f"pv{number}": done.used[name][-1] for number, name in enumerate(sorted(done.used)[:_INPUTS], start=1)}
        to_meter, from_meter = flows[self.name, METER][-1], flows[METER, self.name][-1]
        powers["ac"] = flows[self.name, ESSENTIAL][-1] + circuits[AUX][0][-1] + to_meter - from_meter
        powers["port"] = flows[METER, ESSENTIAL][-1] + circuits[AUX][1][-1] + from_meter - to_meter
        off = () if state.supplying.aux else (AUX,)  # a port that is switched off sheds nobody
        demands = {name: offer for name, offer in offers.items() if isinstance(offer, Demand) and offer.circuit not in off}
        shed = tuple(sorted(name for name in demands if not done.supply[name][-1][1]))
        stores = {name: offer for name, offer in offers.items() if isinstance(offer, StoreOffer)}
        capacity = sum(offer.rule.capacity for offer in stores.values())
        voltages = [voltage(offer.rule.flat, done.stored[name]) for name, offer in sorted(stores.items())]
        temperatures = [warm for offer in stores.values() if (warm := offer.at(span.steps - 1)[1]) is not None]
        soc, volts = sum(done.stored.values()) * PPM // capacity if capacity else -1, min(filter(None, voltages), default=0)
        return replace(
            state,
            totals=totals,
            day=day,
            day_number=last_day,
            powers=powers,
            soc=soc,
            shed=shed,
            voltage=volts,
            temperature=max(temperatures, default=None),
            mains=next((offer.mains for offer in offers.values() if isinstance(offer, LinkOffer)), None),
            last_step=end,
        )

    def _mains(self, state: HybridState, nominal: tuple[float, float]) -> tuple[float, float]:
        """V and Hz of the grid at the start of the last step, by the grid's own rule; nominal where it does not tell."""
        if state.mains is None:
            return nominal
        drawn = state.powers["grid_import"] - state.powers["grid_export"]
        voltage, frequency = state.mains.at(self.site.calendar, state.last_step, drawn)
        return voltage / 1000, frequency / 1000

    def report(self, settings: HybridSettings, state: HybridState, time: int) -> HybridTelemetry:
        """The flows of the last step in W, and the energies in kWh."""
        watts = {name: value / 1000 for name, value in state.powers.items()}
        day = {name: value / MJ_PER_KWH for name, value in state.day.items()}
        total = {name: value / MJ_PER_KWH for name, value in state.totals.items()}
        supplying, volts = state.supplying, state.voltage / 1000 or None
        tied, present = (bool(state.powers) and holds for holds in (supplying.tied, supplying.connected))
        down = not tied and state.decision in (Verdict.OFF, Verdict.OUTPUT_OFF, Verdict.TRIPPED)
        battery = watts.get("battery_discharge", 0.0) - watts.get("battery_charge", 0.0)
        nominal = settings.nominal_voltage, float(settings.nominal_frequency.removesuffix(" Hz"))
        grid_voltage, grid_frequency = self._mains(state, nominal) if present else (0.0, 0.0)
        inverter_voltage, load_frequency = (grid_voltage, grid_frequency) if tied else (0.0, 0.0) if down else nominal
        return HybridTelemetry(
            pv_power=watts.get("pv", 0.0),
            pv1_power=watts.get("pv1", 0.0),
            pv2_power=watts.get("pv2", 0.0),
            pv3_power=watts.get("pv3", 0.0),
            pv4_power=watts.get("pv4", 0.0),
            battery_power=battery,
            battery_voltage=volts,
            battery_current=battery / volts if volts else None,
            battery_soc=max(state.soc, 0) / PPM_PER_PERCENT,
            grid_power=watts.get("grid_import", 0.0) - watts.get("grid_export", 0.0),
            grid_port_power=watts.get("port", 0.0),
            battery_temperature=None if state.temperature is None else state.temperature / 1000,
            grid_current=watts.get("port", 0.0) / grid_voltage if grid_voltage else 0.0,
            grid_voltage=grid_voltage,
            grid_frequency=grid_frequency,
            grid_connected=tied,
            load_power=watts.get("load", 0.0),
            load_frequency=load_frequency,
            essential_power=watts.get(ESSENTIAL, 0.0),
            non_essential_power=watts.get(NON_ESSENTIAL, 0.0),
            aux_power=watts.get(AUX, 0.0),
            aux_on=supplying.aux,
            inverter_power=watts.get("ac", 0.0),
            inverter_voltage=inverter_voltage,
            inverter_current=watts.get("ac", 0.0) / inverter_voltage if inverter_voltage else 0.0,
            decision=state.decision,
            decision_text=sentence(settings, state.decision, state.limit, state.program),
            active_program=state.program,
            loss_power=watts.get("losses", 0.0),
            overall_state="standby" if not settings.inverter_enabled else "fault" if down else "alarm" if state.shed else "ok",
            shed_loads=(", ".join(state.shed) or "none")[:250],
            day_pv_energy=day["pv"],
            day_grid_import=day["grid_import"],
            day_grid_export=day["grid_export"],
            day_battery_charge=day["battery_charge"],
            day_battery_discharge=day["battery_discharge"],
            day_load_energy=day["load"],
            day_aux_energy=day.get("aux", 0.0),
            total_pv_energy=total["pv"],
            total_grid_import=total["grid_import"],
            total_grid_export=total["grid_export"],
            total_battery_charge=total["battery_charge"],
            total_battery_discharge=total["battery_discharge"],
            total_load_energy=total["load"],
            total_unserved_energy=total["unserved"],
            total_losses=total["losses"],
        )


def _explained(limits: Limits, state: HybridState, last: Segment, offers: Mapping[str, Offer], steps: int) -> HybridState:
    """The state with why the last of these steps went as it did. last: what held in it."""
    powers = state.powers
    step = ExplainedStep(
        pv=powers["pv"],
        sun=sum(offer.power[steps - 1] for offer in offers.values() if isinstance(offer, Supply)),
        imported=powers["grid_import"],
        exported=powers["grid_export"],
        non_essential=powers[NON_ESSENTIAL],
        charge=powers["battery_charge"],
        discharge=powers["battery_discharge"],
        ac=powers["ac"],
        drawn=limits.drawn(last.link.import_limit, tied=state.supplying.tied),
        soc=state.soc,
        volts=state.voltage or UNKNOWN_VOLTAGE,
        import_limit=least(last.link.import_limit),
        export_limit=least(last.link.export_limit, limits.max_sell),
        shed=bool(state.supplying.shed),
    )
    kind = verdict(limits, last.orders, state.supplying, step, now=state.last_step)
    return replace(state, decision=kind, limit=bound(kind, limits, last.orders, step), program=last.orders.program)
