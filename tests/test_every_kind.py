"""Laws of every kind of device: what it declares is complete, and what it computes is reproducible, however time is cut."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.laws import examples
from virtual_devices.kit.circuits import CarrierState
from virtual_devices.kit.device import (
    AnyDevice,
    Carries,
    Conditions,
    Connects,
    Consumes,
    Produces,
    Settles,
    Stores,
    StoreState,
    Ticks,
)
from virtual_devices.kit.forms.changes import readings_of, settings_json, settings_of, validate_change
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.make import make_member
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.offers import Demand, Link, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.settings import CircuitSettings, ConsumerSettings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.store import StoreRule
from virtual_devices.kit.window import Span

SITE = Site(-33.92, 18.42, 25, "Africa/Johannesburg", 3)
START = 1_782_016_200  # 06:30 on a winter's day in Cape Town
ROOT = Path(__file__).parents[1]
BLUEPRINT = "_blueprint"
MODULES = {**catalogue.kinds(), BLUEPRINT: "virtual_devices.loads._blueprint"}
KINDS = sorted(MODULES)
LIGHT = [kind for kind in KINDS if kind not in ("sun", "weather", "pv_array")]
HEAVY = ("numpy", "pandas", "scipy", "pvlib", "yaml", "rich", "numba", "icalendar", "holidays")
STEPS = st.sampled_from([1, 60, 900, 3600])


def kind_class(kind: str) -> type[AnyDevice]:
    return catalogue.load_module(MODULES[kind], kind)


def of_ability(ability: type[AnyDevice]) -> list[str]:
    return [kind for kind in KINDS if issubclass(kind_class(kind), ability)]


def device(kind: str) -> Any:
    return kind_class(kind)(Context(kind, SITE))


def inputs_for(kind: str, span: Span) -> dict[str, dict[str, list[int]]]:
    """Conditions of the partners that a kind names by default, from the real ones."""
    found = {}
    for item in settings_of(kind_class(kind)):
        if item.partner is not None and item.default is not None:
            other = device(item.default)
            settings = other.settings_type()
            found[item.name] = other.conditions(settings, span, inputs_for(item.default, span))
    return found


def cuts(data: st.DataObject, steps: int) -> list[int]:
    """Lengths of pieces that add up to ``steps``."""
    bounds = sorted({0, steps, *data.draw(st.lists(st.integers(0, steps), max_size=5))})
    return [after - before for before, after in pairwise(bounds)]


def spans(data: st.DataObject) -> Span:
    step = data.draw(STEPS)
    return Span(START + step * data.draw(st.integers(0, 86_400 // step)), step, data.draw(st.integers(1, 120)))


# -- what it declares ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_it_says_what_it_is(kind: str) -> None:
    one = kind_class(kind)
    assert one.title
    assert re.fullmatch(r"[a-z_][a-z0-9_]*", kind)
    assert one.ability in ("ticks", "conditions", "consumes", "produces", "stores", "carries", "connects", "settles", "keeps")
    assert is_dataclass(one.state_type)
    assert one.state_type.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert one.settings_type.model_config.get("frozen")
    if issubclass(one, Consumes):
        assert issubclass(one.settings_type, ConsumerSettings)
    if issubclass(one, Stores):
        assert issubclass(one.state_type, StoreState)
    if issubclass(one, Carries):
        assert issubclass(one.state_type, CarrierState)
        assert issubclass(one.settings_type, CircuitSettings)


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_has_a_title_and_says_what_it_accepts(kind: str) -> None:
    for item in settings_of(kind_class(kind)):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", item.name)
        assert item.title
        assert item.title[0].isupper() or item.title[0].isdigit()
        assert "\n" not in item.description
        if item.type in ("number", "integer") and item.live:
            assert item.minimum is not None, item.name
            assert item.maximum is not None, item.name
            assert item.minimum < item.maximum
        if item.type == "number":
            assert item.quantity is not None, f"{item.name} names no quantity, and so no unit"
        if item.type == "choice":
            assert len(item.choices) > 1
        if item.type == "text" and item.live:
            assert item.pattern or item.longest <= 10_000
        assert item.range


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_valid_and_survive_json(kind: str) -> None:
    model = kind_class(kind).settings_type
    settings = model()
    plain = json.loads(json.dumps(settings_json(settings)))
    assert model.model_validate(plain) == settings
    assert set(plain) == {item.name for item in settings_of(kind_class(kind))}
    again = validate_change(kind_class(kind), settings, plain, live=False)
    assert again == settings


@pytest.mark.parametrize("kind", KINDS)
def test_readings_and_settings_have_one_name_each_and_units(kind: str) -> None:
    readings = readings_of(kind_class(kind))  # raises where two names collide
    names = [reading.name for reading in readings] + [item.name for item in settings_of(kind_class(kind))]
    assert len(names) == len(set(names))
    for reading in readings:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", reading.name)
        assert reading.title
        if reading.type == "number":
            assert reading.quantity is not None, f"{reading.name} names no quantity, and so no unit"


@pytest.mark.parametrize("kind", KINDS)
def test_its_state_survives_json_from_the_start(kind: str) -> None:
    one = device(kind)
    state = one.begin(one.settings_type())
    assert through_json(one, state) == state


def through_json(one: AnyDevice, state: Any) -> Any:
    """As a member's checkpoint keeps it."""
    adapter: TypeAdapter[Any] = TypeAdapter(type(one).state_type)
    return adapter.validate_python(json.loads(json.dumps(adapter.dump_python(state, mode="json"))))


def check_report(one: AnyDevice, settings: Any, state: Any, time: int) -> None:
    report = one.report(settings, state, time)
    assert isinstance(report, type(one).telemetry_type)
    known = {reading.name: reading for reading in readings_of(type(one))}
    for item in fields(type(one).telemetry_type):
        value, reading = getattr(report, item.name), known[item.name]
        json.dumps(value, allow_nan=False)
        if value is None:
            assert reading.optional
        elif reading.type == "list":
            assert all(isinstance(each, dict | float) for each in value)
        elif reading.type == "number":
            assert isinstance(value, (int, float))
            assert not isinstance(value, bool)
        elif reading.type == "flag":
            assert isinstance(value, bool)
        elif reading.type == "instant" and value is None:
            continue  # there is no such time, such as the next change of a price that never changes
        else:
            assert isinstance(value, str)
            assert len(value) <= 255  # what Home Assistant takes as a state
        if reading.type == "choice":
            assert value in reading.choices


@pytest.mark.parametrize("kind", KINDS)
def test_it_reports_from_the_start(kind: str) -> None:
    one = device(kind)
    settings = one.settings_type()
    check_report(one, settings, one.begin(settings), START)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if any(item.live for item in settings_of(kind_class(kind)))])
def test_it_keeps_and_tells_who_sent_a_command(kind: str) -> None:
    def made() -> Member:
        one = device(kind)
        return make_member(kind, one, one.settings_type())

    before, again = made(), made()
    item = next(item for item in settings_of(kind_class(kind)) if item.live)
    changes = {item.name: settings_json(before.settings)[item.name]}
    before.command(changes, START, by="evcc")
    before.command(changes, START + 60)
    kept = json.loads(json.dumps(before.checkpoint()))
    assert [entry.get("by") for entry in kept["pending"]] == ["evcc", None]
    again.restore(kept)
    again.begin(Span(START + 60, 60, 1))
    assert [(done.changes, done.by) for done in again.take_applied()] == [(changes, "evcc"), (changes, "bus")]


# -- what it computes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", of_ability(Consumes))
@given(data=st.data(), supplied=st.booleans())
@examples(max_examples=30, deadline=None)
def test_a_load_s_demand_is_reproducible_and_does_not_depend_on_cuts(
    kind: str, data: st.DataObject, supplied: bool  # noqa: FBT001
) -> None:
    one, again, span = device(kind), device(kind), spans(data)
    settings = one.settings_type()
    demand, end = one.draw(settings, one.begin(settings), span, {}, supplied)
    assert again.draw(settings, again.begin(settings), span, {}, supplied) == (demand, end)
    assert len(demand) == span.steps
    rated = getattr(settings, "rated_power", 100_000) * 1000
    assert all(type(power) is int and 0 <= power <= rated for power in demand)
    pieces: list[int] = []
    state = one.begin(settings)
    for steps in cuts(data, span.steps):
        part, state = one.draw(settings, state, span.part(len(pieces), steps), {}, supplied)
        state = through_json(one, state)
        pieces += part
    assert (pieces, state) == (demand, end)
    check_report(one, settings, end, span.end)


@pytest.mark.parametrize("kind", of_ability(Conditions))
@given(data=st.data())
@examples(max_examples=15, deadline=None)
def test_conditions_are_reproducible_and_do_not_depend_on_cuts(kind: str, data: st.DataObject) -> None:
    one, span = device(kind), spans(data)
    settings, inputs = one.settings_type(), inputs_for(kind, span)
    values = one.conditions(settings, span, inputs)
    assert values.keys() == type(one).fields.keys()
    assert all(len(column) == span.steps for column in values.values())
    assert all(type(value) is int for column in values.values() for value in column)
    assert device(kind).conditions(settings, span, inputs) == values
    done = 0
    for steps in cuts(data, span.steps):
        part = span.part(done, steps)
        known = {key: {name: c[done : done + steps] for name, c in given.items()} for key, given in inputs.items()}
        assert one.conditions(settings, part, known) == {n: c[done : done + steps] for n, c in values.items()}
        done += steps


@pytest.mark.parametrize("kind", of_ability(Produces))
@given(data=st.data())
@examples(max_examples=15, deadline=None)
def test_a_producer_s_power_is_reproducible_and_does_not_depend_on_cuts(kind: str, data: st.DataObject) -> None:
    one, span = device(kind), spans(data)
    settings, inputs = one.settings_type(), inputs_for(kind, span)
    power = one.available(settings, span, inputs)
    assert len(power) == span.steps
    assert all(type(value) is int and 0 <= value <= 1.3e3 * settings.capacity for value in power)
    assert device(kind).available(settings, span, inputs) == power
    columns = one.columns(settings, span, inputs)
    assert columns["power"] == power
    assert all(len(column) == span.steps for column in columns.values())
    last = {name: column[-1] for name, column in columns.items()} | {"available_power": power[-1]}
    assert isinstance(one.operation(settings, one.begin(settings), span.end, last), kind_class(kind).telemetry_type)
    pieces: list[int] = []
    for steps in cuts(data, span.steps):
        done = len(pieces)
        known = {key: {name: c[done : done + steps] for name, c in given.items()} for key, given in inputs.items()}
        pieces += one.available(settings, span.part(done, steps), known)
    assert pieces == power


@pytest.mark.parametrize("kind", of_ability(Connects))
@given(data=st.data(), outages=st.sampled_from(["", "08:00-10:30, 18:00-20:30", "22:00-05:00", "12:00:30-12:01"]))
@examples(max_examples=30, deadline=None)
def test_a_grid_s_link_and_bill_do_not_depend_on_cuts(kind: str, data: st.DataObject, outages: str) -> None:
    one, span = device(kind), spans(data)
    settings = one.settings_type(outages=outages, price=3.1234)
    links = each(one.link(settings, span))
    assert len(links) == span.steps
    assert all(limit is None or limit >= 0 for _, *limits in links for limit in limits)
    seed = data.draw(st.integers(1, 13_800_000))
    imported = [seed * index % 13_800_001 for index in range(span.steps)]
    exported = [power // 3 for power in reversed(imported)]
    bill = one.bill(settings, one.begin(settings), span, imported, exported)
    done, state = 0, one.begin(settings)
    for steps in cuts(data, span.steps):
        part = span.part(done, steps)
        assert each(one.link(settings, part)) == links[done : done + steps]
        state = one.bill(settings, state, part, imported[done : done + steps], exported[done : done + steps])
        state = through_json(one, state)
        done += steps
    assert state == bill
    check_report(one, settings, state, span.end)


def each(links: list[Link]) -> list[tuple[bool, int | None, int | None]]:
    return [(x.connected, x.import_limit, x.export_limit) for x in links for _ in range(x.steps)]


@pytest.mark.parametrize("kind", of_ability(Stores))
def test_a_store_s_rule_is_sound(kind: str) -> None:
    one = device(kind)
    settings = one.settings_type()
    state = one.begin(settings)
    rule = one.rule(settings, state)
    assert isinstance(rule, StoreRule)
    assert all(type(value) is int and value >= 0 for value in rule.flat)
    assert 0 <= state.stored_energy <= rule.capacity
    assert 0 < rule.charge_efficiency <= 1_000_000
    assert 0 < rule.discharge_efficiency <= 1_000_000
    for points in (rule.charge_taper, rule.discharge_taper, rule.voltage):
        assert [stored for stored, _ in points] == sorted({stored for stored, _ in points})
    check_report(one, settings, state, START)


@pytest.mark.parametrize("kind", of_ability(Settles))
def test_an_inverter_decides_alike_twice_and_its_state_survives_json(kind: str) -> None:
    one = device(kind)
    settings = one.settings_type()
    offers: dict[str, Offer] = {
        "roof": Supply("sun", [3_000_000] * 30),
        "battery": StoreOffer(StoreRule(3_600_000_000, 2_000_000, 2_000_000), 1_800_000_000),
        "grid": LinkOffer([Link(10, connected=True), Link(20, connected=False)]),
        "tv": Demand("essential", 5, supplied=True, power=[500_000] * 30),
        "pool": Demand("non_essential", 5, supplied=True, power=[900_000] * 30),
    }
    first = one.dispatch(settings, one.begin(settings), Span(START, 60, 30), offers)
    assert device(kind).dispatch(settings, one.begin(settings), Span(START, 60, 30), offers) == first
    decision, state = first
    assert 1 <= decision.steps < 30
    assert through_json(one, state) == state
    check_report(one, settings, state, START + 60 * decision.steps)


@pytest.mark.parametrize("kind", of_ability(Ticks))
@given(behind=st.floats(0, 1e7), step=st.integers(1, 3600))
@examples(max_examples=100, deadline=None)
def test_a_clock_asks_for_windows_within_its_limit(kind: str, behind: float, step: int) -> None:
    one = device(kind)
    for speed in (0, 1, 60, 1_000_000):
        settings = one.settings_type(speed=speed, max_steps=600)
        assert 1 <= one.window_steps(settings, step, behind) <= 600


# -- what it costs to import ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LIGHT)
def test_a_light_device_s_process_loads_nothing_heavy(kind: str) -> None:
    modules = (MODULES[kind], "virtual_devices.kit.members.member", "virtual_devices.kit.members.participant", "virtual_devices.edge.runtime.runtime")
    program = f"""
import importlib, sys
for name in {modules!r}:
    importlib.import_module(name)
loaded = sorted(name for name in {HEAVY!r} if name in sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", ["sun", "weather", "pv_array"])
def test_the_sky_and_a_plain_array_work_without_pandas_scipy_and_pvlib_s_package(kind: str) -> None:
    program = f"""
import sys
from tests.test_every_kind import START, device, inputs_for
from virtual_devices.kit.window import Span
one, span = device({kind!r}), Span(START, 900, 96)
inputs = inputs_for({kind!r}, span)
settings = one.settings_type()
given = one.conditions(settings, span, inputs) if hasattr(one, "conditions") else one.columns(settings, span, inputs)
assert any(value > 0 for value in next(iter(given.values()))), given
loaded = sorted(name for name in ("pandas", "scipy", "pvlib") if name in sys.modules)
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
