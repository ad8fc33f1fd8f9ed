"""Every setting that owners of such machines know, by name, kind, range and options; and what settings must not be together."""

from __future__ import annotations

from typing import Any

import pytest

from inverter.hybrid import Hybrid, HybridSettings
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.forms.changes import SettingField, settings_of, validate_change

FIELDS = {item.name: item for item in settings_of(Hybrid)}
QUARTERS = tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45))
FLAGS = ("use_timer", "grid_charge_enabled", "solar_export", "priority_load", "grid_peak_shaving", "inverter_enabled", "smartload_on_grid")
CHOICES = {
    "load_limit": ("Allow Export", "Essentials", "Zero Export"),
    "aux_port_usage": ("Disable", "Smartload", "Generator"),
    **{f"prog{number}_time": QUARTERS for number in range(1, 7)},
    **{f"prog{number}_charge": ("No Grid or Gen", "Allow Grid", "Allow Gen", "Allow Grid & Gen") for number in range(1, 7)},
}
NUMBERS: dict[str, tuple[str, float, float]] = {
    "grid_charge_battery_current": ("A", 0, 185),
    "battery_max_charge_current": ("A", 0, 185),
    "battery_max_discharge_current": ("A", 0, 185),
    "max_sell_power": ("W", 0, 100_000),
    "zero_export_power": ("W", 0, 500),
    "max_solar_power": ("W", 0, 100_000),
    "grid_peak_shaving_power": ("W", 0, 100_000),
    "battery_low_capacity": ("%", 1, 50),
    "battery_shutdown_capacity": ("%", 0, 50),
    "battery_restart_capacity": ("%", 1, 100),
    "smartload_off_capacity": ("%", 0, 100),
    "smartload_on_capacity": ("%", 0, 100),
    "smartload_min_pv_power": ("W", 0, 100_000),
    "surge_power": ("W", 0, 200_000),
    "surge_seconds": ("s", 0, 3600),
    "idle_power": ("W", 0, 1000),
    "solar_export_draw": ("W", 0, 1000),
    "passthrough_current": ("A", 0, 1000),
    "reconnect_delay": ("s", 0, 3600),
    **{f"prog{number}_power": ("W", 0, 100_000) for number in range(1, 7)},
    **{f"prog{number}_capacity": ("%", 0, 100) for number in range(1, 7)},
}


@pytest.mark.parametrize("name", [*FLAGS, *(f"prog{number}_sell" for number in range(1, 7))])
def test_a_switch(name: str) -> None:
    assert FIELDS[name].type == "flag"
    assert FIELDS[name].live


@pytest.mark.parametrize(("name", "options"), CHOICES.items())
def test_a_choice(name: str, options: tuple[str, ...]) -> None:
    field: SettingField = FIELDS[name]
    assert (field.type, tuple(field.choices), field.live) == ("choice", options, True)


@pytest.mark.parametrize(("name", "expected"), NUMBERS.items())
def test_a_number(name: str, expected: tuple[str, float, float]) -> None:
    field = FIELDS[name]
    assert (field.unit, field.minimum, field.maximum) == expected
    assert field.live


def command(changes: dict[str, Any], **present: Any) -> HybridSettings:
    settings = validate_change(Hybrid, HybridSettings(**present), changes, live=True)
    assert isinstance(settings, HybridSettings)
    return settings


@pytest.mark.parametrize(
    ("present", "changes", "reason"),
    [
        ({}, {"battery_restart_capacity": 9}, "battery_restart_capacity must not be below battery_shutdown_capacity"),
        ({}, {"battery_shutdown_capacity": 16}, "battery_restart_capacity must not be below battery_shutdown_capacity"),
        ({}, {"battery_low_capacity": 9}, "battery_low_capacity must not be below battery_shutdown_capacity"),
        ({}, {"battery_low_capacity": "51"}, "setting battery_low_capacity: '51' is out of range; use 1 to 50 %"),
        ({}, {"smartload_off_capacity": 96}, "smartload_off_capacity must not be above smartload_on_capacity"),
        ({}, {"prog1_time": "04:15"}, "prog2_time comes before prog1_time; programs keep their order, so move the others first"),
        ({}, {"prog6_time": "15:45"}, "prog6_time comes before prog5_time; programs keep their order, so move the others first"),
        ({}, {"prog6_time": "20:05"}, "setting prog6_time: '20:05' is none of its choices"),
        ({"rated_power": 3000}, {"use_timer": True}, "prog1_power 5000 W is above rated_power 3000 W"),
        ({"use_timer": True}, {"prog4_power": "6 kW"}, "prog4_power 6000 W is above rated_power 5000 W"),
        ({"use_timer": True}, {"prog3_capacity": 19}, "prog3_capacity 19 % is below battery_low_capacity 20 %"),
        ({"use_timer": True, "prog2_capacity": 25}, {"battery_low_capacity": 30}, "prog2_capacity 25 % is below battery_low_capacity 30 %"),
        ({}, {"prog1_charge": "Allow Sun"}, "setting prog1_charge: 'Allow Sun' is none of its choices"),
        ({}, {"load_limit": "Zero"}, "setting load_limit: 'Zero' is none of its choices"),
        ({}, {"grid_charge_battery_current": 186}, "setting grid_charge_battery_current: 186 is out of range; use 0 to 185 A"),
        ({}, {"zero_export_power": -1}, "setting zero_export_power: -1 is out of range; use 0 to 500 W"),
        ({}, {"use_timer": "maybe"}, "setting use_timer: 'maybe' is neither true nor false"),
        ({}, {"entity_prefix": "ss"}, "setting entity_prefix is fixed while the home runs"),
    ],
)
def test_a_command_that_does_not_fit_is_refused_with_a_reason(present: dict[str, Any], changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingError) as refused:
        command(changes, **present)
    assert str(refused.value).startswith(reason)
    assert "\n" not in str(refused.value)


def test_together_they_fit() -> None:
    assert command({"prog1_time": "04:15", "prog2_time": "04:15"}).prog1_time == "04:15"
    assert command({"battery_low_capacity": 30, "prog2_capacity": 30}, use_timer=True, prog2_capacity=25).prog2_capacity == 30
    assert command({"rated_power": 6000, "prog4_power": 6000}, use_timer=True).prog4_power == 6000


def test_what_a_timer_that_is_off_says_is_not_looked_at() -> None:
    assert command({"prog4_power": 9000, "prog4_capacity": 0}).prog4_power == 9000


FOLLOW = ("idle_power", "solar_export_draw", "surge_power")


@pytest.mark.parametrize(("rating", "values"), [(800, (6.4, 6.4, 1600)), (5000, (40, 40, 10_000)), (100_000, (800, 800, 200_000))])
def test_what_nobody_sets_follows_the_rating_also_when_that_is_changed(rating: int, values: tuple[float, ...]) -> None:
    for settings in (HybridSettings(rated_power=rating), command({"rated_power": f"{rating} W"}, rated_power=3000)):
        assert tuple(getattr(settings, name) for name in FOLLOW) == values
        assert not settings.chosen().keys() & set(FOLLOW)


def test_what_is_set_stays_when_the_rating_is_changed() -> None:
    settings = command({"idle_power": "30 W"}, rated_power=3000)
    settings = command({"rated_power": 8000}, **settings.chosen())
    assert (settings.idle_power, settings.solar_export_draw, settings.surge_power) == (30, 64, 16_000)


def test_a_wrong_rating_is_one_problem_and_not_four() -> None:
    with pytest.raises(SettingError) as refused:
        command({"rated_power": 50})
    assert str(refused.value) == "setting rated_power: 50 is out of range; use 100 to 100000 W; did you mean 50 kW?"
