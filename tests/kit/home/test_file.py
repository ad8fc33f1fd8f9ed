"""Reading home files: what they may say, and what their owner is told when they are wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.home.homes import BEFORE_SOLAR, GOOD, REFUSALS
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import HomeFileError, SettingError
from virtual_devices.kit.forms import yaml as home_yaml
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import (
    between_steps,
    documents_needed,
    order,
    override,
    partners_of,
    starting_at,
)
from virtual_devices.kit.instants import instant


def at(text: str, zone: str = "Africa/Johannesburg") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=calendar(zone).zone).timestamp())


def test_a_good_home() -> None:
    home = parse(GOOD, "good.yaml")
    assert (home.name, home.step, home.speed, home.source) == ("my_home", 60, 1.0, "good.yaml")
    assert home.start == at("2026-06-21 06:30")
    assert (home.site.latitude, home.site.altitude, home.site.zone, home.site.seed) == (-33.92, 25, "Africa/Johannesburg", 7)
    names = ["clock", "sun", "weather", "roof", "battery", "grid", "inverter", "oven"]
    assert [entry.name for entry in home.devices] == names
    roof, oven = home.entry("roof"), home.entry("oven")
    assert (roof.kind, roof.declared, roof.line) == ("pv_array", {"capacity": 3300.0}, 10)
    assert (oven.kind, oven.declared, oven.line) == ("oven", {"priority": 7, "mode": "off"}, 14)
    assert [(event.at, event.device, event.changes) for event in home.events] == [
        (at("2026-06-21 07:00"), "oven", {"setpoint": 220.0}),
        (at("2026-06-21 17:45"), "oven", {"mode": "on"}),
    ]
    assert between_steps(home) == []


def test_the_clocks_settings_stand_under_clock() -> None:
    home = parse(GOOD.replace("step: 60 s", "step: 60 s\n  patience: 2 min\n  speed: max"))
    assert home.speed is None
    assert home.entry("clock").settings.model_dump()["patience"] == 120


def test_partners_come_first_and_the_files_order_does_not_matter() -> None:
    home = parse(GOOD)
    names = order(home)
    assert sorted(names) == sorted(entry.name for entry in home.devices)
    assert names.index("sun") < names.index("weather") < names.index("roof")
    assert order(replace(home, devices=tuple(reversed(home.devices)))) == names
    assert partners_of(home.entry("roof"), names) == {"sun": "sun", "weather": "weather"}


def test_an_optional_partner_may_be_absent() -> None:
    home = parse(GOOD.replace("  weather: {mean_cloud_cover: 35 %}\n", ""))
    assert partners_of(home.entry("roof"), order(home)) == {"sun": "sun"}


def test_a_home_without_an_inverter_gets_a_plain_switchboard() -> None:
    home = parse(BEFORE_SOLAR)
    inverter = home.entry("inverter")
    assert inverter.kind == "inverter"
    assert inverter.declared == {"inverter_enabled": False}
    assert inverter.settings.model_dump()["inverter_enabled"] is False
    assert inverter.switchboard
    assert not parse(GOOD).entry("inverter").switchboard
    assert not parse(GOOD).entry("oven").switchboard


def test_which_kind_stands_in_its_class_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kit knows none by name."""
    monkeypatch.setattr(catalogue.load("inverter"), "switchboard", {})
    catalogue.switchboard.cache_clear()
    with pytest.raises(HomeFileError, match=r"no kind that is installed can stand in; add one under devices"):
        parse(BEFORE_SOLAR)
    assert parse(GOOD).entry("inverter").kind == "inverter"


def test_start_now_is_the_callers_now() -> None:
    text = GOOD.replace("2026-06-21 06:30\n", "now\n").split("events:")[0]
    assert parse(text, now=1_800_000_000).start == 1_800_000_000
    assert parse(BEFORE_SOLAR.replace("clock: {start: 2026-01-01}", "clock:"), now=1_800_000_000).start == 1_800_000_000
    assert parse(BEFORE_SOLAR.replace("clock: {start: 2026-01-01}\n", ""), now=1_800_000_000).start == 1_800_000_000


def test_documents_are_named_with_who_needs_them() -> None:
    home = parse(GOOD.replace("mean_cloud_cover: 35 %", "file: year.csv").replace("battery:", "base_load: {file: year.csv}"))
    assert documents_needed(home) == {"year.csv": ["weather", "base_load"]}


@pytest.mark.parametrize(("key", "called"), [("", set()), ("device_names: plain\n", set()), ("device_names: with_home\n", {"clock", "grid", "inverter"})])
def test_names_of_devices_begin_with_the_homes_where_it_says_so(key: str, called: set[str]) -> None:
    home = parse(BEFORE_SOLAR.replace("oven: {}", "oven: {with_home: false}").replace("devices:", f"{key}devices:"))
    assert {entry.name for entry in home.devices if entry.settings.with_home} == called
    assert all(entry.declared["with_home"] for entry in home.devices if entry.name in called)


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_refused(case: str) -> None:
    old, new, line, wrong, mend = REFUSALS[case]
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(HomeFileError) as caught:
        parse(text, "my.yaml")
    fitting = [problem for problem in caught.value.problems if wrong in problem]
    assert fitting, caught.value.problems
    assert fitting[0].startswith(f"my.yaml:{line}: ")
    assert mend in fitting[0]
    assert all("\n" not in problem for problem in caught.value.problems)


def test_every_problem_is_told_at_once_in_the_order_of_lines() -> None:
    text = GOOD.replace("seed: 7", "seed: x").replace("3.3 kW", "3.3 kV").replace("priority: 7", "priority: 70")
    with pytest.raises(HomeFileError) as caught:
        parse(text, "my.yaml")
    assert [problem.split(":")[1] for problem in caught.value.problems] == ["6", "10", "15"]
    assert str(caught.value) == "\n".join(caught.value.problems)


def test_a_problem_of_a_partner_is_told_once() -> None:
    with pytest.raises(HomeFileError) as caught:
        parse(GOOD.replace("mean_cloud_cover: 35 %", "mean_cloud_cover: 350 %"))
    assert len(caught.value.problems) == 1


def test_two_hundred_devices_are_enough() -> None:
    devices = "\n".join(f"  tv_{number}: {{kind: tv}}" for number in range(201))
    with pytest.raises(HomeFileError, match="201 devices are too many; keep to 200"):
        parse(f"{GOOD[: GOOD.index('devices:')]}devices:\n{devices}\n")


def test_a_mebibyte_is_enough() -> None:
    with pytest.raises(HomeFileError, match=r"home\.yaml:1: is larger than 1 MiB; a home file names its data files"):
        parse(GOOD + "#" * (1 << 20))


def test_a_circle_of_partners_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "loop_for_tests"
    monkeypatch.setitem(catalogue.kinds(), "looped", module)
    monkeypatch.setitem(__import__("sys").modules, module, _looped(module))
    text = BEFORE_SOLAR.replace("oven: {}", "a: {kind: looped, other: b}, b: {kind: looped, other: a}")
    with pytest.raises(HomeFileError) as caught:
        parse(text, "my.yaml")
    assert caught.value.problems == [
        "my.yaml:4: device a: the wiring runs in a circle: a → b → a; let one of them depend on another device"
    ]
    catalogue.load.cache_clear()


def _looped(name: str) -> Any:
    from types import ModuleType  # noqa: PLC0415
    from typing import Annotated  # noqa: PLC0415

    from virtual_devices.kit.device import Conditions, NoState  # noqa: PLC0415
    from virtual_devices.kit.readings import NoTelemetry  # noqa: PLC0415
    from virtual_devices.kit.settings import Partner, Settings  # noqa: PLC0415

    class Looped(Settings):
        other: Annotated[str, Partner("conditions")] = "other"

    class Loop(Conditions[Looped, NoState, NoTelemetry]):
        def conditions(self, settings: Looped, span: Any, inputs: Any) -> dict[str, list[int]]:
            return {}

    module = ModuleType(name)
    Loop.__module__ = name
    module.Loop = Loop  # type: ignore[attr-defined]
    return module


def test_a_later_event_sees_what_an_earlier_one_set() -> None:
    shutdown = "  - {at: 2026-06-21 08:00, device: inverter, set: {battery_low_capacity: 50, battery_restart_capacity: 60}}\n"
    restart = "  - {at: 2026-06-21 09:00, device: inverter, set: {battery_shutdown_capacity: 45}}\n"
    assert len(parse(GOOD + restart + shutdown).events) == 4
    with pytest.raises(HomeFileError, match=r"my.yaml:20: event for inverter: .*must"):
        parse(GOOD + restart, "my.yaml")


def test_times_between_steps_are_warned_of() -> None:
    text = GOOD.replace("17:45", "17:45:20").replace("18:00-20:30", "18:00:30-20:30")
    assert between_steps(parse(text, "my.yaml")) == [
        (
            "my.yaml:18: the event at 2026-06-21 17:45:20 falls between two steps of 60 s and counts from the next, "
            "40 s later; move it, or change step"
        ),
        (
            "my.yaml:12: grid.outages: 18:00:30 falls between two steps of 60 s and counts from the next; move it, or "
            "change step or start"
        ),
    ]


def test_overriding_settings() -> None:
    home = parse(GOOD)
    changed = override(home, {"battery": {"capacity": "10 kWh"}, "oven": {"mode": "schedule"}, "clock": {"speed": "max"}})
    assert changed.entry("battery").settings.model_dump()["capacity"] == 10
    assert changed.entry("battery").declared == {"capacity": 10.0}
    assert changed.entry("oven").declared == {"priority": 7, "mode": "schedule"}
    assert changed.speed is None
    assert home.entry("battery").declared == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batery": {"capacity": 1}}, "there is no device 'batery' in home my_home; did you mean 'battery'?"),
        ({"battery": {"capacity": "1 m"}}, "device battery: setting capacity: unit 'm' is not understood here; use kWh"),
        ({"roof": {"sun": "oven"}}, "device roof: sun: device 'oven' is a oven, which does not give conditions"),
        ({"clock": {"step": 0.5}}, "device clock: setting step: 0.5 is "),
        ({"clock": {"latitude": 5}}, "device clock: setting latitude belongs to the whole home"),
    ],
)
def test_overriding_wrongly(changes: dict[str, dict[str, Any]], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        override(parse(GOOD), changes)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-06-21", "2026-06-20T22:00:00"),
        ("2026-06-21 06:30", "2026-06-21T04:30:00"),
        ("2026-06-21T06:30:15", "2026-06-21T04:30:15"),
        ("2026-06-21 06:30Z", "2026-06-21T06:30:00"),
        ("2026-06-21T06:30+05:30", "2026-06-21T01:00:00"),
        ("2026-06-21 06:30 -0800", "2026-06-21T14:30:00"),
    ],
)
def test_times_are_local_where_they_name_no_zone(text: str, utc: str) -> None:
    meant = datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()
    assert instant(text, calendar("Africa/Johannesburg")) == meant


def test_a_time_that_summer_time_leaves_out_is_refused() -> None:
    with pytest.raises(SettingError, match="never is on the clocks of Europe/Berlin"):
        instant("2026-03-29 02:30", calendar("Europe/Berlin"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"), ("yes", "yes"), ("off", "off"), ("true", True), ("False", False), ("~", None), ("", None),
        ("12", 12), ("-3", -3), ("012", 12), ("1_000", "1_000"), ("18:00", "18:00"), ("1e3", 1000.0), (".5", 0.5),
        ("2026-06-21", "2026-06-21"), ("'12'", "12"), ('"true"', "true"), ("0x1F", "0x1F"), (".inf", ".inf"),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(written: str, meant: Any) -> None:
    value = home_yaml.read(f"key: {written}").plain()["key"]
    assert value == meant
    assert type(value) is type(meant)


@given(st.text())
def test_any_text_is_refused_in_words_or_understood(text: str) -> None:
    try:
        parse(text)
    except HomeFileError as error:
        assert all(problem.startswith("home.yaml:") for problem in error.problems)  # noqa: PT017 - not every text raises


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=10,
    ),
    st.sampled_from(["home", "site", "clock", "seed", "devices", "events"]),
)
def test_any_value_in_any_section_is_refused_in_words_or_understood(value: Any, section: str) -> None:
    whole: dict[str, Any] = {
        "home": "plain",
        "site": {"latitude": 0, "longitude": 0, "time_zone": "UTC"},
        "clock": {"start": "2026-01-01"},
        "devices": {"grid": {}, "oven": {}},
    }
    try:
        parse(yaml.safe_dump(whole | {section: value}))
    except HomeFileError as error:
        assert error.problems  # noqa: PT017 - not every value raises


# -- the schema --------------------------------------------------------------------------------------------------------


def test_with_a_later_start_what_was_before_never_happens() -> None:
    home = parse(GOOD)
    assert home.events
    later = starting_at(home, home.events[-1].at + 1)
    assert (later.start, later.events) == (home.events[-1].at + 1, ())
    assert starting_at(home, home.start) == home
