"""What the next days would be: just what the home then does, where nothing is changed; and otherwise different by the plan alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.stage import Stage, small_home
from virtual_devices.answers.apart import MODULE, question
from virtual_devices.answers.next_days import next_days
from virtual_devices.answers.snapshot import ask
from virtual_devices.edge.broker.start import Broker
from virtual_devices.kit.errors import ConfigurationError, SettingError

HOME = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 300 s, speed: max, paused: true}
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 40 %, variability: 60 %}
  roof: {kind: pv_array}
  battery: {start_soc: 40 %}
  grid: {outages: "18:00-20:30", price: 3.84, feed_in_price: 0.99, currency: ZAR}
  inverter: {rated_power: 4 kW, use_timer: "on", grid_charge_enabled: "on", PROGRAMS}
  house: {kind: base_load}
  oven: {schedule: "17:40-19:10"}
  geyser: {mode: schedule, schedule: "10:00-12:00, 21:00-23:00", priority: 9}
"""
PROGRAMS = ", ".join(f"prog{number}_power: 4 kW, prog{number}_capacity: {30 if number < 5 else 60} %" for number in range(1, 7))
DAY = 86_400
CHARGED: dict[str, dict[str, Any]] = {"inverter": {f"prog{number}_capacity": 90 for number in range(1, 7)} | {f"prog{number}_charge": "Allow Grid" for number in range(1, 7)}}


@pytest.fixture
def running(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home(HOME.replace("PROGRAMS", PROGRAMS))) as stage:
        stage.start()
        stage.steps(7)
        yield stage


def test_the_plan_as_it_is_comes_to_what_the_home_then_does(running: Stage) -> None:
    present = ask(running.endpoint, running.home.name)
    before = len(running.records)
    found = next_days(present, Path(), [{}, {}], DAY)
    running.steps(DAY // 300)
    after = [record for number, (_, record) in enumerate(sorted(running.records.items())) if number >= before]
    assert after[0].span.start == found["times"][0]
    assert found["plans"][0]["ledger_sha256"] == after[-1].digest == running.digest
    assert found["plans"][0] == found["plans"][1]
    moved = running.state("inverter")
    assert found["plans"][0]["soc"][-1] == pytest.approx(moved["battery_soc"], abs=0.006)
    grid = running.state("grid")
    assert found["plans"][0]["cost"]["amount"] > 0
    assert grid["cost"] == pytest.approx(found["plans"][0]["cost"]["amount"] + _cost_before(present.messages), abs=1e-5)


def _cost_before(messages: Any) -> float:
    return float(orjson.loads(messages["grid", "state"])["cost"])


def test_plans_differ_by_the_plan_alone(running: Stage) -> None:
    found = next_days(ask(running.endpoint, running.home.name), Path(), [{}, CHARGED], DAY)
    kept, charged = found["plans"]
    assert charged["soc"][-1] > kept["soc"][-1] + 10
    assert charged["cost"]["amount"] > kept["cost"]["amount"]
    assert charged["energy_kwh"]["pv_available"] == kept["energy_kwh"]["pv_available"]
    rows = len(found["times"])
    assert rows in (96, 97)
    for column in ("sun", "wanted", "price", "feed_in", "dark_grid", "clock"):
        assert len(found[column]) == rows, column
    assert sum(found["dark_grid"]) * 900 == pytest.approx(2.5 * 3600)
    assert set(found["price"]) == {3.84}
    assert set(found["feed_in"]) == {0.99}
    assert kept["outages"]["outage_hours"] == 2.5
    (zone,) = kept["zones"]
    assert zone["kwh"] == pytest.approx(kept["energy_kwh"]["grid_import"], abs=1e-5)
    assert zone["cost"] == pytest.approx(kept["cost"]["import"], abs=1e-5)
    assert sum(power * 900 for power in kept["grid"]) / 3.6e6 == pytest.approx(
        kept["energy_kwh"]["grid_import"] - kept["energy_kwh"]["grid_export"], abs=0.05
    )


def test_what_cannot_be_set_is_refused_before_anything_runs(running: Stage) -> None:
    present = ask(running.endpoint, running.home.name)
    with pytest.raises(SettingError, match="prog2_time comes before prog1_time"):
        next_days(present, Path(), [{}, {"inverter": {"prog1_time": "05:00"}}], DAY)
    with pytest.raises(ConfigurationError, match="cannot be looked ahead"):
        next_days(present, Path(), [{}], 0)


def test_in_a_process_of_its_own(running: Stage) -> None:
    asked = question(running.endpoint, running.home.name, [{}], DAY)
    here = next_days(ask(running.endpoint, running.home.name), Path(), [{}], DAY)
    with subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(asked)
        process.stdin.flush()
        lines = [orjson.loads(line) for line in process.stdout]
    parts = [line["progress"] for line in lines[:-1]]
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert lines[-1]["result"] == here


def test_it_says_what_is_refused_and_ends_with_who_asked(running: Stage) -> None:
    with subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(question(running.endpoint, running.home.name, [{"inverter": {"prog1_power": "9 kW"}}], DAY))
        process.stdin.flush()
        assert "prog1_power 9000 W is above rated_power" in orjson.loads(process.stdout.readline())["error"]
    with subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(question(running.endpoint, running.home.name, [{}, {}], 31 * DAY))
        process.stdin.flush()
        assert "progress" in orjson.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(60) == 1
