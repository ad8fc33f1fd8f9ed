"""``virtual-devices why``: a moment of a record in words and as JSON, with numbers that can be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.answers.outage_homes import CONSTANT
from virtual_devices.cli import commands

HOME = CONSTANT.replace("12:00-18:00", "00:00-06:00") + """\
events:
  - {at: 2026-07-01 07:31, device: grid, set: {price: 3}}
"""
"""1 kW all the time, and an outage from midnight to six, of which the battery bears two hours at 80 %. From 07:31 on a kWh costs 3 instead of 2."""


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("why")
    (folder / "constant.yaml").write_text(HOME, encoding="utf-8")
    words = ["simulate", str(folder / "constant.yaml"), "--for", "8h", "--record", str(folder / "constant.sqlite"), "--json"]
    done = CliRunner().invoke(commands, words)
    assert done.exit_code == 0, done.output
    return folder / "constant.sqlite"


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["why", *map(str, words)])


def asked(record: Path, time: str) -> dict[str, Any]:
    done = run(record, time, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def setting(found: dict[str, Any], device: str, name: str) -> dict[str, Any]:
    (one,) = [each for each in found["settings"] if (each["device"], each["setting"]) == (device, name)]
    return dict(one)


def test_in_an_outage_the_battery_gives(record: Path) -> None:
    found = asked(record, "2026-07-01 00:30")
    power = found["flows"]["power_w"]
    assert (found["flows"]["start"], found["flows"]["end"]) == ("2026-07-01T00:30:00+02:00", "2026-07-01T00:31:00+02:00")
    assert {name: power[name] for name in ("battery_discharge", "load_served", "losses", "grid_import", "load_unserved")} == {
        "battery_discharge": 1250, "load_served": 1000, "losses": 250, "grid_import": 0, "load_unserved": 0,
    }  # fmt: skip
    assert found["flows"]["stored_kwh"]["battery"] == pytest.approx(2.5 - 1.25 * 31 / 60, abs=1e-6)
    assert found["flows"]["power_by_device_w"]["house"] == {"in": 1000, "out": 1000}
    assert found["grid"] == {"connected": False, "since": [{"time": "2026-07-01T00:00:00+02:00", "device": "grid", "kind": "outage"}]}
    assert found["cost"] == {"start": "2026-07-01T00:30:00+02:00", "amount": 0, "price": None, "currency": "ZAR"}


def test_the_step_that_holds_a_moment_is_told(record: Path) -> None:
    assert asked(record, "2026-07-01 00:30:59")["flows"] == asked(record, "2026-07-01 00:30")["flows"]
    assert asked(record, "2026-07-01 00:31")["flows"]["start"] == "2026-07-01T00:31:00+02:00"


def test_what_is_not_served(record: Path) -> None:
    found = asked(record, "2026-07-01 03:00")
    assert (found["flows"]["power_w"]["load_served"], found["flows"]["power_w"]["load_unserved"]) == (0, 1000)
    assert found["flows"]["stored_kwh"]["battery"] == 0
    assert "Not served: 1.00 kW." in run(record, "2026-07-01 03:00").stdout


def test_who_set_what_and_when_and_what_it_cost(record: Path) -> None:
    before, behind = asked(record, "2026-07-01 07:15"), asked(record, "2026-07-01 07:45")
    assert [each["kind"] for each in behind["grid"]["since"]] == ["grid back"]
    first, last = setting(before, "grid", "price"), setting(behind, "grid", "price")
    assert (first["value"], first["unit"], first["by"], first["since"], first["revision"]) == (2, "/kWh", "home file", None, 1)
    assert (last["value"], last["by"], last["since"]) == (3, "home file", "2026-07-01T07:31:00+02:00")
    assert (before["cost"]["amount"], before["cost"]["price"]) == (0.5, 2)  # a quarter of a kWh
    assert (behind["cost"]["amount"], behind["cost"]["price"]) == (0.75, 3)
    mixed = asked(record, "2026-07-01 07:30")["cost"]  # one minute at 2, fourteen at 3
    assert mixed["amount"] == pytest.approx((2 + 14 * 3) / 60, abs=1e-6)
    assert mixed["price"] == pytest.approx((2 + 14 * 3) / 15, abs=1e-5)  # the bill is in millionths
    assert before["settings_declared"]


def test_the_decision_is_told_in_words_with_the_settings_of_then(record: Path) -> None:
    done = run(record, "2026-07-01 07:45")
    assert done.exit_code == 0, done.output
    assert "constant, Wed 2026-07-01 07:45:00 (Africa/Johannesburg)" in done.stdout
    assert "inverter: Self-use: sun, then battery down to 1 %, then grid" in done.stdout
    assert "The quarter-hour from 07:45 cost 0.7500 ZAR; a kWh from the grid cost 3 ZAR in it." in done.stdout
    line = next(line for line in done.stdout.splitlines() if "grid.price" in line)
    assert line.split() == ["grid.price", "3", "/kWh", "home", "file,", "2026-07-01", "07:31:00"]
    assert "house.profile" not in done.stdout
    assert "house.profile" in run(record, "2026-07-01 07:45", "--all").stdout


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-07-01 08:00", "nothing is recorded at 2026-07-01 08:00; the record is from 2026-07-01 00:00 to 2026-07-01 08:00"),
        ("2026-06-30 23:59", "nothing is recorded at 2026-06-30 23:59"),
        ("noon", "write 2026-06-21 06:30"),
    ],
)
def test_a_time_of_which_nothing_is_recorded(record: Path, time: str, words: str) -> None:
    done = run(record, time)
    assert done.exit_code != 0
    assert words in str(done.exception or "") + done.output


def test_a_home_without_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = run("nobody", "2026-07-01 08:00")
    assert done.exit_code != 0
