"""A run of ``vd.Home``: frame, ledger, picture, record."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import virtual_devices as vd
from tests.absent import program
from tests.answers.outage_homes import CONSTANT
from virtual_devices.cli import commands
from virtual_devices.kit.errors import ConfigurationError

OUT_AT_NIGHT = CONSTANT.replace("12:00-18:00", "00:00-06:00")
"""1 kW all the time, and an outage from midnight to six of which the battery bears two hours."""


@pytest.fixture
def meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    folder = tmp_path / "meanwhile"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def home(tmp_path: Path, meanwhile: Path) -> vd.Home:
    (tmp_path / "home.yaml").write_text(OUT_AT_NIGHT, encoding="utf-8")
    return vd.Home.load(tmp_path / "home.yaml")


def simulated(folder: Path, *words: str) -> dict[str, object]:
    done = CliRunner().invoke(commands, ["simulate", str(folder / "home.yaml"), *words, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_frame_is_what_simulate_writes(home: vd.Home, tmp_path: Path) -> None:
    simulated(tmp_path, "--for", "2d", "--csv", str(tmp_path / "a.csv"), "--every", "1h")
    written = pd.read_csv(tmp_path / "a.csv")
    found = home.run("2d").frame(every="1h")
    assert list(found) == list(written)[4:]
    assert str(found.index.tz) == "Africa/Johannesburg"  # type: ignore[attr-defined] # it is an index of times
    assert [each.isoformat() for each in found.index] == list(written["start_local"])
    pd.testing.assert_frame_equal(found.reset_index(drop=True), written[list(found)], check_dtype=False, rtol=1e-6, atol=6e-4)
    # by hand: 1.25 kW of the battery for two hours of a day, four dark ones, and 18 from the grid at 2 ZAR
    day = found.loc["2026-07-01"]
    assert day["battery_mean_w"].tolist() == [1250, 1250] + [0] * 22
    assert day["load_unserved_kwh"].sum() == pytest.approx(4)
    assert day["grid_cost"].iloc[-1] == 36
    assert [found.attrs["units"][name] for name in ("grid_cost", "battery_soc", "house_in_kwh", "recorded_s")] == ["ZAR", "%", "kWh", "s"]
    with pytest.raises(ConfigurationError, match="is no period"):
        home.run("1h").frame(every="often")
    with pytest.raises(ConfigurationError, match="15 is no period"):
        home.run("1h").frame(every=15)  # type: ignore[arg-type] # as somebody writes it


def test_a_run_that_begins_within_a_quarter_of_an_hour_is_all_there(home: vd.Home) -> None:
    run = home.start("2026-07-01 06:07").run("3h")
    found = run.frame()
    assert [f"{time:%H:%M}" for time in (found.index[0], found.index[1], found.index[-1])] == ["06:00", "06:15", "09:00"]
    assert found["recorded_s"].tolist() == [480] + [900] * 11 + [420]
    assert found["house_in_kwh"].sum() == pytest.approx(3)
    assert home.start("2026-07-01 06:07").run("5min").frame()["house_in_kwh"].tolist() == pytest.approx([1 / 12], abs=1e-6)


def test_the_summary_is_what_simulate_finds(home: vd.Home, tmp_path: Path) -> None:
    run = home.run("2d")
    assert json.loads(json.dumps(run.summary.json())) == simulated(tmp_path, "--for", "2d")["findings"]
    bill = run.summary.bill
    assert bill is not None
    assert (bill.amount, bill.currency) == (72, "ZAR")  # 36 kWh at 2 ZAR
    page = run._repr_html_()
    for what, value in (("loads took", "38.00 kWh"), ("imported", "36.00 kWh"), ("bill", "72.00 ZAR"), ("without grid", "12.0 h"), ("dark", "10.0 h")):
        assert re.search(rf">{what}</td><td[^>]*>{re.escape(value)}<", page), (what, page)
    assert repr(run) == "<run of constant from 2026-07-01T00:00 to 2026-07-03T00:00>"


@pytest.mark.parametrize("duration", ["6h", 21_600, timedelta(hours=6)])
def test_how_long_is_said_in_three_ways(home: vd.Home, duration: str | int | timedelta) -> None:
    assert home.run(duration).frame(every="1h")["recorded_s"].sum() == 21_600


@pytest.mark.parametrize("duration", ["soon", 0, -1, True, timedelta(0)])
def test_what_is_no_duration(home: vd.Home, duration: str | int | timedelta) -> None:
    with pytest.raises(ConfigurationError):
        home.run(duration)


def test_the_ledger_is_that_of_simulate(home: vd.Home, tmp_path: Path) -> None:
    result = simulated(tmp_path, "--for", "2d")
    ledger = home.run("2d").ledger
    windows = list(ledger)
    assert (ledger.digest, len(windows)) == (result["ledger_sha256"], result["windows"])
    assert windows[-1].digest == ledger.digest
    assert sum(each.span.steps for each in windows) == 2880
    steps = ledger.frame()
    assert (len(steps), str(steps.dtypes.iloc[0]), str(steps.index[0])) == (2880, "int64", "2026-07-01 00:00:00+02:00")
    assert steps["essential>house"].sum() == 38 * 3_600_000_000  # of two nights in one of which the battery is empty
    assert digest_of(home.set("house.variation", "1 %")) != ledger.digest == digest_of(home)


def digest_of(home: vd.Home) -> str:
    return home.run("2d").ledger.digest


@pytest.mark.filterwarnings("ignore:.*shed_hold")
def test_a_ledger_of_more_than_a_record_keeps_whole_needs_a_file(home: vd.Home, tmp_path: Path) -> None:
    coarse = home.set("clock.step", "900 s")
    with pytest.raises(ConfigurationError, match=r"the last 30 days whole.*ledger="):
        list(coarse.run("40d").ledger)
    for name in ("all.jsonl", "all.jsonl.gz"):
        ledger = coarse.run("40d", ledger=tmp_path / name).ledger
        assert sum(each.span.steps for each in ledger) == 40 * 96
    with pytest.raises(ConfigurationError, match="lines of JSON"):
        coarse.run("40d", ledger=tmp_path / "all.csv")


def test_its_files_live_as_long_as_somebody_has_the_run_or_its_ledger(home: vd.Home, meanwhile: Path, tmp_path: Path) -> None:
    run = home.run("1h")
    record = run.record
    assert record.is_file()
    assert record.is_relative_to(meanwhile)
    ledger = run.ledger
    del run
    gc.collect()
    assert len(list(ledger)) == 1
    del ledger
    gc.collect()
    assert list(meanwhile.iterdir()) == []
    kept = home.run("1h", record=tmp_path / "kept.sqlite")
    assert kept.record == tmp_path / "kept.sqlite"
    del kept
    gc.collect()
    assert (tmp_path / "kept.sqlite").is_file()
    assert list(meanwhile.iterdir()) == []
    with pytest.raises(ConfigurationError, match="cannot be written"):
        home.run("1h", record=tmp_path / "none" / "a.sqlite")


@pytest.mark.filterwarnings("ignore:.*shed_hold")
def test_what_is_hardly_meant_is_warned_of(home: vd.Home) -> None:
    with pytest.warns(UserWarning, match="falls between two steps"):
        home.set({"grid.outages": "12:05-13:00", "clock.step": "900 s"}).run("1h")


def test_the_picture(home: vd.Home, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    made = home.run("2d").plot(every="1h")
    powers, levels = made.axes
    legend = powers.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "no grid", "sun", "from batteries", "from the grid", "to batteries", "to the grid", "load, wanted", "load",
    ]  # fmt: skip
    (load,) = (line for line in powers.get_lines() if line.get_label() == "load")
    assert load.get_ydata()[:8].tolist() == pytest.approx([1, 1, 0, 0, 0, 0, 1, 1])  # type: ignore[union-attr,index] # an array
    assert (powers.get_ylabel(), levels.get_ylabel()) == ("kW", "charge, %")
    made.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_is_asked_for_in_words(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(OUT_AT_NIGHT, encoding="utf-8")
    text = (
        "import virtual_devices as vd\nfrom virtual_devices.kit.errors import ConfigurationError\nrun = vd.Home.load('home.yaml').run('1h')\n"
        "try:\n    run.plot()\nexcept ConfigurationError as error:\n    print(error)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program(("matplotlib",), text)], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.stdout == "a picture needs matplotlib: pip install 'virtual-devices[plots]'\n"
