"""``virtual-devices up`` and the time of day: on an owner's broker, and on one of the home's own."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker

HOME = """\
home: NAME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 06:30, speed: max}
devices:
  grid: {}
  inverter: {}
  house: {kind: base_load}
  oven: {}
events:
  - {at: 2026-06-21 07:00, device: oven, set: {mode: on}}
"""


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def file_of(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    text = HOME.replace("NAME", name)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def up(*words: object) -> tuple[dict[str, Any], str]:
    done: Result = CliRunner().invoke(commands, ["up", *map(str, words), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), done.stderr


def is_now(text: str) -> bool:
    return abs(datetime.fromisoformat(text).timestamp() - time.time()) < 60


def test_as_the_readme_leads_to_a_home_of_june_begins_anew_on_its_owners_broker(tmp_path: Path, broker: Broker) -> None:
    file = file_of(tmp_path, "leads")
    june, told = up(file, "--for", "7d")
    assert june["start"].startswith("2026-06-21")
    assert june["energy_kwh"]["grid_import"] > 10
    assert "events" not in told
    now, told = up(file, "--broker", broker.endpoint.url, "--for", "10s")
    assert is_now(now["start"])
    assert now["steps"] == 2, "of 5 s"
    assert now["energy_kwh"]["grid_import"] < 0.1
    assert now["cost"]["amount"] < 1
    assert "1 event lies before the start" in told
    again, told = up(file, "--broker", broker.endpoint.url, "--for", "10s")
    assert again["start"] == now["end"]
    assert "begins anew" not in told
    further, _ = up(file, "--for", "10min")
    assert further["start"] == june["end"], "on its own broker June goes on"


def test_a_june_that_was_played_on_an_owners_broker_does_not_go_on_there(tmp_path: Path, broker: Broker) -> None:
    file = file_of(tmp_path, "played")
    june, _ = up(file, "--broker", broker.endpoint.url, "--start", "2026-06-21 06:30", "--speed", "max", "--for", "7d")
    assert june["start"].startswith("2026-06-21")
    now, told = up(file, "--broker", broker.endpoint.url, "--for", "10s")
    assert is_now(now["start"])
    assert now["energy_kwh"]["grid_import"] < 0.1
    assert "begins anew" in told


def test_a_start_may_be_chosen_on_any_broker(tmp_path: Path, broker: Broker) -> None:
    file = file_of(tmp_path, "chosen", ("speed: max", "speed: 600"))
    for words in (("--broker", broker.endpoint.url, "--speed", 600), ("--state", tmp_path / "own")):
        found, told = up(file, *words, "--start", "2026-06-24 12:00", "--for", "10min")
        assert found["start"] == "2026-06-24T12:00:00+02:00"
        assert found["steps"] == 10
        assert "1 event lies before the start" in told
        further, _ = up(file, *words, "--start", "2026-06-24 12:00", "--for", "10min")
        assert further["start"] == found["end"], "the run goes on"


def test_real_time_in_the_home_file_is_honoured_on_a_broker_of_its_own(tmp_path: Path) -> None:
    file = file_of(tmp_path, "honest", ("speed: max", "real_time: true"))
    began = time.time()
    found, told = up(file, "--for", "10s")
    assert is_now(found["start"])
    assert found["steps"] == 2
    assert time.time() - began >= 4, "at the pace of the wall"
    assert "1 event lies before the start" in told
    assert is_now(up(file, "--for", "5s")[0]["start"])


def test_a_home_that_starts_now_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file = file_of(tmp_path, "now", ("start: 2026-06-21 06:30, ", ""))
    found, _ = up(file, "--for", "10min")
    assert is_now(found["start"])
    assert up(file, "--for", "10min")[0]["start"] == found["end"], "its start was another now"


def test_a_run_keeps_its_step_when_its_file_leaves_it_out(tmp_path: Path) -> None:
    file = file_of(tmp_path, "keeps", ("speed: max", "speed: max, step: 30 s"))
    first, _ = up(file, "--for", "10min")
    assert first["steps"] == 20
    file = file_of(tmp_path, "keeps")
    second, _ = up(file, "--for", "10min")
    assert (second["start"], second["steps"]) == (first["end"], 20)
    assert up(file, "--for", "10min", "--fresh")[0]["steps"] == 10
