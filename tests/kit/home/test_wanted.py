"""What is wanted of a home, whatever its file said and whoever changed it live, in any order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.stage import small_home
from virtual_devices.kit.home.wanted import (
    Declaration,
    Wanted,
    applied,
    declared_by,
    declared_live,
    differences,
    scaled,
    with_device,
    with_file,
    without_device,
)

NAMES = ("oven", "geyser", "tv", "lights")
declarations = st.builds(Declaration, st.sampled_from(["oven", "tv"]), st.dictionaries(st.sampled_from(["priority", "mode"]), st.integers(0, 3)))
files = st.dictionaries(st.sampled_from(NAMES), declarations, max_size=4)
wishes = st.one_of(
    st.tuples(st.just("spawn"), st.sampled_from(NAMES), declarations),
    st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
    st.tuples(st.sampled_from(["on", "off"]), st.sampled_from(NAMES), st.none()),
)


def changed_live(wanted: Wanted, changes: list[tuple[str, str, Declaration | None]]) -> Wanted:
    for verb, name, declaration in changes:
        if verb == "spawn" and declaration is not None:
            wanted = with_device(wanted, name, declaration)
        elif verb == "remove":
            wanted = without_device(wanted, name)
        elif name in wanted.devices:
            wanted = scaled(wanted, name, int(verb == "on"))
    return wanted


@st.composite
def lives(draw: st.DrawFn) -> Wanted:
    wanted = with_file(Wanted(), draw(files))
    for _ in range(draw(st.integers(0, 3))):
        wanted = changed_live(wanted, draw(st.lists(wishes, max_size=4)))
        wanted = with_file(wanted, draw(files))
    return changed_live(wanted, draw(st.lists(wishes, max_size=4)))


@given(files)
def test_a_home_that_nobody_has_changed_is_what_its_file_says(file: dict[str, Declaration]) -> None:
    wanted = with_file(Wanted(), file)
    assert {name: device.declaration for name, device in wanted.devices.items()} == file
    assert wanted.running == file.keys()
    assert not any(wanted.came_live(name) for name in NAMES)


@given(lives())
def test_the_same_file_read_again_changes_nothing(wanted: Wanted) -> None:
    assert with_file(wanted, wanted.file) == wanted


@given(lives(), files)
def test_what_was_changed_live_stays_until_the_file_says_something_else_of_that_device(wanted: Wanted, file: dict[str, Declaration]) -> None:
    after = with_file(wanted, file)
    for name in NAMES:
        if file.get(name) == wanted.file.get(name):
            assert after.devices.get(name) == wanted.devices.get(name)
        elif name in file:
            assert after.devices[name].declaration == file[name]
        else:
            assert name not in after.devices


@given(lives(), files, st.booleans())
def test_what_is_declared_live_is_no_word_of_a_file(wanted: Wanted, said: dict[str, Declaration], prune: bool) -> None:  # noqa: FBT001 - drawn
    after = declared_live(wanted, said, prune=prune)
    assert after.file == wanted.file
    assert with_file(after, wanted.file) == after, "it stays over restarts"
    assert {name: device.declaration for name, device in after.devices.items() if name in said} == said
    assert {name: device for name, device in after.devices.items() if name not in said} == (
        {} if prune else {name: device for name, device in wanted.devices.items() if name not in said}
    )


def test_who_is_switched_off_stays_so_under_a_new_name() -> None:
    wanted = scaled(with_device(Wanted(), "oven", Declaration("oven")), "oven", 0)
    after = declared_live(wanted, {"stove": Declaration("oven", {"former_name": "oven"})}, prune=True)
    assert {name: device.replicas for name, device in after.devices.items()} == {"stove": 0}


@given(lives(), files)
def test_no_file_switches_a_device_on_or_off(wanted: Wanted, file: dict[str, Declaration]) -> None:
    for after in (with_file(wanted, file), applied(wanted, file)):
        for name, device in after.devices.items():
            there = wanted.devices.get(name)
            assert device.replicas == (there.replicas if there is not None else 1)


@given(lives(), files)
def test_applying_a_file_leaves_nothing_that_was_changed_live(wanted: Wanted, file: dict[str, Declaration]) -> None:
    after = applied(wanted, file)
    assert {name: device.declaration for name, device in after.devices.items()} == file
    assert applied(after, file) == after


@given(lives(), lives())
def test_a_line_tells_of_each_device_that_differs(one: Wanted, other: Wanted) -> None:
    differ = {name for name in NAMES if one.devices.get(name) != other.devices.get(name)}
    assert {line.partition(":")[0] for line in differences(one, other)} == differ


def test_what_changes_is_said_in_words() -> None:
    before = with_file(Wanted(), {"oven": Declaration("oven", {"priority": 3}), "tv": Declaration("tv")})
    after = scaled(with_device(without_device(before, "tv"), "oven", Declaration("oven", {"priority": 4, "mode": "on"})), "oven", 0)
    assert differences(before, after) == ["oven: mode default → on, priority 3 → 4, switched off", "tv: removed"]
    assert differences(after, before) == ["oven: mode on → default, priority 4 → 3, switched on", "tv: added (tv)"]


def test_a_home_declares_its_clock_too() -> None:
    declared = declared_by(small_home())
    assert {name: each.kind for name, each in declared.items()} == {
        "clock": "clock", "sun": "sun", "roof": "pv_array", "battery": "battery", "grid": "grid", "inverter": "inverter", "oven": "oven", "geyser": "geyser",
    }  # fmt: skip
    assert declared["battery"].settings == {"start_soc": 40.0}
