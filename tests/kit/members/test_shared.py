"""Variants of a home that are run one after the other work out their sky once, and come to what they come to alone."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home, override
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.shared import Shared, common, reach, sharing
from virtual_devices.kit.window import Span

DAY = 86_400
HOME = parse("""
home: skies
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-16 05:07, speed: 60}
seed: 7
devices:
  sun: {}
  weather: {}
  north: {kind: pv_array, capacity: 3 kW}
  west: {kind: pv_array, capacity: 2 kW, surface_azimuth: 270}
  battery: {capacity: 5 kWh}
  grid: {outages: "18:00-20:30"}
  inverter: {rated_power: 3 kW}
  house: {kind: base_load}
  geyser: {}
events:
  - {at: 2026-06-17 12:00, device: west, set: {surface_tilt: 10}}
""")
OTHER = override(HOME, {"battery": {"capacity": 10}, "grid": {"outages": "06:00-07:10, 12:00-14:00"}})
DAYS = 4


def digest(home: Home, *, most: int = 1440) -> str:
    house = House(home, max_steps=most)
    house.advance(home.start + DAYS * DAY)
    return house.settler.digest


def test_a_variant_works_out_nothing_of_the_sky() -> None:
    alone = digest(HOME), digest(OTHER)
    with sharing() as shared:
        first = digest(HOME)
        made = shared.made
        second = digest(OTHER)
        assert shared.made == made > 4 * DAYS
        assert shared.found >= made
        third = digest(OTHER, most=100)
        assert shared.made == made
    assert (first, second, third) == (*alone, alone[1])


def test_another_sky_is_another() -> None:
    others = [
        replace(HOME, site=replace(HOME.site, seed=8)),
        override(HOME, {"weather": {"mean_cloud_cover": 90}}),
        override(HOME, {"north": {"surface_tilt": 60}}),
    ]
    alone = [digest(other) for other in others]
    with sharing() as shared:
        base = digest(HOME)
        made = shared.made
        together = [digest(other) for other in others]
    assert together == alone
    assert len({base, *alone}) == 4
    assert shared.made > made


def test_it_never_keeps_more_than_it_may() -> None:
    most = 200_000
    with sharing(Shared(most)) as shared:
        held = []
        house = House(HOME)
        house.listeners.append(lambda _: held.append(shared.size))
        house.advance(HOME.start + 8 * DAY)
    assert max(held) <= most
    assert max(held) > most // 2
    assert house.settler.digest == _eight_days_alone()


def _eight_days_alone() -> str:
    house = House(HOME)
    house.advance(HOME.start + 8 * DAY)
    return house.settler.digest


def test_what_was_used_longest_ago_goes_first() -> None:
    shared = Shared(3 * 80)

    def block(key: str) -> Any:
        return shared.columns(key, lambda: {"one": [1] * 10})

    for key in ("a", "b", "c"):
        block(key)
    block("a")
    block("d")
    made = shared.made
    assert block("a") == {"one": array("q", [1] * 10)}
    assert shared.made == made
    block("b")
    assert shared.made == made + 1
    assert shared.size == 240


def test_nobody_shares_who_does_not_say_so() -> None:
    device, settings = House(HOME).members["sun"].device, HOME.entry("sun").settings

    def work(span: Span, inputs: Any) -> dict[str, list[int]]:
        return {"one": [0] * span.steps}

    assert common(device, settings, work) is work
    with sharing():
        assert common(device, settings, work) is not work
        assert reach(Span(1440 * 60 * 5 + 60, 60, 1)) == 2 * 1440 - 1
    assert reach(Span(1440 * 60 * 5 + 60, 60, 1)) == 1440
    assert common(device, settings, work) is work
