"""A battery in the cold foresees in a house what each hour's air will make of it; over the bus its proposal ends with the hour."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.members.members import START, member, window
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.offers import ForeseenStoreOffer
from virtual_devices.kit.window import Span

HOUR, DAY = 3600, 86_400
HOME = """
home: cold
site: {latitude: -28.23, longitude: 28.31, altitude: 1700 m, time_zone: Africa/Johannesburg}
clock: {start: 2027-06-16 05:00, speed: 60}
seed: 12
devices:
  sun: {}
  weather: {mean_temp_air: 4 °C, temp_swing: 12 K}
  roof: {kind: pv_array, capacity: 3 kW}
  battery: {capacity: 5 kWh, weather: weather, start_soc: 40 %, cycle_life: 500}
  grid: {outages: "05:00-07:00, 18:00-20:30"}
  inverter: {rated_power: 3 kW}
  house: {kind: base_load, circuit: switch}
  switch: {kind: breaker}
"""


def lived(most: int, days: int = 9) -> tuple[dict[str, Any], dict[str, Any], int]:
    """What is left of some days in windows of so many steps at most: the digest and all readings, all pasts, and how many windows there were."""
    home = parse(HOME)
    house = House(home, max_steps=most)
    pasts: dict[str, Any] = {}
    house.tell_past(lambda name, rows: pasts.setdefault(name, []).extend(rows.quarters()))
    house.advance(home.start + days * DAY)
    house.end_past()
    return {"digest": house.settler.digest} | {name: each.readings() for name, each in house.members.items()}, pasts, house.seq


def test_it_freezes_and_thaws_in_one_window_as_in_many() -> None:
    long, short = lived(1440), lived(45)
    assert long[0] == short[0]
    assert long[1] == short[1]
    assert long[2] < 9 * 12 < short[2]


def conditions(*air: int) -> dict[str, dict[str, list[int]]]:
    return {"weather": {"temp_air": [each for each in air for _ in range(60)]}}


def test_its_offer_has_another_rule_only_where_the_cold_comes() -> None:
    battery = member("battery", declared={"weather": "weather", "temp_offset": 0, "temp_charge_min": 0})
    start = START // HOUR * HOUR
    air = conditions(3000, 1000, -2000, -1000, 2000)
    offer = battery.propose(window(1, start, 300), air, checkpoint=False).offer
    assert isinstance(offer, ForeseenStoreOffer)
    assert offer.turns() == (120, 240)
    assert [offer.at(step)[1] for step in (0, 60, 120, 239, 240)] == [3000, 1000, -2000, -1000, 2000]
    assert [bool(offer.at(step)[0].charge_power) for step in (0, 119, 120, 239, 240)] == [True, True, False, False, True]


def test_over_the_bus_it_ends_with_the_hour() -> None:
    battery = member("battery", declared={"weather": "weather"})
    start = START // HOUR * HOUR
    proposal = battery.propose(window(1, start + 600, 300), conditions(1000, 2000, 3000, 4000, 5000))
    assert proposal.span == Span(start + 600, 60, 50)
    assert type(proposal.offer).__name__ == "StoreOffer"


@pytest.mark.parametrize("settings", [{}, {"cycle_life": 0}])
def test_it_never_foresees_its_age(settings: dict[str, Any]) -> None:
    battery = member("battery", declared={"weather": "weather", **settings})
    week = 7 * DAY
    start = (START // week + 1) * week - 2 * HOUR
    assert battery.propose(window(1, start, 300), conditions(1000, 2000, 3000, 4000, 5000), checkpoint=False).span.steps == 120
