from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from virtual_devices.home_assistant.machine import faketime
from virtual_devices.kit.errors import ConfigurationError


def found() -> Path:
    try:
        return faketime.library()
    except ConfigurationError:
        pytest.skip("libfaketime is not installed")


def test_what_a_program_is_started_with() -> None:
    told = faketime.environment("/srv/libfaketimeMT.so.1", 1_782_919_680, 60)
    assert told == {"LD_PRELOAD": "/srv/libfaketimeMT.so.1", "FAKETIME": "@1782919680 x60", "FAKETIME_FMT": "%s"}


@pytest.mark.parametrize(("speed", "text"), [(1, "x1"), (7.5, "x7.5"), (600.0, "x600"), (1_000_000, "x1000000")])
def test_speeds_are_written_as_it_reads_them(speed: float, text: str) -> None:
    assert faketime.written(0, speed) == f"@0 {text}"


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ConfigurationError, match="is no speed"):
        faketime.written(0, speed)


def test_where_it_is_missing_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(faketime.VARIABLE, raising=False)
    monkeypatch.setattr(faketime, "PLACES", (str(tmp_path / "*"),))
    with pytest.raises(ConfigurationError, match="apt install faketime"):
        faketime.library()


def test_it_is_found_where_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / faketime.LOADED
    monkeypatch.setenv(faketime.VARIABLE, str(file))
    with pytest.raises(ConfigurationError, match="there is no"):
        faketime.library()
    file.touch()
    assert faketime.library() == faketime.library(file) == file


@pytest.mark.parametrize("zone", ["UTC", "Africa/Johannesburg"])
def test_a_program_begins_at_that_moment(zone: str) -> None:
    told = {**faketime.environment(found(), 1_782_919_680, 60), "TZ": zone, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["date", "+%s"], env=told, capture_output=True, text=True, check=True, timeout=20)
    assert 0 <= int(done.stdout) - 1_782_919_680 < 1200


def test_a_change_is_ahead_of_what_its_clock_will_say_when_it_is_read() -> None:
    assert faketime.changed(1_782_919_680.2, 1, 60) == "@1782919683 x60"
    assert faketime.changed(1_782_919_680.2, 60, 1) == "@1782919801 x1"


def test_all_clocks_of_a_program_jump_alike(tmp_path: Path) -> None:
    file = tmp_path / "faketime"
    file.write_text(faketime.written(1_782_919_680, 1))
    told = {**faketime.steered(found(), file), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen([sys.executable, "-u", "-c", CLOCKS], env=told, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = [float(word) for word in process.stdout.readline().split()]
        file.write_text(faketime.changed(first[0], 1, 60))
        last = first
        while last[0] < first[0] + 120:
            last = [float(word) for word in process.stdout.readline().split()]
        process.kill()
    assert last[0] - first[0] == pytest.approx(last[1] - first[1], abs=1)


CLOCKS = """
import asyncio, time
async def main():
    while True:
        print(time.time(), time.monotonic())
        await asyncio.sleep(0.5)
asyncio.run(main())
"""
