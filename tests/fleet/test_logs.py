"""Logs of a home: who said what, bounded, and nobody's end."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_devices.fleet import logs as module
from virtual_devices.fleet.logs import Logs
from virtual_devices.kit.errors import ConfigurationError


def said(lines: list[str]) -> list[str]:
    return [line.partition(" ")[2] for line in lines]


def test_a_device_has_its_own_lines(tmp_path: Path) -> None:
    logs = Logs(tmp_path / "logs")
    logs.say("oven: it is hot\nin two lines")
    logs.say("oven_2: it is another")
    assert said(logs.read(None, 10)) == ["oven: it is hot", "in two lines", "oven_2: it is another"]
    assert said(logs.read("oven", 10)) == ["oven: it is hot"]
    assert said(logs.read("oven_2", 10)) == ["oven_2: it is another"]
    assert said(logs.read(None, 1)) == ["oven_2: it is another"]
    assert logs.read("tv", 10) == []


def test_a_log_stays_small_and_keeps_what_is_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    logs = Logs(tmp_path)
    for number in range(500):
        logs.say(f"line {number}")
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 2500
    kept = said(logs.read(None, 1000))
    assert kept[-1] == "line 499"
    assert kept == [f"line {number}" for number in range(500 - len(kept), 500)]
    assert len(kept) > 20


def test_where_nothing_can_be_written_nobody_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    logs = Logs(tmp_path / "logs")
    logs.say("lost")
    with pytest.raises(ConfigurationError, match=r"there are no logs in .*; name the home"):
        logs.read(None, 10)
