"""The file that a device touches while it is well, and the probe that looks at it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage
from virtual_devices.edge.broker.start import Broker
from virtual_devices.fleet.pulse import AWAY, STALE, Pulse
from virtual_devices.kit.errors import ConfigurationError

PROBE = "find {} -newermt '-30 sec' | grep -q ."
"""As docs/containers.md has it; without Python."""


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint) as made:
        yield made


def probed(file: Path) -> bool:
    return subprocess.run(["sh", "-c", PROBE.format(file)], capture_output=True, check=False).returncode == 0


def age(file: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_a_device_that_waits_for_its_clock_is_well_and_one_at_work_too(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "healthy"
    file.write_text("of a process before")
    oven = stage.runtimes["oven"] = stage.make("oven")
    pulse = Pulse(stage.loop, oven, file, pytest.fail)
    assert not file.exists(), "nobody is taken for well by what another process left"
    oven.start()
    stage.wait(lambda: file.exists() and "waits for the clock" in file.read_text())
    assert probed(file)
    stage.start("clock")
    stage.wait(lambda: file.read_text() == "oven: at work\n")
    age(file, STALE + 5)
    assert not probed(file)
    stage.wait(lambda: probed(file))
    file.unlink()
    stage.wait(lambda: file.exists() and file.read_text() == "oven: at work\n")
    pulse.close()
    assert not file.exists()


def test_without_a_connection_it_is_well_for_ten_seconds(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    oven = stage.make("oven")  # it never connects
    pulse = Pulse(stage.loop, oven, tmp_path / "healthy", pytest.fail)
    begin = stage.loop.time()
    for passed, said in ((0.0, True), (AWAY - 0.5, True), (AWAY + 0.5, False)):
        monkeypatch.setattr(stage.loop, "time", lambda now=begin + passed: now)
        assert bool(pulse.words()) is said
    monkeypatch.undo()
    stage.runtimes["oven"] = oven
    oven.start()
    stage.wait(lambda: oven.client.connected)
    assert "waits for the clock" in pulse.words()
    pulse.close()


def test_one_that_is_not_well_touches_nothing(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "healthy"
    pulse = Pulse(stage.loop, stage.make("oven"), file, pytest.fail)
    monkeypatch.setattr(pulse, "words", lambda: "")
    pulse._beat()
    assert not file.exists()
    pulse.close()


def test_a_folder_that_is_not_there_is_refused_at_once(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written: No such file or directory; name a file in a folder"):
        Pulse(stage.loop, stage.make("oven"), tmp_path / "none" / "healthy", pytest.fail)


def test_a_disk_that_fails_meanwhile_is_told_once_and_ends_nobody(stage: Stage, tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "run"
    folder.mkdir()
    pulse = Pulse(stage.loop, stage.make("oven"), folder / "healthy", said.append)
    folder.rmdir()
    for _ in range(3):
        pulse._beat()
    folder.mkdir()
    pulse._beat()
    begin, end = said
    assert "cannot be touched: No such file or directory" in begin
    assert "is touched again" in end
    pulse.close()
