"""Laws of every load: one span or many give the same; demand does not depend on supply; state survives JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.schedule import ScheduledSettings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span

ZONES = ("Africa/Johannesburg", "Europe/Berlin", "Asia/Kolkata")
ROOM = "virtual_devices.loads."
KINDS = ("_blueprint", *(kind for kind, module in catalogue.kinds().items() if module.startswith(ROOM)))
START = 1_751_320_800
CHANGE = 1_743_296_400  # 2025-03-30 01:00 UTC, when the clocks of Berlin go forward


def device(kind: str, zone: str = ZONES[0], **documents: str) -> Any:
    return catalogue.load_module(f"{ROOM}{kind}", kind)(Context(kind, Site(-33.9, 18.4, 50, zone, 1), documents))


def settings_for(kind: str, mode: str) -> dict[str, Any]:
    return {"mode": mode} if issubclass(type(device(kind)).settings_type, ScheduledSettings) else {}


@pytest.mark.parametrize("kind", KINDS)
@given(
    mode=st.sampled_from(["schedule", "on", "off"]),
    zone=st.sampled_from(ZONES),
    start=st.one_of(st.integers(START, START + 86_400), st.integers(CHANGE - 86_400, CHANGE)),
    step=st.sampled_from([1, 7, 60, 900, 1000, 3600]),
    steps=st.integers(2, 300),
    data=st.data(),
)
@examples(max_examples=40, deadline=None)
def test_two_spans_are_one(
    *, kind: str, mode: str, zone: str, start: int, step: int, steps: int, data: st.DataObject
) -> None:
    load = device(kind, zone)
    settings = load.settings_type(**settings_for(kind, mode))
    span = Span(start, step, steps)
    supplied = data.draw(st.booleans())
    whole, end = load.draw(settings, load.begin(settings), span, {}, supplied)
    assert len(whole) == steps
    assert all(type(power) is int and power >= 0 for power in whole)
    cut = data.draw(st.integers(1, steps - 1))
    first, state = load.draw(settings, load.begin(settings), span.part(0, cut), {}, supplied)
    state = type(state)(**json.loads(json.dumps(asdict(state))))
    second, state = load.draw(settings, state, span.part(cut, steps - cut), {}, supplied)
    assert first + second == whole
    assert state == end


@pytest.mark.parametrize("kind", KINDS)
@given(start=st.integers(START, START + 86_400), step=st.sampled_from([1, 60, 600]), warm=st.integers(1, 200))
@examples(max_examples=25, deadline=None)
def test_a_step_s_demand_does_not_depend_on_its_supply(kind: str, start: int, step: int, warm: int) -> None:
    load = device(kind)
    settings = load.settings_type(**settings_for(kind, "on"))
    _, state = load.draw(settings, load.begin(settings), Span(start, step, warm), {}, supplied=True)
    now = Span(start + step * warm, step, 1)
    assert load.draw(settings, state, now, {}, supplied=True)[0] == load.draw(settings, state, now, {}, supplied=False)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_one_step_at_a_time_is_a_day(kind: str) -> None:
    load = device(kind)
    settings = load.settings_type()
    day = Span(START, 60, 1440)
    whole, end = load.draw(settings, load.begin(settings), day, {}, supplied=True)
    state, single = load.begin(settings), []
    for i in range(1440):
        powers, state = load.draw(settings, state, day.part(i, 1), {}, supplied=True)
        single += powers
    assert (single, state) == (whole, end)
