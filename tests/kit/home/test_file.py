"""Reading home files: what they may say, and what their owner is told when they are wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import HomeFileError, SettingError
from virtual_devices.kit.forms import yaml as home_yaml
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import (
    Home,
    between_steps,
    documents_needed,
    order,
    override,
    partners_of,
    starting_at,
)
from virtual_devices.kit.home.schema import json_schema
from virtual_devices.kit.instants import instant

GOOD = """\
home: my_home
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock:
  start: 2026-06-21 06:30
  step: 60 s
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 35 %}
  roof: {kind: pv_array, capacity: 3.3 kW}
  battery:
  grid: {outages: 18:00-20:30}
  inverter: {rated_power: 5 kW}
  oven:
    priority: 7
    mode: off
events:
  - {at: 2026-06-21 17:45, device: oven, set: {mode: on}}
  - {at: 2026-06-21 07:00, device: oven, set: {setpoint: 220}}
"""
BEFORE_SOLAR = """\
home: plain
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-01-01}
devices: {grid: {}, oven: {}}
"""


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


# (text to replace, by what, line, what the message says, how it says to mend it)
REFUSALS = {
    "empty": (GOOD, "", 1, "is no home", "begin with `home: my_home`"),
    "list": (GOOD, "- a\n- b\n", 1, "is no home", "begin with `home: my_home`"),
    "broken yaml": ("{}\n  weather", "{\n  weather", 10, "a flow mapping (begun in line 8) expected", "mend the indentation, quote or bracket"),
    "tab": ("  sun: {}", "\tsun: {}", 8, "broken YAML", "mend the indentation"),
    "control character": ("seed: 7", "seed: \x07", 6, "broken YAML", "remove it"),
    "two documents": ("seed: 7", "---\nseed: 7", 6, "second document", "keep one home in a file"),
    "anchor": ("sun: {}", "sun: &a {}", 8, "anchors and aliases", "write the value out"),
    "alias": ("sun: {}", "sun: *a", 8, "anchors and aliases", "write the value out"),
    "tag": ("seed: 7", "seed: !!str 7", 6, "tag tag:yaml.org,2002:str", "leave it out"),
    "too deep": ("seed: 7", "seed: " + "[" * 20, 6, "nested deeper than 12 levels", "a home file needs four"),
    "list as key": ("seed: 7", "? [a]\n: 7", 6, "a key is a list or a map", "write a plain name before the colon"),
    "duplicate section": ("seed: 7", "seed: 7\nseed: 8", 7, "'seed' is written twice (first in line 6)", "keep one"),
    "duplicate device": ("  oven:\n", "  sun: {}\n  oven:\n", 14, "'sun' is written twice (first in line 8)", "keep one"),
    "unknown section": ("devices:", "devises:", 7, "there is no section 'devises'", "did you mean 'devices'?"),
    "no name": ("home: my_home\n", "", 1, "the home has no name", "add `home: my_home`"),
    "bad name": ("home: my_home", "home: My-Home", 1, "'My-Home' is no name", "lower case letters, digits and _"),
    "long name": ("home: my_home", "home: a" + "b" * 40, 1, "is no name; use at most 40", "lower case letters"),
    "number as name": ("home: my_home", "home: 5", 1, "5 is no name", "begin with a letter"),
    "seed": ("seed: 7", "seed: lucky", 6, "seed: 'lucky' is no seed", "whole number from 0 to"),
    "boolean seed": ("seed: 7", "seed: true", 6, "seed: true is no seed", "whole number"),
    "no site": ("site: {", "sight: {", 1, "section site is missing", "add `site: {latitude:"),
    "site is a word": (GOOD[GOOD.index("site:") : GOOD.index("clock:")], "site: Cape Town\n", 2, "site should be a map", "write `site: {"),
    "latitude missing": ("latitude: -33.92, ", "", 2, "site.latitude: is missing", "give -90 to 90 °"),
    "latitude out of range": ("-33.92", "-93.92", 2, "site.latitude: -93.92 is out of range", "use -90 to 90 °"),
    "altitude's unit": ("25 m", "25 stone", 2, "site.altitude: unit 'stone' is not understood", "use m, km, ft"),
    "unknown key in site": ("altitude", "altitud", 2, "there is no such setting", "did you mean 'altitude'?"),
    "unknown zone": ("Africa/Johannesburg", "Africa/Nowhere", 2, "time zone 'Africa/Nowhere' is unknown", "use an IANA name"),
    "no start": ("  start: 2026-06-21 06:30\n", "", 4, "clock.start is missing", "add `clock: {start: 2026-06-21 06:30}`"),
    "start now": ("2026-06-21 06:30\n", "now\n", 4, "there is no now here", "give a time such as 2026-06-21 06:30"),
    "start is no time": ("2026-06-21 06:30\n", "dawn\n", 4, "clock.start: 'dawn' is no time", "write 2026-06-21 06:30 (local time)"),
    "start on no day": ("2026-06-21 06:30\n", "2026-02-30\n", 4, "'2026-02-30' is no time", "write 2026-06-21 06:30"),
    "start too far": ("2026-06-21 06:30\n", "1066-10-14\n", 4, "is too far away", "use the years 1970 to 2199"),
    "clock is a word": ("clock:\n  start: 2026-06-21 06:30\n  step: 60 s", "clock: fast", 3, "clock should be a map", "write `clock: {start:"),
    "step zero": ("60 s", "0", 5, "setting 'step': 0 is out of range", "use 1 to 3600 s"),
    "step negative": ("60 s", "-60", 5, "setting 'step': -60 is out of range", "use 1 to 3600 s"),
    "step too long": ("60 s", "2 h", 5, "setting 'step': '2 h' is out of range", "use 1 to 3600 s"),
    "step of half a second": ("60 s", "1.5", 5, "1.5 is between two steps", "use multiples of 1"),
    "speed negative": ("60 s", "60\n  speed: -1", 6, "setting 'speed': -1 is out of range", "use 0 to 1000000"),
    "speed is a word": ("60 s", "60\n  speed: fast", 6, "setting 'speed': 'fast' does not fit", "use 0 to 1000000"),
    "site in the clock": ("step: 60 s", "latitude: 5", 5, "clock: latitude does not belong here", "write it in the section site"),
    "no devices": (GOOD[GOOD.index("devices:") :], "", 1, "section devices is missing", "add `devices: {grid: {}, oven: {}}`"),
    "devices is a list": (GOOD[GOOD.index("devices:") :], "devices: [oven]\n", 7, "devices should be a map", "write `devices: {"),
    "clock among the devices": ("battery:", "clock: {}", 11, "every home has its clock already", "set it in the section `clock:`"),
    "clock by another name": ("battery:", "timer: {kind: clock}", 11, "every home has its clock", "take it out of devices"),
    "bad device name": ("battery:", "Battery 1:", 11, "device 'Battery 1' is no name", "lower case letters, digits and _"),
    "device is a word": ("battery:", "battery: big", 11, "device battery should be a map", "write `battery: {}`"),
    "unknown kind": ("kind: pv_array", "kind: pv_aray", 10, "device roof: there is no kind 'pv_aray'", "did you mean 'pv_array'?"),
    "kind from an odd name": ("battery:", "batery:", 11, "there is no kind 'batery'", "did you mean 'battery'? (the kind defaults to the name"),
    "kind is a number": ("kind: pv_array", "kind: 5", 10, "kind 5 is no word", "virtual-devices kinds"),
    "unknown setting": ("capacity: 3.3 kW", "capacty: 3.3 kW", 10, "setting 'capacty': there is no such setting", "did you mean 'capacity'?"),
    "wrong unit": ("3.3 kW", "3.3 kWh", 10, "setting 'capacity': unit 'kWh' is not understood here", "use W, kW, mW, MW"),
    "out of range": ("priority: 7", "priority: 11", 15, "setting 'priority': 11 is out of range", "use 1 to 10"),
    "unknown choice": ("mode: off", "mode: of", 16, "setting 'mode': 'of' is none of its choices", "did you mean 'off'?"),
    "boolean for a choice": ("mode: off", "mode: true", 16, "setting 'mode': true is none of its choices", "known: schedule, on, off"),
    "bad times": ("18:00-20:30", "evening", 12, "'evening' is no period of the day", 'write "18:00-20:30"'),
    "missing partner": ("  sun: {}\n", "", 8, "device weather: sun: there is no device 'sun'", "add `sun: {}` under devices"),
    "named partner missing": ("capacity: 3.3 kW", "weather: sky", 10, "there is no device 'sky'", "add `sky: {kind: …}` under devices or name one of: weather"),
    "partner of another ability": ("capacity: 3.3 kW", "weather: oven", 10, "'oven' is a oven, which does not give conditions", "name another or name one of: weather"),
    "partner without the fields": ("capacity: 3.3 kW", "weather: sun", 10, "'sun' is a sun, which does not give ghi", "name one of: weather"),
    "two inverters": ("battery:", "second: {kind: inverter}", 13, "a second inverter beside second", "keep one of them"),
    "two grids": ("battery:", "municipal: {kind: grid}", 12, "a second grid connection beside municipal", "keep one of them"),
    "account's name": ("battery:", "meter: {kind: oven}", 11, "the ledger has an account 'meter' of its own", "rename the device"),
    "source's name": (GOOD[GOOD.index("devices:") :], "devices: {sky: {kind: sun}, roof: {kind: pv_array, sun: sky},\n sun: {kind: oven}}", 8, "the ledger has an account 'sun' of its own", "rename the device"),
    "grid's name": ("  grid: {outages: 18:00-20:30}", "  grid: {kind: tv}", 12, "the ledger has an account 'grid' of its own", "rename the device"),
    "switchboard's name": ("  inverter: {rated_power: 5 kW}", "  inverter: {kind: tv}", 13, "needs that name", "rename the device"),
    "events are a map": (GOOD[GOOD.index("events:") :], "events: {oven: on}", 17, "events should be a list", "begin each with a dash"),
    "event is a word": (GOOD[GOOD.index("  - {at: 2026-06-21 17:45") :], "  - party\n", 18, "an event should be a map", "write `- {at:"),
    "event without device": ("device: oven, set: {mode: on}", "set: {mode: on}", 18, "the event has no device", "write `- {at:"),
    "event with a key too many": ("device: oven, set: {mode", "device: oven, who: me, set: {mode", 18, "there is no key 'who'", "known: at, device, set"),
    "event at no time": ("17:45", "25:45", 18, "event: '2026-06-21 25:45' is no time", "write 2026-06-21 06:30"),
    "event before the start": ("07:00", "06:29", 19, "the event is before the home starts (2026-06-21 06:30:00)", "move it, or start earlier"),
    "event for an unknown device": ("device: oven, set: {mode", "device: ofen, set: {mode", 18, "event: there is no device 'ofen'", "did you mean 'oven'?"),
    "event for an unknown setting": ("{mode: on}", "{mod: on}", 18, "event for oven: there is no setting 'mod'", "did you mean 'mode'?"),
    "event out of range": ("setpoint: 220", "setpoint: 900", 19, "setting setpoint: 900 is out of range", "use 30 to 300 °C"),
    "event for a fixed setting": ("device: oven, set: {mode: on}", "device: roof, set: {sun: sun}", 18, "setting sun is fixed while the home runs", "change it in the home file"),
    "event sets nothing": ("{mode: on}", "{}", 18, "set should be a map of settings of oven", "write `set: {setting: value}`"),
}  # fmt: skip


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


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    plain = json_schema()
    jsonschema.Draft202012Validator.check_schema(plain)
    return jsonschema.Draft202012Validator(plain)


def plain(text: str) -> Any:
    return home_yaml.read(text).plain()


@pytest.mark.parametrize("text", [GOOD, BEFORE_SOLAR, GOOD.replace("step: 60 s", "step: 60\n  speed: max")])
def test_the_schema_accepts_what_is_accepted(schema: jsonschema.Draft202012Validator, text: str) -> None:
    assert isinstance(parse(text), Home)
    assert [error.message for error in schema.iter_errors(plain(text))] == []


@pytest.mark.parametrize(
    "case",
    [
        "unknown section", "bad name", "seed", "latitude missing", "latitude out of range", "altitude's unit",
        "step zero", "clock among the devices", "unknown kind", "kind from an odd name", "unknown setting", "wrong unit",
        "out of range", "unknown choice", "bad times", "event without device", "event sets nothing", "no devices",
    ],
)  # fmt: skip
def test_the_schema_refuses_what_is_refused(schema: jsonschema.Draft202012Validator, case: str) -> None:
    old, new = REFUSALS[case][:2]
    assert list(schema.iter_errors(plain(GOOD.replace(old, new, 1))))


@pytest.mark.parametrize("kind", [kind for kind in catalogue.kinds() if kind != "clock"])
def test_the_schema_knows_every_kind_by_name_and_by_kind(schema: jsonschema.Draft202012Validator, kind: str) -> None:
    home = plain(BEFORE_SOLAR)
    home["devices"] = {kind: {}, "other": {"kind": kind}}
    assert list(schema.iter_errors(home)) == []
    home["devices"] = {kind: {"no_such_setting": 1}}
    assert list(schema.iter_errors(home))
    home["devices"] = {"other": {"kind": kind, "no_such_setting": 1}}
    assert list(schema.iter_errors(home))


def test_a_broken_kind_costs_the_schema_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.kinds(), "broken", "no.such.module")
    plain_schema = json_schema()
    assert "kind 'broken' cannot be loaded" in plain_schema["$comment"]
    assert "kind_oven" in plain_schema["$defs"]
    assert "kind_broken" not in plain_schema["$defs"]


def test_with_a_later_start_what_was_before_never_happens() -> None:
    home = parse(GOOD)
    assert home.events
    later = starting_at(home, home.events[-1].at + 1)
    assert (later.start, later.events) == (home.events[-1].at + 1, ())
    assert starting_at(home, home.start) == home
