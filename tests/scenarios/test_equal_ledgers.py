"""The same home in process, in one process over a broker, and with a process per device: equal ledgers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.running import BROKERS, EXAMPLES, assert_same, command

HOME = EXAMPLES / "cape_town.yaml"
Simulated = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """What the example comes to in a duration, in one process without a broker; computed once for each."""
    folder = tmp_path_factory.mktemp("simulated")
    return cache(lambda duration: command(folder, "simulate", str(HOME), "--for", duration))


def hosted(folder: Path, duration: str, *more: str) -> dict[str, Any]:
    return command(folder, "up", str(HOME), "--for", duration, "--speed", "max", *more)


@pytest.mark.parametrize("broker", BROKERS)
def test_one_process_over_a_broker_keeps_the_ledger_of_the_house_in_process(simulated: Simulated, tmp_path: Path, broker: str) -> None:
    duration = "3d" if broker == BROKERS[0] else "18h"
    assert_same(simulated(duration), hosted(tmp_path, duration, "--broker-kind", broker))


def test_windows_on_the_bus_may_be_short(simulated: Simulated, tmp_path: Path) -> None:
    text = HOME.read_text().replace("speed: 60}", "speed: 60, max_steps: 7}")
    assert "max_steps" in text
    home = tmp_path / "short.yaml"
    home.write_text(text)
    short = command(tmp_path, "up", str(home), "--for", "15h", "--speed", "max")
    assert short["windows"] >= 15 * 60 // 7
    assert_same(simulated("15h"), short)


def test_a_battery_that_freezes_and_ages_keeps_the_ledger_too(simulated: Simulated, tmp_path: Path) -> None:
    indoors, home = "battery: {capacity: 10 kWh,", tmp_path / "cold.yaml"
    assert indoors in HOME.read_text()
    cold = f"{indoors} weather: weather, temp_offset: -14 K, cycle_life: 5, calendar_ageing: 20 %, self_discharge: 20 %,"
    home.write_text(HOME.read_text().replace(indoors, cold))
    house = command(tmp_path, "simulate", str(home), "--for", "30h")
    assert house["soc"] != simulated("30h")["soc"]
    assert_same(house, command(tmp_path, "up", str(home), "--for", "30h", "--speed", "max"))


def test_a_process_per_device_keeps_the_ledger_too(simulated: Simulated, tmp_path: Path) -> None:
    assert_same(simulated("1d"), hosted(tmp_path, "1d", "--isolate"))


@pytest.mark.parametrize("more", [(), ("--isolate",)])
def test_compiled_code_keeps_the_ledger_too(simulated: Simulated, tmp_path: Path, more: tuple[str, ...]) -> None:
    assert_same(simulated("1d"), hosted(tmp_path, "1d", "--compiled", *more))


COMPILED_WHEN_STARTED = """
import sys
from pathlib import Path
from inverter.compiled import compiled_inner
from virtual_devices.fleet.up import Options, up
seen = []
home, state = map(Path, sys.argv[1:])
up(Options(home_file=home, speed=0, duration=3600, state=state, compiled=True), say=lambda _: None,
   started=lambda *_: seen.append(len(compiled_inner().signatures)))
print(seen)
"""


def test_what_is_compiled_is_so_before_anybody_connects(tmp_path: Path) -> None:
    """A process that compiles for a minute would keep no connection alive, and what the broker then says of its devices is that they are away."""
    words = [sys.executable, "-c", COMPILED_WHEN_STARTED, str(HOME), str(tmp_path / "state")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["[1]"]


def test_a_home_that_was_stopped_goes_on_with_the_same_ledger(simulated: Simulated, tmp_path: Path) -> None:
    first = hosted(tmp_path, "11h")
    second = hosted(tmp_path, "9h")
    assert second["start"] == first["end"]
    assert second["ledger_sha256"] == simulated("20h")["ledger_sha256"]
    afresh = hosted(tmp_path, "1h", "--fresh")
    assert afresh["start"] == first["start"]


def test_the_recorded_ledger_stands_the_audit(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl.gz"
    result = hosted(tmp_path, "1d", "--ledger", str(file))
    audit = command(tmp_path, "audit", str(file))
    assert audit["ok"]
    assert audit["checked_steps"] == result["steps"]
