"""Processes of this machine: started, ended politely or not, and started again."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.places import processes
from virtual_devices.fleet.places.processes import Processes

STUBBORN = "import signal, time, pathlib; signal.signal(15, signal.SIG_IGN); pathlib.Path('ready').touch(); time.sleep(60)"


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(processes, "RESTART_SOONEST", 0.02)


class Ends(list[tuple[str, int]]):
    """Who has ended with which code; nobody is started again."""

    def __call__(self, name: str, code: int) -> bool:
        self.append((name, code))
        return False


def python(text: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", text]


def test_an_end_is_told_with_its_code_and_starts_again_if_wished(loop: Loop, tmp_path: Path) -> None:
    ends: list[tuple[str, int]] = []

    def ended(name: str, code: int) -> bool:
        ends.append((name, code))
        return len(ends) < 3

    codes = iter([3, 4, 5, 6])
    fleet = Processes(loop, tmp_path, {}, ended)
    fleet.spawn("oven", lambda: python(f"import sys; sys.exit({next(codes)})"))
    assert loop.run(until=lambda: len(ends) == 3, timeout=20)
    assert ends == [("oven", 3), ("oven", 4), ("oven", 5)]
    loop.run(timeout=0.1)
    assert fleet.running() == {}
    loop.complete(fleet.stop_all())
    assert next(codes) == 6, "an answer of False leaves it alone"


def test_a_killed_process_has_the_signals_number(loop: Loop, tmp_path: Path) -> None:
    ends = Ends()
    fleet = Processes(loop, tmp_path, {}, ends)
    pid = fleet.spawn("oven", lambda: python("import time; time.sleep(60)"))
    assert fleet.running() == {"oven": pid}
    os.kill(pid, signal.SIGKILL)
    assert loop.run(until=lambda: len(ends) == 1, timeout=20)
    assert ends == [("oven", -9)]
    loop.complete(fleet.stop_all())


def test_all_end_also_those_who_will_not(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "STOP_WITHIN", 0.3)
    ends = Ends()
    fleet = Processes(loop, tmp_path, {}, ends)
    fleet.spawn("polite", lambda: python("import time; time.sleep(60)"))
    pid = fleet.spawn("stubborn", lambda: python(STUBBORN))
    assert loop.run(until=(tmp_path / "ready").exists, timeout=20)
    loop.complete(fleet.stop_all())
    assert fleet.running() == {}
    assert ends == [], "an end that was asked for is no news"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_gets_the_folder_and_the_environment_and_says_nothing(loop: Loop, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ends = Ends()
    text = "import os, pathlib; pathlib.Path('out').write_text(os.environ['SECRET']); print('noise')"
    fleet = Processes(loop, tmp_path, {"SECRET": "kept"}, ends)
    fleet.spawn("oven", lambda: python(text))
    assert loop.run(until=lambda: len(ends) == 1, timeout=20)
    loop.complete(fleet.stop_all())
    assert ends == [("oven", 0)]
    assert (tmp_path / "out").read_text() == "kept"
    assert capfd.readouterr().out == ""
