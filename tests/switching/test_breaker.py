"""A breaker in a small home: its curve at the four points, and who closes it."""

from __future__ import annotations

import pytest

from tests.switching.homes import house, minutes, shown
from virtual_devices.kit.circuits import CircuitState, until_turn
from virtual_devices.kit.site import Context, Site
from virtual_devices.switching.breaker import Breaker, Settings

RULE = Breaker(Context("breaker", Site(0, 0, 0, "UTC"))).rule(Settings(rated_current=10, nominal_voltage=100))
"""1 kW."""


@pytest.mark.parametrize(
    ("times", "within"), [(1.13, None), (1.45, 3600), (2.55, 60), (5.0, 1), (20.0, 1)]
)
def test_the_curve(times: float, within: int | None) -> None:
    power = [round(times * 1_000_000)] * 20_000
    steps, after = until_turn(RULE, CircuitState(), ((len(power), True),), power, 1)
    assert (steps, after.tripped) == ((len(power), False) if within is None else (within, True))


def test_between_the_points_it_is_sooner_the_more_flows() -> None:
    seconds = [until_turn(RULE, CircuitState(), ((7200, True),), [milliwatts] * 7200, 1)[0] for milliwatts in range(1_150_000, 6_000_000, 50_000)]
    assert seconds == sorted(seconds, reverse=True)


def test_it_trips_and_is_closed_after_a_time() -> None:
    home = house("rated_current: 0.5 A, nominal_voltage: 100 V, reset_after: 30 min", kind="breaker")  # 100 W are twice its rating
    minutes(home, 60)
    # (1/3600 + (1/60 − 1/3600) · (200 − 145) / 110) of the heat per second: 118 s, so in the second minute; then half an hour, and again.
    # By then it has lost 30 of 60 minutes' heat: half of it is left, and one minute does it
    lamp = home.members["lamp"].counters["energy"] / 100_000 / 60
    assert lamp == pytest.approx(2 + 1)
    assert shown(home)["tripped"]


def test_without_a_time_it_takes_an_order() -> None:
    home = house("rated_current: 0.5 A, nominal_voltage: 100 V", kind="breaker")
    minutes(home, 60)
    assert (shown(home)["relay"], shown(home)["tripped"], shown(home, "lamp")["unserved_energy"]) == (False, True, 0)
    home.members["lamp"].command({"rated_power": 50})
    home.members["plug"].command({"reset": True})
    minutes(home, 60)
    assert (shown(home)["relay"], shown(home)["power"], shown(home)["current"]) == (True, 50, 0.5)
