"""A home before it had sun and battery."""

from __future__ import annotations

import pytest

from virtual_devices.answers.comparing.before import before
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House

HOME = """\
home: flat
site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21, step: 300 s}
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array, capacity: 3 kW, surface_tilt: 25, surface_azimuth: 0}
  battery: {capacity: 5 kWh}
  grid: {price: 2, currency: ZAR}
  inverter: {rated_power: 5 kW, aux_port_usage: Smartload, smartload_on_grid: true}
  plug: {kind: smart_switch, circuit: aux}
  geyser: {circuit: plug}
  house: {kind: base_load}
events:
  - {at: 2026-06-21 01:00, device: battery, set: {charge_limit: 1 kW}}
  - {at: 2026-06-21 02:00, device: plug, set: {circuit: essential}}
  - {at: 2026-06-21 03:00, device: plug, set: {circuit: aux}}
"""


def totals(home: Home) -> dict[str, int]:
    house = House(home, {})
    summary = Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(home.start + 86_400)
    assert summary.auditor.ok, summary.auditor.problems
    return summary.totals


def test_it_has_a_switchboard_the_same_loads_and_weather_and_nothing_else() -> None:
    home = before(parse(HOME))
    assert sorted(entry.name for entry in home.devices) == ["clock", "geyser", "grid", "house", "inverter", "plug", "sun", "weather"]
    assert home.of("settles")[0].switchboard
    assert home.entry("plug").declared["circuit"] == "non_essential"
    assert [(event.device, event.changes) for event in home.events] == [("plug", {"circuit": "essential"}), ("plug", {"circuit": "non_essential"})]


def test_every_watt_is_imported_and_none_is_lost() -> None:
    found = totals(before(parse(HOME)))
    assert found["load_unserved"] == found["losses"] == found["pv_available"] == 0
    assert found["grid_import"] == found["load_served"] == found["load_demand"] > 0


def test_it_is_the_same_as_a_home_file_that_lists_no_inverter() -> None:
    lines = [line for line in HOME.splitlines() if not line.startswith(("  roof", "  battery", "  inverter")) and "battery" not in line]
    plain = parse("\n".join(lines).replace("circuit: aux", "circuit: non_essential"))
    assert totals(before(parse(HOME))) == totals(plain)


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (("  grid",), "home flat has no grid, so without its panels and batteries it has nothing; name a second home"),
        (("  roof", "  battery", "  inverter"), "home flat has no panels and no battery; name a second home, or change it by --set"),
    ],
)
def test_what_makes_no_sense_is_refused(gone: tuple[str, ...], said: str) -> None:
    lines = [line for line in HOME.splitlines() if not line.startswith(gone) and not line.startswith(("events", "  -"))]
    with pytest.raises(ConfigurationError, match=said):
        before(parse("\n".join(lines).replace("circuit: aux", "circuit: non_essential")))
