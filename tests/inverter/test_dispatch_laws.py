"""Laws of the dispatch, on random homes: every joule is accounted for, every limit kept, and no cut of time matters."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from inverter.hybrid import HybridSettings
from tests.inverter.worlds import INVERTER, KWH, START, Era, Flows, Load, World, links_of, live, total, worlds
from virtual_devices.kit.device import Link
from virtual_devices.kit.store import StoreRule, charge_limit, discharge_limit

UNLIMITED = 1 << 60


@given(worlds())
@examples(max_examples=200, deadline=None)
def test_every_step_balances_within_every_limit(world: World) -> None:
    flows = live(world, [1])
    stored = dict(world.stored)
    links = [link for link in links_of(world, 0, world.steps) for _ in range(link.steps)]
    eras = [era for era in world.eras for _ in range(era.steps)]
    for index, era in enumerate(eras):
        flow = {key: column[index] for key, column in flows.power.items()}
        link = links[index] if links else Link(1, connected=False)
        check_flows(world, flows, index, flow)
        check_limits(era.settings, link, flow, total(flows, "imported", index), total(flows, "exported", index))
        check_loads(world, flows, index, flow, link)
        floor = era.settings.battery_low_capacity if link.connected else era.settings.battery_shutdown_capacity
        for name, rule in era.rules.items():
            before = stored[name] - flows.reset[name].get(index, 0)
            charge, discharge = flow["charge", name], flow["discharge", name]
            assert charge <= charge_limit(rule.flat, before, world.step)
            lowest = round(floor * 10_000) * rule.capacity // 1_000_000
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
    for circuit in ("essential", "non_essential"):
        fed = [n for n, load in world.loads.items() if load.circuit == circuit and flows.served[n][index]]
        assert inward[circuit] == sum(world.loads[name].power[index] for name in fed)


def check_limits(
    settings: HybridSettings, link: Link, flow: dict[tuple[str, ...], int], imported: int, exported: int
) -> None:
    assert not (imported and exported)
    if not link.connected:
        assert imported == exported == 0
    assert imported <= (UNLIMITED if link.import_limit is None else link.import_limit)
    assert exported <= (UNLIMITED if link.export_limit is None else link.export_limit)
    assert settings.solar_export or exported == 0
    rated = round(settings.rated_power * 1000)
    assert flow["inverter", "essential"] + flow["inverter", "meter"] <= rated
    if not settings.inverter_enabled:
        assert not any(power for edge, power in flow.items() if "inverter" in edge)
        assert not any(power for (kind, *_), power in flow.items() if kind in ("used", "charge", "discharge"))
    if flow["meter", "inverter"]:
        assert flow["inverter", "essential"] == flow["inverter", "meter"] == 0
        assert flow["meter", "inverter"] <= round(settings.idle_power * 1000)
    if settings.load_limit == "Essentials" and not settings.solar_export:
        assert flow["inverter", "meter"] == 0


def check_loads(
    world: World, flows: Flows, index: int, flow: dict[tuple[str, ...], int], link: Link
) -> None:
    for name, load in world.loads.items():
        if not link.connected and load.circuit == "non_essential":
            assert not flows.served[name][index]
    if not link.connected:
        assert flow["meter", "essential"] == flow["meter", "non_essential"] == 0
    unlimited = link.connected and (link.import_limit is None)
    held = any(not on for name in world.loads for on in flows.served[name][:index])
    if unlimited and not held:
        assert all(flows.served[name][index] for name in world.loads)


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


@example(EMPTIED_WHILE_SHED, [1])
@given(worlds(), st.lists(st.integers(1, 40), min_size=1, max_size=6))
@examples(max_examples=200, deadline=None)
def test_no_cut_of_time_matters(world: World, cuts: list[int]) -> None:
    one, whole, random = live(world, [1]), live(world, [world.steps]), live(world, cuts)
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
    report = INVERTER.report(world.eras[-1].settings, flows.end, START + world.steps * world.step)
    assert report.total_load_energy + report.total_unserved_energy - demand / KWH < 1e-9
    assert set(report.shed_loads.split(", ")) - {"none"} == {name for name in world.loads if not flows.served[name][-1]}
