"""Readings as bare text on topics of their own, for tools that cannot read JSON."""

from __future__ import annotations

import pytest

from tests.stage import SMALL, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces import plain_readings
from virtual_devices.edge.faces.plain_readings import plain
from virtual_devices.edge.runtime.state import STATE_EVERY
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.home.catalogue import load

PLAIN = SMALL.replace("  inverter: {", "  inverter: {plain_readings: true, ").replace("  grid: {", "  grid: {plain_readings: true, ")


def told(stage: Stage, name: str) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for device, leaf, payload in stage.heard:
        if device == name and leaf.startswith("reading/"):
            found.setdefault(leaf.removeprefix("reading/"), []).append(payload)
    return found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b""), (True, b"1"), (False, b"0"), (0.0, b"0"), (-0.0, b"0"), (1208.0, b"1208"), (-3.25, b"-3.25"), (0.1 + 0.2, b"0.3"),
        (12, b"12"), (1e-9, b"0"), ("self use", b"self use"),
    ],
)  # fmt: skip
def test_a_reading_as_text(value: object, text: bytes) -> None:
    assert plain(value) == text


def test_every_reading_of_those_that_are_asked_to_and_of_nobody_else(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(PLAIN)) as stage:
        stage.start()
        stage.steps(5)
        for name in ("inverter", "grid"):
            state = stage.state(name)
            names = {reading.name for reading in readings_of(load(name)) if reading.type != "list"}
            assert set(told(stage, name)) == names
            for reading in names:
                assert stage.last[name, f"reading/{reading}"] == plain(state[reading])
        assert {device for device, leaf, _ in stage.heard if leaf.startswith("reading/")} == {"inverter", "grid"}


def test_they_are_retained_for_who_comes_later(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(PLAIN)) as stage:
        stage.start()
        stage.steps(5)
        late = Stage(broker.endpoint, stage.home, loop=stage.loop)
        late.sync()
        assert float(late.last["inverter", "reading/battery_soc"]) == pytest.approx(stage.state("inverter")["battery_soc"], abs=1e-6)
        late.loop.complete(late.spy.leave())


def test_with_the_state_what_has_changed_and_all_of_it_now_and_then(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_readings, "REPEAT_EVERY", STATE_EVERY / 5)
    with Stage(broker.endpoint, small_home(PLAIN)) as stage:
        stage.start()
        stage.steps(2)
        stage.heard.clear()
        stage.wait(lambda: len(told(stage, "inverter").get("grid_voltage", ())) >= 3)
        assert set(told(stage, "inverter")["grid_voltage"]) == {plain(stage.state("grid")["voltage"])}, "time stands still, and still it is told"


def test_what_is_the_same_is_not_told_with_every_state(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(PLAIN)) as stage:
        stage.start()
        stage.steps(2)
        stage.heard.clear()
        stage.steps(1)
        stage.steps(1)
        assert "grid_connected" not in told(stage, "inverter")
        assert "total_pv_energy" in told(stage, "inverter")


def test_after_a_connection_was_lost_all_is_told_again(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(PLAIN)) as stage:
        stage.start()
        stage.steps(2)
        stage.heard.clear()
        stage.reconnect("inverter")
        assert told(stage, "inverter")["grid_connected"] == [b"1"]
