"""Days to come on the bus: from the sun over the weather to the arrays, and their sum at the inverter."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
import pytest

from tests.stage import WEATHER, Stage, small_home
from virtual_devices.edge.broker.start import Broker

TWO = WEATHER.replace("  roof:", "  west: {kind: pv_array, capacity: 2 kW}\n  roof:")


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home(TWO)) as made:
        made.start()
        yield made


def until_told(stage: Stage, *devices: str, words: int = 1) -> None:
    """A step at a time, until each of them has told of the days to come so often."""
    for _ in range(400):
        if all(len(stage.all(device, "ahead")) >= words for device in devices):
            break
        stage.steps(1)
    else:
        raise AssertionError([(device, len(stage.all(device, "ahead"))) for device in devices])
    stage.steps(1)
    stage.steps(1)


def test_all_arrays_together_are_what_the_inverter_shows(stage: Stage) -> None:
    assert stage.state("inverter")["forecast_today"] is None
    until_told(stage, "sun", "weather", "roof", "west")
    powers = [stage.json(name, "ahead")["values"]["power"] for name in ("roof", "west")]
    assert {stage.json(name, "ahead")["error"] for name in ("weather", "roof", "west")} == {0.2}
    said = stage.state("inverter")
    day = slice(144, 288)
    foretold = sum(sum(power[day]) for power in powers) * 600 / 3.6e9
    assert foretold > 1
    assert 0.4 < said["forecast_tomorrow"] / foretold < 2.5
    assert [each["period_start"][:10] for each in said["half_hours_tomorrow"]] == ["2026-06-22"] * 48
    assert stage.json("inverter", "face")["forecast_tomorrow"] == pytest.approx(said["forecast_tomorrow"], abs=1e-3)


def test_it_is_told_once_a_day_and_when_something_is_set(stage: Stage) -> None:
    until_told(stage, "sun", "weather", "roof", "west")
    stage.steps(5)
    assert [len(stage.all(name, "ahead")) for name in ("sun", "weather", "roof", "west")] == [1, 1, 1, 1]
    before = stage.state("inverter")["forecast_tomorrow"]
    stage.send("weather", "set", {"mean_cloud_cover": 100})
    until_told(stage, "weather", "roof", "west", words=2)
    assert len(stage.all("sun", "ahead")) == 1
    assert stage.state("inverter")["forecast_tomorrow"] < before
    stage.send("west", "set", {"capacity": 0})
    until_told(stage, "west", words=3)
    assert len(stage.all("roof", "ahead")) == 2
    stage.steps(16 * 60)  # until midnight, and beyond
    until_told(stage, "sun", "weather", "roof", "west", words=2)
    assert stage.all("sun", "ahead")[1]["span"]["start"] == stage.all("sun", "ahead")[0]["span"]["start"] + 86_400
    assert stage.state("inverter")["half_hours_today"][0]["period_start"][:10] == "2026-06-22"


def test_an_array_that_leaves_is_left_out_and_nonsense_is_complained_of(stage: Stage) -> None:
    until_told(stage, "sun", "weather", "roof", "west")
    both = stage.state("inverter")["forecast_tomorrow"]
    stage.stop("west")
    stage.steps(2)
    assert 0 < stage.state("inverter")["forecast_tomorrow"] < both
    stage.start("west")
    until_told(stage, "west", words=2)
    assert stage.state("inverter")["forecast_tomorrow"] == both
    stage.send("roof", "ahead", orjson.dumps({"run": "x", "span": 3}))
    assert "ahead" in str(stage.errors("inverter")[-1])
