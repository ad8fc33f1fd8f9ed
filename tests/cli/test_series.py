"""``simulate --csv``, ``--parquet`` and ``--every``: a run's series in files, and names of ledgers that promise such."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tests.absent import program
from tests.answers.outage_homes import CONSTANT
from virtual_devices.cli import commands

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """1 kW all the time; from midnight to six there is no grid, and the battery bears the first two hours of it."""
    file = tmp_path / "constant.yaml"
    file.write_text(CONSTANT.replace("12:00-18:00", "00:00-06:00"), encoding="utf-8")
    return file


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_line_for_each_quarter_of_an_hour_in_both_times(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    done = run("simulate", home, "--for", "1d", "--csv", file)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{file}: 96 lines of constant\n")
    assert "1440 steps checked" in done.stdout
    found = rows(file.read_text(encoding="utf-8"))
    assert len(found) == 96
    assert [found[0][name] for name in ("start_utc", "end_utc", "start_local", "end_local", "recorded_s")] == [
        "2026-06-30T22:00:00Z", "2026-06-30T22:15:00Z", "2026-07-01T00:00:00+02:00", "2026-07-01T00:15:00+02:00", "900",
    ]  # fmt: skip
    assert all(datetime.fromisoformat(each["start_utc"]) == datetime.fromisoformat(each["start_local"]) for each in found)
    by_hour = {each["start_local"][11:16]: each for each in found}
    first, dark, morning = (by_hour[time] for time in ("00:00", "03:00", "06:00"))
    assert (first["grid_mean_w"], first["battery_mean_w"], first["inverter_mean_w"]) == ("0.000", "1250.000", "1000.000")
    assert (morning["grid_mean_w"], morning["battery_mean_w"], morning["house_low_w"]) == ("1000.000", "0.000", "1000.000")
    assert (dark["house_in_kwh"], dark["house_unserved_kwh"], dark["battery_stored_kwh"]) == ("0.000000", "0.250000", "0.000000")
    assert [float(first[name]) for name in ("battery_stored_kwh", "battery_soc", "grid_connected_seconds")] == [2.1875, 87.5, 0]
    # 2 ZAR a kWh and a kilowatt, as long as there is a grid
    assert [float(each["grid_cost"]) for each in (dark, morning, by_hour["11:45"], found[-1])] == [0, 0.5, 12, 36]


def test_the_same_table_as_of_the_record(home: Path, tmp_path: Path) -> None:
    record, file = tmp_path / "run.sqlite", tmp_path / "hours.csv"
    assert run("simulate", home, "--for", "2d", "--record", record, "--csv", file, "--every", "1h", "--json").exit_code == 0
    done = run("history", record, "--from", "2026-07-01", "--every", "1h", "--csv", "-")
    assert file.read_text(encoding="utf-8") == done.stdout
    assert len(rows(done.stdout)) == 48


def test_on_standard_output_and_the_result_beside(home: Path) -> None:
    done = run("simulate", home, "--for", "1d", "--every", "day", "--csv", "-")
    (day,) = rows(done.stdout)
    assert (day["load_demand_kwh"], day["load_unserved_kwh"], day["battery_discharge_kwh"]) == ("24.000000", "4.000000", "2.500000")
    assert "1440 steps checked, nothing lost" in done.stderr


def test_what_is_kept_meanwhile_is_gone_after(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "meanwhile"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert run("simulate", home, "--for", "1d", "--csv", tmp_path / "a.csv").exit_code == 0
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "constant.yaml", "meanwhile"]


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("--csv", "/nowhere/a.csv"), "error: series /nowhere/a.csv cannot be written: No such file or directory; choose another place with --csv"),
    (("--csv", "/"), "error: series / cannot be written: Is a directory; choose another place with --csv"),
    (("--csv", "a.csv", "--every", "7min"), "error: periods of 7min do not fill a day"),
    (("--every", "1h"), "--every says how fine the series of --csv, --parquet and --openmetrics are; give one of them"),
    (("--csv", "-", "--json"), "--json and --csv - both need standard output"),
    (("--parquet", "-"), "--parquet is no text for standard output; name a file"),
    (("--ledger", "x.csv"), "error: a ledger is written as lines of JSON, which x.csv does not say; call it x.jsonl or x.jsonl.gz. For a table use `simulate --csv FILE`"),
    (("--ledger", "x.jsonl.CSV.gz"), "call it x.jsonl or x.jsonl.gz"),
    (("--ledger", "x.parquet"), "or --parquet FILE"),
    (("--ledger", "x.xlsx"), "`history --csv FILE`"),
]


@pytest.mark.parametrize(("words", "text"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_cannot_be_is_said_before_anything_is_simulated(home: Path, words: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("simulate", home, "--for", "3650d", *words)  # which would last for hours
    assert (done.exit_code, done.stdout) == (2, "")
    assert text in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["constant.yaml"]


def test_up_refuses_such_a_ledger_as_well(home: Path, tmp_path: Path) -> None:
    done = run("up", home, "--ledger", tmp_path / "x.csv", "--state", tmp_path / "state")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "`history --csv FILE`" in done.stderr
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "ledger", "home-0.1", "a.gz", "a.ledger"])
def test_other_names_of_ledgers_are_as_good_as_before(home: Path, tmp_path: Path, name: str) -> None:
    assert run("simulate", home, "--for", "1h", "--ledger", tmp_path / name).exit_code == 0
    assert json.loads(run("audit", tmp_path / name, "--json").stdout)["ok"]


@pytest.mark.parametrize("as_json", [True, False])
def test_series_on_a_full_disk_cost_no_result(home: Path, *, as_json: bool) -> None:
    done = run("simulate", home, "--for", "1d", "--csv", "/dev/full", *(["--json"] if as_json else []))
    assert done.exit_code == 1
    said = "series /dev/full cannot be written: No space left on device; nothing of them is in it"
    assert done.stderr.splitlines() == [f"error: {said}"]
    if as_json:
        assert json.loads(done.stdout)["unwritten"] == [said]
    else:
        assert "1440 steps checked" in done.stdout


def test_a_file_that_stood_there_stands_where_the_new_one_does_not_fit(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("mine")
    text = (
        "import resource, signal; from virtual_devices.cli import main\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from virtual_devices.record.reading import export as series\nmade = series.csv_text\n"
        "def small(table):\n    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n    return made(table)\n"
        f"series.csv_text = small\nmain(['simulate', {str(home)!r}, '--for', '2d', '--csv', {str(file)!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (done.returncode, done.stderr) == (1, f"error: series {file} cannot be written: File too large; nothing of them is in it\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "constant.yaml"]
    assert file.read_text() == "mine"


# -- Parquet -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "option", "said"),
    [
        ("fastparquet", "--parquet", "Parquet needs fastparquet: pip install 'virtual-devices[parquet]'; or take CSV"),
        ("numpy", "--csv", "series need numpy: pip install numpy"),
    ],
)
def test_without_its_library_a_file_is_asked_for_in_words(home: Path, tmp_path: Path, hidden: str, option: str, said: str) -> None:
    text = program((hidden,), "from virtual_devices.cli import main\nmain()\n")
    done = subprocess.run(
        [sys.executable, "-c", text, "simulate", str(home), "--for", "3650d", option, str(tmp_path / "a")],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {said}\n")


def test_parquet_has_what_csv_has(home: Path, tmp_path: Path) -> None:
    fastparquet: Any = pytest.importorskip("fastparquet")
    one, other = tmp_path / "a.parquet", tmp_path / "a.csv"
    done = run("simulate", home, "--for", "2d", "--parquet", one, "--csv", other)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{other}: 192 lines of constant\n{one}: 192 lines of constant\n")
    file = fastparquet.ParquetFile(str(one))
    found, text = file.to_pandas(), pd.read_csv(other)
    assert list(found) == list(text)
    assert str(found["start_utc"].dt.tz) == "UTC"
    assert found["start_local"].dt.tz is None
    assert [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in found["end_utc"]] == list(text["end_utc"])
    assert [f"{each:%Y-%m-%dT%H:%M:%S}+02:00" for each in found["end_local"]] == list(text["end_local"])
    numbers = list(found)[4:]
    pd.testing.assert_frame_equal(found[numbers], text[numbers], check_dtype=False, rtol=1e-6, atol=6e-4)  # W have three digits there
    beside = file.key_value_metadata
    assert (beside["zone"], beside["home"], beside["every"]) == ("Africa/Johannesburg", "constant", "15min")
    units = json.loads(beside["units"])
    assert [units[name] for name in ("house_in_kwh", "house_mean_w", "battery_soc", "grid_cost", "grid_connected_seconds")] == ["kWh", "W", "%", "ZAR", "s"]


@pytest.mark.parametrize("every", ["15min", "1h", "month"])
def test_a_run_that_begins_within_a_quarter_is_all_there(every: str, tmp_path: Path) -> None:
    """Its first quarter of an hour begins before it, and belongs to it."""
    home, record = tmp_path / "constant.yaml", tmp_path / "run.sqlite"
    home.write_text(CONSTANT.replace("07-01", "07-01 00:07", 1), encoding="utf-8")
    done = run("simulate", home, "--for", "1h", "--csv", "-", "--every", every, "--record", record)
    assert sum(int(each["recorded_s"]) for each in rows(done.stdout)) == 3600, done.output
    past = rows(run("history", record, "--csv", "-", "--every", every).stdout)
    assert sum(int(each["recorded_s"]) for each in past) == 3600
    until = rows(run("history", record, "--csv", "-", "--every", every, "--to", "2026-07-01").stdout)
    assert sum(int(each["recorded_s"]) for each in until) == 3600
