"""Laws of the dispatch, on random homes: every joule is accounted for, every limit kept, and no cut of time matters."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from inverter.controller import NO_LIMIT
from inverter.hybrid import HybridSettings
from inverter.moment import SupplyState
from inverter.slots import Orders, ppm, timetable
from tests.inverter.worlds import INVERTER, KWH, Era, Flows, Load, World, links_of, live, total, worlds
from tests.laws import examples
from virtual_devices.kit.device import milliwatts
from virtual_devices.kit.offers import Link
from virtual_devices.kit.store import StoreRule, charge_limit, discharge_limit, voltage
from virtual_devices.kit.window import Span

UNLIMITED = 1 << 60


@given(worlds())
@examples(max_examples=200, deadline=None)
def test_every_step_balances_within_every_limit(world: World) -> None:
    flows = live(world, [1])
    stored = dict(world.stored)
    links = [link for link in links_of(world, 0, world.steps) for _ in range(link.steps)]
    eras = [era for era in world.eras for _ in range(era.steps)]
    for index, era in enumerate(eras):
        flow = defaultdict(int, {key: column[index] for key, column in flows.power.items()})
        link = links[index] if links else Link(1, connected=False)
        check_flows(world, flows, index, flow)
        state = flows.states[index].supplying
        holds = orders_at(world, era.settings, index)
        check_limits(era.settings, holds, state, link, flow, total(flows, "imported", index), total(flows, "exported", index))
        check_selling(era.settings, flows, index)
        check_loads(era.settings, world, flows, index, flow, link)
        floor = floor_of(era.settings, holds, state, total(flows, "imported", index))
        check_currents(era, holds, state, stored, flows, index)
        for name, rule in era.rules.items():
            before = stored[name] - flows.reset[name].get(index, 0)
            charge, discharge = flow["charge", name], flow["discharge", name]
            assert charge <= charge_limit(rule.flat, before, world.step)
            lowest = floor * rule.capacity // 1_000_000
            assert discharge <= discharge_limit(rule.flat, before, lowest, world.step)
            after = before + (charge - discharge) * world.step - flow["lost", name]
            assert 0 <= after <= rule.capacity
            assert flow["lost", name] >= 0
            assert after == flows.stored[name][index]
            stored[name] = after
        assert not (total(flows, "charge", index) and total(flows, "discharge", index))


def check_flows(world: World, flows: Flows, index: int, flow: dict[tuple[str, ...], int]) -> None:
    assert all(type(power) is int and power >= 0 for power in flow.values())
    for name, column in world.arrays.items():
        assert flow["used", name] <= column[index]
    served = sum(load.power[index] for name, load in world.loads.items() if flows.served[name][index])
    used, charge, discharge, imported, exported = (
        total(flows, kind, index) for kind in ("used", "charge", "discharge", "imported", "exported")
    )
    losses = flow["inverter", "losses"]
    assert used + imported + discharge == served + exported + charge + losses
    inward: dict[str, int] = defaultdict(int)
    edges = {
        **{key: power for key, power in flow.items() if key[0] in ("dc_bus", "inverter", "meter")},
        ("pv", "dc_bus"): used, ("stores", "dc_bus"): discharge, ("dc_bus", "stores"): charge,
        ("grid", "meter"): imported, ("meter", "grid"): exported,
    }  # fmt: skip
    for (source, sink), power in edges.items():
        inward[source] -= power
        inward[sink] += power
    assert inward["dc_bus"] == inward["inverter"] == inward["meter"] == 0
    for circuit in ("essential", "aux", "non_essential"):
        fed = [n for n, load in world.loads.items() if load.circuit == circuit and flows.served[n][index]]
        assert inward[circuit] == sum(world.loads[name].power[index] for name in fed)


def orders_at(world: World, settings: HybridSettings, index: int) -> Orders:
    """What the timer says in a step."""
    span = Span(world.start + index * world.step, world.step, 1)
    return timetable(settings, span, INVERTER.site.calendar)[0][1]


def floor_of(settings: HybridSettings, holds: Orders, state: SupplyState, imported: int) -> int:
    """ppm below which the battery may not be discharged."""
    if not state.tied:
        return ppm(settings.battery_shutdown_capacity)
    shaves = settings.grid_peak_shaving and imported >= round(settings.grid_peak_shaving_power * 1000)
    return ppm(settings.reserve or settings.battery_low_capacity) if shaves else holds.floor


def check_currents(era: Era, holds: Orders, state: SupplyState, stored: dict[str, int], flows: Flows, index: int) -> None:
    """The bank's current, at the lowest voltage of its stores: the owner's, but where a controller commands the power."""
    balances = {name: stored[name] - flows.reset[name].get(index, 0) for name in era.rules}
    volts = [voltage(rule.flat, balances[name]) for name, rule in era.rules.items() if rule.voltage] or [51_200]
    for kind, current in (("charge", era.settings.battery_max_charge_current), ("discharge", era.settings.battery_max_discharge_current)):
        if state.tied and holds.commanded and getattr(era.settings, f"{kind}_rate") < NO_LIMIT:
            continue
        assert total(flows, kind, index) <= round(current * 1000) * min(volts) // 1000


def check_selling(settings: HybridSettings, flows: Flows, index: int) -> None:
    """The battery is sold where a controller says so, in Allow Export, and by programs in Zero Export with solar_export."""
    if total(flows, "exported", index) and total(flows, "discharge", index) and settings.batterymode != "discharge":
        programs = settings.load_limit == "Zero Export" and settings.solar_export and any(one.sell for one in settings.programs)
        assert settings.use_timer
        assert programs or settings.load_limit == "Allow Export"


def check_limits(
    settings: HybridSettings, holds: Orders, state: SupplyState, link: Link, flow: dict[tuple[str, ...], int], imported: int, exported: int
) -> None:
    assert not (imported and exported)
    if not state.connected:
        assert imported == exported == 0
    assert link.connected or not state.connected
    assert state.connected or not state.tied
    if not state.tied:
        assert exported == flow["meter", "essential"] == flow["meter", "aux"] == flow["meter", "inverter"] == 0
    assert flow["meter", "essential"] + flow["meter", "aux"] <= round(settings.passthrough_current * settings.nominal_voltage * 1000)
    charged, discharged = (sum(power for (kind, *_), power in flow.items() if kind == one) for one in ("charge", "discharge"))
    battery = charged + discharged
    if state.tied and not settings.grid_peak_shaving:
        assert charged <= (0 if settings.batterymode == "holdcharge" else round(settings.charge_rate * 1000))
        assert discharged <= (0 if settings.batterymode in ("hold", "charge") else round(settings.discharge_rate * 1000))
    if holds.power is not None and state.tied and not settings.grid_peak_shaving and (not holds.commanded or settings.discharge_rate == NO_LIMIT):
        assert battery <= holds.power
    assert exported <= round(settings.max_sell_power * 1000)
    assert imported <= (UNLIMITED if link.import_limit is None else link.import_limit)
    assert exported <= (UNLIMITED if link.export_limit is None else link.export_limit)
    sold = settings.batterymode == "discharge"
    assert settings.solar_export or settings.load_limit == "Allow Export" or sold or exported == 0
    rated = round(settings.rated_power * 1000)
    given = flow["inverter", "essential"] + flow["inverter", "aux"] + flow["inverter", "meter"]
    assert given <= rated or (not state.tied and given <= milliwatts(settings.surge_power))
    assert not given or not flow["meter", "inverter"]
    assert flow["meter", "inverter"] <= rated or not flow["inverter", "dc_bus"]
    charging = holds.charge_to >= 0 and state.tied
    assert charging or not flow["inverter", "dc_bus"]
    if settings.grid_peak_shaving and flow["inverter", "dc_bus"]:
        assert imported <= round(settings.grid_peak_shaving_power * 1000)
    if not settings.inverter_enabled:
        assert not any(power for edge, power in flow.items() if "inverter" in edge)
        assert not any(power for (kind, *_), power in flow.items() if kind in ("used", "charge", "discharge"))
    if flow["meter", "inverter"] and not flow["inverter", "dc_bus"]:
        assert flow["meter", "inverter"] <= milliwatts(settings.idle_power) + milliwatts(settings.solar_export_draw)
    if settings.load_limit == "Essentials" and not settings.solar_export and not sold:
        assert flow["inverter", "meter"] == 0
    biased = settings.load_limit != "Allow Export" and not settings.solar_export and not settings.grid_peak_shaving and not sold
    if biased and given:
        assert imported >= min(round(settings.zero_export_power * 1000), imported + given) or not state.tied


def check_loads(
    settings: HybridSettings, world: World, flows: Flows, index: int, flow: dict[tuple[str, ...], int], link: Link
) -> None:
    for name, load in world.loads.items():
        state = flows.states[index].supplying
        if not state.connected and load.circuit == "non_essential":
            assert not flows.served[name][index]
        if load.circuit == "aux" and not state.aux:
            assert not flows.served[name][index]
    if not flows.states[index].supplying.connected:
        assert flow["meter", "essential"] == flow["meter", "aux"] == flow["meter", "non_essential"] == 0
    state = flows.states[index].supplying
    wanted = sum(load.power[index] for load in world.loads.values() if load.circuit != "non_essential")
    passes = wanted <= round(settings.passthrough_current * settings.nominal_voltage * 1000)
    held = any(not on for name, load in world.loads.items() if load.circuit != "aux" for on in flows.served[name][:index])
    if state.tied and link.import_limit is None and passes and not held:
        able = [name for name, load in world.loads.items() if load.circuit != "aux"]
        assert all(flows.served[name][index] for name in able)


EMPTIED_WHILE_SHED = World(  # what idling leaves of the battery while the only load waits must not decide anything
    step=1,
    eras=[
        Era(
            3,
            HybridSettings(
                rated_power=100, battery_low_capacity=1, battery_shutdown_capacity=0, battery_restart_capacity=1, shed_hold=60
            ),
            {"battery_0": StoreRule(360_000_000, 5_000_000, 2)},
        )
    ],
    arrays={},
    loads={"load_0": Load("essential", 1, [1, 1, 1])},
    stored={"battery_0": 3},
    links=None,
)


GUESSES = st.lists(st.sets(st.integers(1, 31), max_size=4).map(sorted), max_size=5)


@example(EMPTIED_WHILE_SHED, [1], [])
@given(worlds(), st.lists(st.integers(1, 40), min_size=1, max_size=6), GUESSES)
@examples(max_examples=200, deadline=None)
def test_no_cut_of_time_and_no_guess_matters(world: World, cuts: list[int], guesses: list[list[int]]) -> None:
    one, whole, random = live(world, [1]), live(world, [world.steps]), live(world, cuts, guesses=guesses)
    for other in (whole, random):
        assert other.power == one.power
        assert other.served == one.served
        assert other.reset == one.reset
        for name, balances in other.stored.items():
            assert all(balance in (-1, known) for balance, known in zip(balances, one.stored[name], strict=True))
        assert other.end == one.end


@given(worlds())
@examples(max_examples=100, deadline=None)
def test_the_inverter_counts_what_flowed(world: World) -> None:
    flows = live(world, [7])
    energy: dict[str, Any] = {
        "pv": "used", "grid_import": "imported", "grid_export": "exported",
        "battery_charge": "charge", "battery_discharge": "discharge",
    }  # fmt: skip
    for name, kind in energy.items():
        counted = sum(total(flows, kind, index) for index in range(world.steps)) * world.step
        assert flows.end.totals[name] == counted
    demand = sum(sum(load.power) for load in world.loads.values()) * world.step
    assert flows.end.totals["load"] + flows.end.totals["unserved"] == demand
    report = INVERTER.report(world.eras[-1].settings, flows.end, world.start + world.steps * world.step)
    assert report.total_load_energy + report.total_unserved_energy - demand / KWH < 1e-9
    dark = {name for name, load in world.loads.items() if not flows.served[name][-1] and (report.aux_on or load.circuit != "aux")}
    assert set(report.shed_loads.split(", ")) - {"none"} == dark
