"""What the main panels show is what the run itself came to, by its ledger and its devices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.conftest import DAY, RUNS, World
from tests.monitoring.grafana import Query, queries
from virtual_devices.answers import simulate
from virtual_devices.cli._options import chosen
from virtual_devices.monitoring.dashboards.shipped import dashboards

ALL = [query for text in dashboards().values() for query in queries(text)]
QUERIES = {(query.dashboard, query.panel, query.legend): query for query in ALL}
HOMES = ("every_feature", "cape_town")


def found(dashboard: str, panel: str) -> Query:
    """The only query of a panel."""
    (query,) = (query for query in ALL if (query.dashboard, query.panel) == (dashboard, panel))
    return query


def number(world: World, home: str, dashboard: str, panel: str) -> float:
    (series,) = world.ask(found(dashboard, panel), home)
    return float(series["value"][1])


def by(world: World, home: str, dashboard: str, panel: str, label: str = "device") -> dict[str, float]:
    return {each["metric"][label]: float(each["value"][1]) for each in world.ask(found(dashboard, panel), home)}


def drawn(world: World, home: str, key: tuple[str, str, str]) -> dict[float, float]:
    (series,) = world.ask(QUERIES[key], home)
    return {time: float(value) for time, value in series["values"]}


@lru_cache
def readings(home: str) -> Mapping[str, Mapping[str, Any]]:
    """What each device shows when the run is over, of another run that nobody sampled; and by its ability."""
    day, _, days, _ = RUNS[home]
    house = simulate.load(chosen(Path(home)), [], start=day, step=60)
    house.advance(house.time + days * DAY)
    return {name: member.readings() for name, member in house.members.items()} | {entry.device_class.ability: house.members[entry.name].readings() for entry in house.home.devices if entry.name in house.members}


@pytest.mark.parametrize("home", HOMES)
def test_now(home: str, world: World) -> None:
    shown = readings(home)["settles"]
    for panel, reading in (("Solar", "pv_power"), ("Loads", "load_power"), ("Battery", "battery_power"), ("Grid", "grid_power"), ("Lost", "loss_power")):
        assert number(world, home, "Now", panel) == pytest.approx(shown[reading], abs=1e-6), panel
    assert by(world, home, "Now", "Charge") == {"battery": pytest.approx(readings(home)["battery"]["soc"] / 100)}
    assert by(world, home, "Now", "Inverter", "state") == {shown["decision"]: 1}
    assert by(world, home, "Now", "Price", "currency") == {"ZAR": pytest.approx(readings(home)["grid"]["price_now"])}
    assert number(world, home, "Now", "On the grid") == readings(home)["grid"]["connected"]
    assert number(world, home, "Now", "Simulated time") == world.ran[home].shown.end * 1000
    loads = world.ran[home].findings["loads"]
    assert by(world, home, "Now", "Loads now") == {name: pytest.approx(readings(home)[name]["power"]) for name in loads}


@pytest.mark.parametrize("home", HOMES)
def test_curves_of_power_enclose_the_energy(home: str, world: World) -> None:
    energy = world.ran[home].findings["energy_kwh"]
    for legend, kwh in (("Solar", energy["pv_used"]), ("Loads", energy["load_served"]), ("Grid", energy["grid_import"] - energy["grid_export"])):
        curve = drawn(world, home, ("Now", "Flows", legend))
        times = sorted(curve)
        step = times[1] - times[0]
        assert sum(curve.values()) * step / 3.6e6 == pytest.approx(kwh, rel=0.02), legend


@pytest.mark.parametrize("home", HOMES)
def test_today(home: str, world: World) -> None:
    day, before = world.ran[home].days[-1], world.ran[home].days[-2]
    for panel, column in (("Solar", "pv_used"), ("Loads", "load_served"), ("Import", "grid_import"), ("Export", "grid_export"), ("Charged", "battery_charge"), ("Discharged", "battery_discharge")):
        assert number(world, home, "Today", panel) == pytest.approx(day[f"{column}_kwh"], abs=2e-6), panel
    assert by(world, home, "Today", "Cost", "currency") == {"ZAR": pytest.approx(day["grid_cost"] - before["grid_cost"], abs=0.02)}
    assert number(world, home, "Today", "Own supply") == pytest.approx(1 - day["grid_import_kwh"] / day["load_served_kwh"], abs=1e-5)


@pytest.mark.parametrize("home", HOMES)
def test_days_and_all_of_the_time(home: str, world: World) -> None:
    ran = world.ran[home]
    for legend, column in (("Solar", "pv_used"), ("Loads", "load_served"), ("Import", "grid_import"), ("Export", "grid_export")):
        bars = drawn(world, home, ("Month and year", "By day", legend))
        for number_of, day in enumerate(ran.days):
            assert bars[ran.shown.start + (number_of + 1) * DAY] == pytest.approx(day[f"{column}_kwh"], abs=2e-6), (legend, number_of)
        assert number(world, home, "Month and year", legend) == pytest.approx(ran.findings["energy_kwh"][column], abs=2e-6)
    assert by(world, home, "Month and year", "Cost", "currency") == {"ZAR": pytest.approx(ran.findings["bill"]["amount"], abs=0.02)}
    spent = drawn(world, home, ("Month and year", "Cost by day", "{{currency}}"))
    costs = [0.0, *(day["grid_cost"] for day in ran.days)]
    assert [spent[ran.shown.start + (place + 1) * DAY] for place in range(len(ran.days))] == pytest.approx([after - then for then, after in pairwise(costs)], abs=0.02)
    assert number(world, home, "Month and year", "Own supply") == pytest.approx(ran.findings["self_sufficiency"], abs=1e-3)


@pytest.mark.parametrize("home", HOMES)
def test_loads_and_outages(home: str, world: World) -> None:
    ran = world.ran[home]
    loads, hours = ran.findings["loads"], len(ran.days) * 24
    assert by(world, home, "Loads", "Energy") == {name: pytest.approx(load["energy_kwh"], abs=1e-6) for name, load in loads.items()}
    for dashboard in ("Loads", "Outages"):
        assert by(world, home, dashboard, "Not served") == {name: pytest.approx(load["unserved_kwh"], abs=1e-6) for name, load in loads.items()}
    dark = {name: sum(DAY - day.get(f"{name}_supplied_seconds", 0) for day in ran.days) / 3600 for name in loads}
    # the sample of every fifth minute stands for it
    assert by(world, home, "Outages", "Loads without power") == {name: pytest.approx(value, abs=0.25 + value * 0.01) for name, value in dark.items()}
    assert number(world, home, "Outages", "Without grid") == pytest.approx(ran.findings["outage_hours"], abs=0.25)
    assert number(world, home, "Outages", "Simulated time shown") == hours


def test_all_homes_together(world: World) -> None:
    """At a moment at which only one of these pasts is, it is all that there is."""
    assert number(world, "cape_town", "Homes", "Homes") == 1
    assert number(world, "cape_town", "Homes", "Solar") == pytest.approx(readings("cape_town")["settles"]["pv_power"])
    assert number(world, "cape_town", "Homes", "Stored") == pytest.approx(readings("cape_town")["battery"]["stored_energy"])
