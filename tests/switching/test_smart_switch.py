"""A smart switch in a small home, by hand: what it turns, what it measures, what it remembers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.switching.homes import house, minutes, shown
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.members.house import House


def told(home: House, at: int | None = None, **orders: Any) -> None:
    home.members["plug"].command(orders, at)


def lit(home: House) -> float:
    """Hours that the lamp was lit."""
    return home.members["lamp"].counters.get("energy", 0) / 100_000 / 3600


def test_it_measures_what_hangs_on_it() -> None:
    home = house("nominal_voltage: 200 V")
    minutes(home, 90)
    assert shown(home)["power"] == 100
    assert shown(home)["current"] == 0.5
    assert shown(home)["energy"] == pytest.approx(0.15)
    assert shown(home)["energy_joules"] == 540_000
    assert shown(home)["relay"]


def test_orders_act_again_each_time() -> None:
    home = house("")
    told(home, relay="off")
    assert not shown(home), "nothing is shown before the first step"
    minutes(home, 10)
    assert not shown(home)["relay"]
    assert (lit(home), shown(home, "lamp")["unserved_energy"], shown(home, "lamp")["demand"]) == (0, 0, 0)
    told(home, toggle=True)
    told(home, toggle=True)  # the same again
    told(home, toggle=True)
    assert shown(home)["relay"], "whoever turns it sees it turned"
    minutes(home, 10)
    assert lit(home) == pytest.approx(10 / 60)
    told(home, relay="TOGGLE")
    minutes(home, 10)
    assert lit(home) == pytest.approx(10 / 60)


def test_a_countdown_turns_it_over_once() -> None:
    home = house("")
    told(home, countdown="5 min")
    minutes(home, 2)
    assert shown(home)["countdown"] == 180
    minutes(home, 20)
    assert (shown(home)["countdown"], shown(home)["relay"]) == (0, False)
    assert lit(home) == pytest.approx(5 / 60)
    told(home, countdown=120)
    told(home, relay="on")  # by hand: the countdown is over
    minutes(home, 20)
    assert shown(home)["relay"]


@pytest.mark.parametrize("max_steps", [1, 7, 1440])
def test_timers_and_the_windows_that_they_cost(max_steps: int) -> None:
    home = house('timer_1: "06:30 off", timer_2: "07:15 on", timer_3: "Mon 08:00 off"', max_steps=max_steps)  # the 21st is a Sunday
    minutes(home, 180)
    assert lit(home) == pytest.approx(0.5 + 1.75)
    if max_steps == 1440:
        assert home.seq <= 6, "nobody is surprised by a timer"


@pytest.mark.parametrize(("power_on", "hours"), [("on", 3.0), ("last", 3.0), ("off", 1.0 + 1 / 60)])
def test_power_that_returns(power_on: str, hours: float) -> None:
    """On until 07:00, an hour without grid, then two with it: off, the step in which power returns is served."""
    home = house(f'power_on: "{power_on}"', outages="07:00-08:00")
    minutes(home, 240)
    assert lit(home) == pytest.approx(hours)
    assert shown(home, "lamp")["unserved_energy"] == pytest.approx(0.1), "without power it counts as it stood"


def test_a_timer_in_the_dark_is_missed_and_an_order_is_not() -> None:
    home = house('timer_1: "07:30 off"', outages="07:00-08:00")
    minutes(home, 240)
    assert shown(home)["relay"]
    ordered = house("", outages="07:00-08:00")
    told(ordered, ordered.time + 5400, relay="off")
    minutes(ordered, 240)
    assert not shown(ordered)["relay"]
    assert shown(ordered, "lamp")["unserved_energy"] == pytest.approx(0.05)


def test_more_than_the_maximum_trips_it_until_somebody_resets_it() -> None:
    home = house('max_power: 100, timer_1: "06:50 on"')
    minutes(home, 10)
    assert shown(home)["relay"], "just the maximum is allowed"
    home.members["lamp"].command({"rated_power": 101})
    minutes(home, 10)
    assert (shown(home)["relay"], shown(home)["tripped"], shown(home)["power"]) == (False, True, 0)
    assert lit(home) == pytest.approx((10 + 1.01) / 60), "the step in which it trips is served"
    minutes(home, 40)
    assert shown(home)["tripped"], "a timer does not reset it"
    home.members["lamp"].command({"rated_power": 60})
    told(home, reset=True)
    minutes(home, 1)
    assert (shown(home)["relay"], shown(home)["tripped"], shown(home)["power"]) == (True, False, 60)
    home.members["lamp"].command({"rated_power": 150})
    minutes(home, 5)
    told(home, relay="on")
    minutes(home, 1)
    assert shown(home)["tripped"], "and again"


def test_one_that_only_measures_takes_no_orders_and_has_no_relay() -> None:
    home = house('measure_only: true, max_power: 10, power_on: "off", timer_1: "06:30 off"', outages="07:00-08:00")
    with pytest.raises(SettingError, match="measures only"):
        told(home, relay="off")
    minutes(home, 180)
    assert lit(home) == pytest.approx(2)
    assert shown(home)["energy"] == pytest.approx(0.2)


def test_it_goes_on_from_its_checkpoint() -> None:
    home = house("max_power: 50")
    told(home, countdown=3600)
    minutes(home, 5)
    plug = home.members["plug"]
    again = house("max_power: 50").members["plug"]
    again.restore(json.loads(json.dumps(plug.checkpoint())))
    assert again.state == plug.state
    assert again.state.tripped
    assert again.readings() == plug.readings()


def test_an_order_is_no_setting() -> None:
    with pytest.raises(Exception, match="there is no such setting"):
        house('relay: "on"')
    with pytest.raises(SettingError, match="order countdown"):
        told(house(""), countdown="soon")
    with pytest.raises(SettingError, match="there is no setting 'realy'; did you mean 'relay'"):
        told(house(""), realy="on")


def test_time_that_is_skipped_leaves_the_relay_as_its_last_timer_said() -> None:
    plug = house('timer_1: "06:30 on", timer_2: "08:00 off", timer_3: "09:00 toggle"').members["plug"]
    start = 1_782_014_400  # 2026-06-21 06:00 in Cape Town
    skipped = plug.device.skip(plug.settings, plug.state, start, start + 4 * 3600)
    assert not skipped.closed
    assert plug.device.skip(plug.settings, skipped, start, start + 4 * 3600) == skipped
    assert plug.device.skip(plug.settings, skipped, start, start + 3600).closed
