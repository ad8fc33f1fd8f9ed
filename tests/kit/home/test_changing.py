"""From what is wanted to a home: what its file would refuse is refused, in the same words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stage import PLUGS, SMALL, small_home
from virtual_devices.kit.errors import HomeFileError, SettingError
from virtual_devices.kit.home.changing import complete, fitted, home_of
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import MAX_DEVICES, Home
from virtual_devices.kit.home.wanted import (
    Declaration,
    Wanted,
    declared_by,
    scaled,
    with_device,
    with_file,
    without_device,
)

EVENTS = "events:\n  - {at: 2026-06-21 10:00, device: oven, set: {mode: on}}\n  - {at: 2026-06-21 11:00, device: geyser, set: {mode: on}}\n"


def wanted_of(home: Home) -> Wanted:
    return with_file(Wanted(), declared_by(home))


def plain(home: Home) -> list[tuple[str, str, Any, dict[str, Any]]]:
    return [(entry.name, entry.kind, entry.settings, entry.declared) for entry in home.devices]


@pytest.mark.parametrize("text", [SMALL, PLUGS, SMALL + EVENTS, SMALL.replace("step: 60 s, ", ""), "before solar"])
def test_a_home_that_nobody_has_changed_is_itself(text: str) -> None:
    if text == "before solar":
        text = "home: HOME\nsite: {latitude: 0, longitude: 0, time_zone: UTC}\nclock: {start: 2026-01-01}\ndevices: {grid: {}, oven: {}}\n"
    home = small_home(text)
    assert home_of(home, wanted_of(home)) == home


@given(st.permutations(["tv", "lights", "plug"]))
def test_devices_come_and_go_in_any_order(names: list[str]) -> None:
    home = small_home()
    wanted = wanted_of(home)
    kinds = {"tv": "tv", "lights": "lights", "plug": "smart_switch"}
    for name in names:
        wanted = with_device(wanted, name, Declaration(kinds[name]))
        assert home_of(home, wanted).entry(name).kind == kinds[name]
    for name in reversed(names):
        wanted = without_device(wanted, name)
    assert home_of(home, wanted) == home


def test_whoever_is_switched_off_is_of_the_home() -> None:
    home = small_home()
    assert home_of(home, scaled(wanted_of(home), "oven", 0)) == home


REFUSED = {
    "unknown kind": ("ofen", Declaration("ofen"), "  ofen: {kind: ofen}\n"),
    "name": ("Oven2", Declaration("oven"), "  Oven2: {kind: oven}\n"),
    "misnomer": ("record", Declaration("oven"), "  record: {kind: oven}\n"),
    "reserved": ("host", Declaration("oven"), "  host: {kind: oven}\n"),
    "setting": ("tv", Declaration("tv", {"priorty": 3}), "  tv: {priorty: 3}\n"),
    "range": ("tv", Declaration("tv", {"priority": 300}), "  tv: {priority: 300}\n"),
    "second inverter": ("second", Declaration("inverter"), "  second: {kind: inverter}\n"),
    "second grid": ("second", Declaration("grid"), "  second: {kind: grid}\n"),
    "partner": ("south", Declaration("pv_array", {"sun": "moon"}), "  south: {kind: pv_array, sun: moon}\n"),
    "circuit": ("tv", Declaration("tv", {"circuit": "plug"}), "  tv: {circuit: plug}\n"),
    "circle": ("plug", Declaration("smart_switch", {"circuit": "plug"}), "  plug: {kind: smart_switch, circuit: plug}\n"),
    "ledger's account": ("meter", Declaration("tv"), "  meter: {kind: tv}\n"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_file_would_refuse_is_refused_in_the_same_words(case: str) -> None:
    name, declaration, line = REFUSED[case]
    home = small_home()
    with pytest.raises(SettingError) as refused:
        home_of(home, with_device(wanted_of(home), name, declaration))
    with pytest.raises(HomeFileError) as by_file:
        parse(SMALL.replace("HOME", home.name) + line)
    (problem,) = by_file.value.problems
    assert str(refused.value) == problem.split(": ", 1)[1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clock", "a home has its clock; switch it off"),
        ("inverter", "without an inverter nothing is settled; switch it off"),
        ("sun", "device roof: sun: there is no device 'sun' in this home; add `sun: {}` under devices"),
    ],
)
def test_what_a_home_needs_is_not_removed(name: str, words: str) -> None:
    home = small_home()
    with pytest.raises(SettingError, match="^" + re.escape(words)):
        home_of(home, without_device(wanted_of(home), name))


def test_a_second_clock_and_too_many_devices_are_refused() -> None:
    home = small_home()
    with pytest.raises(SettingError, match="every home has its clock already"):
        home_of(home, with_device(wanted_of(home), "other", Declaration("clock")))
    wanted = wanted_of(home)
    for number in range(MAX_DEVICES):
        wanted = with_device(wanted, f"tv_{number}", Declaration("tv"))
    with pytest.raises(SettingError, match=f"{MAX_DEVICES + 7} devices are too many; keep to {MAX_DEVICES} in one home"):
        home_of(home, wanted)


def test_what_hangs_on_a_plug_keeps_it() -> None:
    home = small_home(PLUGS)
    with pytest.raises(SettingError, match="device oven: circuit: there is no circuit 'plug' in this home; use one of"):
        home_of(home, without_device(wanted_of(home), "plug"))


def test_events_go_with_their_device() -> None:
    home = small_home(SMALL + EVENTS)
    without = home_of(home, without_device(wanted_of(home), "oven"))
    assert [event.device for event in without.events] == ["geyser"]
    other = home_of(home, with_device(wanted_of(home), "oven", Declaration("tv")))
    assert [event.device for event in other.events] == ["geyser"], "it is another device now"


def test_a_clock_that_is_declared_anew_has_the_home_s_step_and_speed() -> None:
    home = small_home()
    changed = home_of(home, with_device(wanted_of(home), "clock", Declaration("clock", {"step": 30.0, "speed": 2.0})))
    assert (changed.step, changed.speed) == (30, 2.0)


def test_a_live_device_that_no_longer_fits_is_left_out_and_the_rest_stays() -> None:
    home = small_home(PLUGS)
    wanted = wanted_of(home)
    wanted = with_device(with_device(wanted, "tv", Declaration("tv", {"circuit": "plug"})), "lights", Declaration("lights"))
    wanted = scaled(wanted, "lights", 0)
    later = small_home(SMALL, home.name)
    found = fitted(later, with_file(wanted, declared_by(later)))
    assert {entry.name for entry in found.home.devices} == {entry.name for entry in later.devices} | {"lights"}
    assert found.wanted.devices["lights"].replicas == 0
    (said,) = found.left_out
    assert said.startswith("tv, which came while the home ran, does not fit the home file as it is now, and is left out: device tv: circuit:")


def test_live_devices_that_hang_on_each_other_stay_whatever_their_order() -> None:
    home = small_home()
    wanted = with_device(wanted_of(home), "tv", Declaration("tv", {"circuit": "plug"}))
    wanted = with_device(wanted, "plug", Declaration("smart_switch"))
    wanted = with_device(wanted, "south", Declaration("pv_array", {"sun": "sun"}))
    dark = SMALL.replace("  sun: {}\n  roof: {kind: pv_array}\n", "")
    later = small_home(dark, home.name)
    found = fitted(later, with_file(wanted, declared_by(later)))
    assert found.home.entry("tv").kind == "tv"
    assert [line.partition(",")[0] for line in found.left_out] == ["south"]


def test_what_was_removed_live_and_is_needed_now_is_there_again() -> None:
    home = small_home(SMALL.replace("  oven:", "  plug: {kind: smart_switch}\n  oven:"))
    wanted = without_device(wanted_of(home), "plug")
    later = small_home(SMALL.replace("  oven: {", "  plug: {kind: smart_switch}\n  oven: {circuit: plug, "), home.name)
    found = fitted(later, with_file(wanted, declared_by(later)))
    assert found.home == home_of(later, wanted_of(later))
    assert found.left_out[0].startswith("plug was removed while the home ran, and is there again: ")


def test_of_a_whole_home_the_clock_and_the_switchboard_go_without_saying() -> None:
    home = small_home()
    file = complete({"oven": Declaration("oven"), "grid": Declaration("grid")}, wanted_of(home))
    assert file["clock"] == wanted_of(home).devices["clock"].declaration
    assert file["inverter"].kind == "inverter"
    made = home_of(home, with_file(Wanted(), file))
    assert made.entry("inverter").switchboard
    assert complete(file, wanted_of(home)) == file
