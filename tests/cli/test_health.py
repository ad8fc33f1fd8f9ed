"""``virtual-devices health``: of a running home, and of the file that one device touches."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.stage import Stage, small_home
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home()) as made:
        yield made


def health(*words: str) -> Result:
    return CliRunner().invoke(commands, ["health", *words])


def asked(stage: Stage, *words: str) -> Result:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(health, "--home", stage.home.name, "--broker", stage.endpoint.url, *words)
        while not waiting.done():
            stage.loop.run(timeout=0.05)
        return waiting.result()


def test_of_a_home_in_which_all_are_there(stage: Stage) -> None:
    stage.start()
    stage.steps(1)
    done = asked(stage)
    assert done.exit_code == 0, done.output
    assert f"home {stage.home.name}: all 8 devices are well" in done.output
    told = json.loads(asked(stage, "--json").output)
    assert (told["home"], told["well"], len(told["devices"])) == (stage.home.name, True, 8)


def test_who_is_away_and_who_was_never_there_comes_first(stage: Stage) -> None:
    stage.start(*(name for name in stage.described if name != "geyser"))
    stage.stop("oven")
    done = asked(stage)
    assert done.exit_code == 1
    lines = [line.split() for line in done.output.splitlines()]
    assert lines[2] == ["geyser", "?", "was", "never", "there"]
    assert lines[3] == ["oven", "oven", "offline"]
    assert lines[-1] == f"home {stage.home.name}: 2 of 8 devices not well".split()


def test_what_a_device_refused_is_told_and_is_no_illness(stage: Stage) -> None:
    stage.start()
    stage.send("oven", "set/setpoint", b"999")
    done = asked(stage)
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.output.splitlines() if line.startswith("oven")]
    assert "30 to 300 °C" in line
    (oven,) = [each for each in json.loads(asked(stage, "--json").output)["devices"] if each["device"] == "oven"]
    assert oven["well"] is True
    assert "30 to 300 °C" in oven["refused"]


def test_a_home_without_its_clock_is_not_well(stage: Stage) -> None:
    stage.start()
    stage.stop("clock")
    done = asked(stage)
    assert done.exit_code == 1
    assert done.output.splitlines()[2].split() == ["clock", "clock", "offline"]


def test_of_one_device_by_its_file_which_asks_no_broker(tmp_path: Path) -> None:
    file = tmp_path / "healthy"
    done = health(str(file), "--broker", "mqtt://me@127.0.0.1:1")
    assert (done.exit_code, done.output) == (1, f"not well: there is no {file}; the device has not begun, or has ended\n")
    file.write_text("oven: at work\n")
    done = health(str(file))
    assert done.exit_code == 0
    assert done.output.startswith("well, touched ")
    assert "(oven: at work)" in done.output
    then = time.time() - 45
    os.utime(file, (then, then))
    done = health(str(file), "--json")
    assert done.exit_code == 1
    assert json.loads(done.output) == {"file": str(file), "well": False, "age": pytest.approx(45, abs=5), "words": "oven: at work"}


def test_a_file_that_cannot_be_read_is_no_answer(tmp_path: Path) -> None:
    done = health(str(tmp_path))
    assert done.exit_code == 2
    assert "cannot be read" in done.stderr
