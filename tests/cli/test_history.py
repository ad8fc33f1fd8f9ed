"""``virtual-devices history``: what a record says, in a table, as JSON and as CSV; and when, in words."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.answers.outage_homes import CONSTANT
from tests.cli.test_record import play
from tests.record.recorded import home, settled, write
from virtual_devices.cli import commands
from virtual_devices.cli._history import HEAD
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.store.happenings import Happening
from virtual_devices.record.store.writer import RecordWriter

ROOT = Path(__file__).parents[2]
DAY = 86_400
KEPT: dict[str, Any] = {"zone": "Africa/Johannesburg", "step": 60}
OUT_AT_NIGHT = CONSTANT.replace("12:00-18:00", "00:00-06:00")
TABLE = """\
constant, Wed 2026-07-01 00:00 to Wed 2026-07-01 08:00 (Africa/Johannesburg), kWh

       solar   load  import  export  charged  discharged  unserved  curtailed  losses  stored
-----  -----  -----  ------  ------  -------  ----------  --------  ---------  ------  ------
00:00  0.000  1.000   0.000   0.000    0.000       1.250     0.000      0.000   0.250   1.250
01:00  0.000  1.000   0.000   0.000    0.000       1.250     0.000      0.000   0.250   0.000
02:00  0.000  0.000   0.000   0.000    0.000       0.000     1.000      0.000   0.000   0.000
03:00  0.000  0.000   0.000   0.000    0.000       0.000     1.000      0.000   0.000   0.000
04:00  0.000  0.000   0.000   0.000    0.000       0.000     1.000      0.000   0.000   0.000
05:00  0.000  0.000   0.000   0.000    0.000       0.000     1.000      0.000   0.000   0.000
06:00  0.000  1.000   1.000   0.000    0.000       0.000     0.000      0.000   0.000   0.000
07:00  0.000  1.000   1.000   0.000    0.000       0.000     0.000      0.000   0.000   0.000
total  0.000  4.000   2.000   0.000    0.000       2.500     4.000      0.000   0.500   0.000
"""
"""1 kW all the time and an outage from midnight to six, of which the battery bears two hours at 80 %: by hand."""


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the state of this user's homes is kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "virtual-devices"


@pytest.fixture(scope="module")
def constant() -> list[LedgerRecord]:
    """Three days of the home that can be worked out by hand."""
    return settled(parse(OUT_AT_NIGHT), 3 * DAY)


@pytest.fixture
def record(tmp_path: Path, constant: list[LedgerRecord]) -> Path:
    return write(tmp_path / "constant.sqlite", constant, "constant", **KEPT)


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["history", *map(str, words)])


def said(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def wrong(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr.removeprefix("error: ").rstrip()


def result(*words: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said(*words, "--json"))
    return found


def labels(text: str) -> list[str]:
    """The begin of each line, as far as the first number."""
    return [line.split("  ")[0] for line in text.splitlines()[4:]]


def notes(text: str) -> list[str]:
    """The end of each line, behind the last number."""
    return [" ".join(line.split()[len(line[: line.index("  ")].split()) + len(HEAD) :]) for line in text.splitlines()[4:]]


# -- the table ---------------------------------------------------------------------------------------------------------


def test_the_table(record: Path) -> None:
    assert said(record, "--from", "2026-07-01", "--to", "2026-07-01 08:00") == TABLE
    assert max(map(len, TABLE.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "first", "last", "count"),
    [
        ([], "Wed 2026-07-01", "Fri 2026-07-03", 3),
        (["--day", "2026-07-02"], "00:00", "23:00", 24),
        (["--day", "today"], "00:00", "23:00", 24),
        (["--day", "yesterday", "--every", "15min"], "00:00", "23:45", 96),
        (["--day", "2026-07-02", "--every", "day"], "Thu 2026-07-02", "Thu 2026-07-02", 1),
        (["--month", "2026-07"], "Wed 2026-07-01", "Fri 2026-07-03", 3),
        (["--month", "2026-07", "--every", "month"], "2026-07", "2026-07", 1),
        (["--from", "2026-07-02", "--to", "2026-07-02"], "00:00", "23:00", 24),
        (["--from", "yesterday"], "2026-07-02 00:00", "2026-07-03 23:00", 48),
        (["--to", "2026-07-01 06:15"], "00:00", "06:00", 7),
        (["--every", "6h"], "00:00", "18:00", 4),
        (["--every", "month"], "2026-07", "2026-07", 1),
    ],
)
def test_when(record: Path, words: list[str], first: str, last: str, count: int) -> None:
    found = labels(said(record, *words))
    assert (found[0], found[-2], found[-1], len(found)) == (first, last, "total", count + 1)


def test_a_record_of_a_day_is_shown_by_hour_and_a_long_one_by_its_last_30_days(tmp_path: Path, constant: list[LedgerRecord]) -> None:
    day = write(tmp_path / "day.sqlite", [each for each in constant if each.span.end <= constant[0].span.start + DAY], "constant", **KEPT)
    assert len(labels(said(day))) == 25
    month = write(tmp_path / "month.sqlite", settled(home("2026-06-01 06:00"), 40 * DAY), **KEPT)
    found = said(month)
    assert labels(found)[:1] == ["Fri 2026-06-12"]
    assert len(labels(found)) == 31
    assert notes(found) == [*[""] * 29, "until 06:00", ""]
    assert [each["start"][:7] for each in result(month, "--from", "2026-06-01", "--every", "month")["periods"]] == ["2026-06", "2026-07"]


@pytest.mark.parametrize(("start", "hours"), [("2026-03-29 00:00", 23), ("2026-10-25 00:00", 25)])
def test_a_day_is_as_long_as_the_clocks_make_it(tmp_path: Path, start: str, hours: int) -> None:
    of = home(start)
    windows = settled(of, (hours + 1) * 3600)
    path = write(tmp_path / "a.sqlite", windows, zone="Europe/Berlin", step=300)
    day = said(path, "--day", start[:10])
    found = labels(day)
    assert len(found) == hours + 1
    assert not any(notes(day))
    if hours == 23:
        assert found[1:3] == ["01:00", "03:00"]
    else:
        assert found[1:5] == ["01:00", "02:00+02:00", "02:00+01:00", "03:00"]
    (period,) = result(path, "--day", start[:10], "--every", "day")["periods"]
    assert period["recorded"]["seconds"] == hours * 3600
    summary = Summary("berlin")
    for each in windows:
        if each.span.start < of.start + hours * 3600:
            summary.add(each)
    assert {name: each for name, each in period["energy_kwh"].items() if name != "curtailed"} == {
        name: round(each / MJ_PER_KWH, 6) for name, each in summary.totals.items()
    }


def test_what_is_not_covered_is_noted(tmp_path: Path, constant: list[LedgerRecord]) -> None:
    """Recorded from 06:00 on the first day to 20:00 on the third, without two and a half hours of the second."""
    start = constant[0].span.start
    gap = start + DAY + 3 * 3600, start + DAY + 5 * 3600
    there = [
        each for each in constant
        if start + 6 * 3600 <= each.span.start < start + 2 * DAY + 20 * 3600 and not gap[0] <= each.span.start < gap[1]
    ]  # fmt: skip
    path = write(tmp_path / "a.sqlite", there, "constant", **KEPT)
    assert notes(said(path)) == ["from 06:00", "2.0 h skipped", "until 20:00", "2.0 h skipped"]
    assert notes(said(path, "--every", "month")) == ["from 2026-07-01 06:00 until 2026-07-03 20:00, 2.0 h skipped", "2.0 h skipped"]
    assert notes(said(path, "--from", "2026-07-02 02:30", "--to", "2026-07-02 06:15"))[:3] == ["from 02:30", "", "until 06:15"]
    assert labels(said(path, "--day", "2026-07-02"))[2:4] == ["02:00", "05:00"]
    (found,) = result(path, "--day", "2026-07-02", "--every", "day")["periods"]
    assert found["recorded"] == {"start": "2026-07-02T00:00:00+02:00", "end": "2026-07-03T00:00:00+02:00", "seconds": 22 * 3600, "skipped": 7200}


# -- as JSON and as CSV ------------------------------------------------------------------------------------------------


def test_json_says_it_all(record: Path) -> None:
    found = result(record, "--day", "2026-07-01", "--every", "6h")
    assert list(found) == ["home", "run", "file", "zone", "step", "recorded", "every", "periods", "total", "happenings"]
    assert {name: found[name] for name in ("home", "run", "file", "zone", "step", "every")} == {
        "home": "constant", "run": "house", "file": str(record), "zone": "Africa/Johannesburg", "step": 60, "every": "6h",
    }  # fmt: skip
    assert found["recorded"] == {"start": "2026-07-01T00:00:00+02:00", "end": "2026-07-04T00:00:00+02:00"}
    assert [each["start"][11:16] for each in found["periods"]] == ["00:00", "06:00", "12:00", "18:00"]
    assert found["periods"][0] == {
        "start": "2026-07-01T00:00:00+02:00",
        "end": "2026-07-01T06:00:00+02:00",
        "recorded": {"start": "2026-07-01T00:00:00+02:00", "end": "2026-07-01T06:00:00+02:00", "seconds": 21_600, "skipped": 0},
        "energy_kwh": {
            "pv_available": 0, "pv_used": 0, "grid_import": 0, "grid_export": 0, "battery_charge": 0, "battery_discharge": 2.5,
            "load_demand": 6, "load_served": 2, "load_unserved": 4, "losses": 0.5, "curtailed": 0,
        },
        "energy_by_device_kwh": {
            "battery": {"in": 0, "out": 2.5}, "grid": {"in": 0, "out": 0}, "house": {"in": 2, "out": 2}, "inverter": {"in": 2.5, "out": 2.5},
        },
        "energy_by_edge_kwh": {
            "battery>dc_bus": 2.5, "dc_bus>inverter": 2.5, "essential>house": 2, "grid>meter": 0, "house>heat": 2, "inverter>essential": 2,
            "inverter>losses": 0.5, "meter>essential": 0,
        },
        "energy_by_circuit_kwh": {"essential": {"in": {"inverter": 2, "meter": 0}, "out": {"house": 2}}},
        "unserved_kwh": {"house": 4},
        "curtailed_kwh": {},
        "stored_kwh": {"battery": 0},
    }  # fmt: skip
    total = found["total"]
    assert (total["start"], total["end"]) == ("2026-07-01T00:00:00+02:00", "2026-07-02T00:00:00+02:00")
    assert (total["energy_kwh"]["grid_import"], total["energy_kwh"]["load_unserved"], total["unserved_kwh"]) == (18, 4, {"house": 4})


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_csv_has_a_line_for_each_period_and_columns_for_each_device(record: Path, tmp_path: Path) -> None:
    found = rows(said(record, "--day", "2026-07-01", "--every", "12h", "--csv", "-"))
    assert found[0] == {
        "start_utc": "2026-06-30T22:00:00Z", "end_utc": "2026-07-01T10:00:00Z", "start_local": "2026-07-01T00:00:00+02:00",
        "end_local": "2026-07-01T12:00:00+02:00", "recorded_s": "43200",
        "pv_available_kwh": "0.000000", "pv_used_kwh": "0.000000", "grid_import_kwh": "6.000000", "grid_export_kwh": "0.000000",
        "battery_charge_kwh": "0.000000", "battery_discharge_kwh": "2.500000", "load_demand_kwh": "12.000000", "load_served_kwh": "8.000000",
        "load_unserved_kwh": "4.000000", "losses_kwh": "0.500000",
        "battery_in_kwh": "0.000000", "battery_out_kwh": "2.500000", "grid_in_kwh": "0.000000", "grid_out_kwh": "6.000000",
        "house_in_kwh": "8.000000", "house_out_kwh": "8.000000", "inverter_in_kwh": "2.500000", "inverter_out_kwh": "2.500000",
        "house_unserved_kwh": "4.000000", "battery_stored_kwh": "0.000000",
        # two of twelve hours from the battery, six from the grid: means over all of them, lowest and highest minute
        "battery_mean_w": "208.333", "battery_low_w": "0.000", "battery_high_w": "1250.000",
        "grid_mean_w": "500.000", "grid_low_w": "0.000", "grid_high_w": "1000.000",
        "house_mean_w": "666.667", "house_low_w": "0.000", "house_high_w": "1000.000",
        "inverter_mean_w": "166.667", "inverter_low_w": "0.000", "inverter_high_w": "1000.000",
    }  # fmt: skip
    file = tmp_path / "days.csv"
    assert said(record, "--csv", file) == f"{file}: 3 lines of constant\n"
    days = rows(file.read_text())
    assert [each["start_local"] for each in days] == [f"2026-07-0{n}T00:00:00+02:00" for n in (1, 2, 3)]
    assert {name for each in days for name in each} == set(found[0])
    assert wrong(record, "--csv", tmp_path / "nowhere" / "a.csv").startswith(f"{tmp_path / 'nowhere' / 'a.csv'} cannot be written (No such file")


def test_csv_of_a_long_day_tells_its_hours_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "a.sqlite", settled(home("2026-10-25 00:00"), 25 * 3600), zone="Europe/Berlin")
    found = rows(said(path, "--day", "today", "--csv", "-"))
    assert len({each["start_utc"] for each in found}) == len({each["start_local"] for each in found}) == 25
    assert all(datetime.fromisoformat(each["start_utc"]) == datetime.fromisoformat(each["start_local"]) for each in found)
    assert {"geyser_unserved_kwh", "roof_curtailed_kwh", "battery_stored_kwh", "oven_in_kwh"} <= found[0].keys()
    assert not any(name.startswith("never") for name in found[0])


# -- which record ------------------------------------------------------------------------------------------------------


def kept(homes: Path, name: str, run: str, windows: Iterable[LedgerRecord]) -> Path:
    folder = homes / name / "home"
    folder.mkdir(parents=True, exist_ok=True)
    return write(folder / f"{run}.sqlite", windows, name, run, **KEPT)


def test_a_home_stands_for_its_newest_record_and_another_has_to_be_named(homes: Path, constant: list[LedgerRecord]) -> None:
    assert wrong().startswith(f"there is no record in {homes}; name a record")
    first = kept(homes, "constant", "abc1", constant[:30])
    second = kept(homes, "constant", "abd2", constant[:40])
    for words in ([], ["constant"], [homes / "constant"], ["--state", homes / "constant"]):
        assert result(*words)["file"] == str(second)
    assert result("--run", "abc1")["file"] == result("constant", "--run", "abc")["file"] == str(first)
    assert wrong("--run", "ab") == "several runs begin with 'ab': abc1, abd2; write more of it"
    assert wrong("--run", "xyz") == "there is no record of run 'xyz'; known: abc1, abd2"
    kept(homes, "berlin", "efg", constant[:2])
    assert wrong() == "there are records of berlin, constant; name one of these homes"
    assert wrong("berln") == "'berln' is neither a record, nor a folder or a home that has any; did you mean 'berlin'?"
    assert result("berlin")["run"] == "efg"


def test_a_home_while_it_runs_and_after(tmp_path: Path) -> None:
    state = tmp_path / "state"
    meanwhile: list[dict[str, Any]] = []
    play(tmp_path, state, "busy", 90, lambda _: meanwhile.append(result("--state", state)))
    (before,), after = meanwhile, result("busy", "--state", state)
    assert (before["home"], before["zone"], before["step"]) == (after["home"], after["zone"], after["step"]) == ("busy", "Africa/Johannesburg", 60)
    assert 0 < before["total"]["recorded"]["seconds"] < after["total"]["recorded"]["seconds"] == 90 * 60
    assert (after["every"], [each["start"][11:16] for each in after["periods"]]) == ("1h", ["08:00", "09:00"])
    assert after["total"]["energy_by_device_kwh"]["oven"]["in"] > 0
    assert wrong("idle", "--state", state).startswith(f"there is no record of home idle in {state}")


def test_the_record_of_a_simulation(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(CONSTANT, encoding="utf-8")
    file = tmp_path / "run.sqlite"
    done = CliRunner().invoke(commands, ["simulate", str(tmp_path / "home.yaml"), "--for", "2d", "--record", str(file), "--json"])
    assert done.exit_code == 0, done.output
    simulated = json.loads(done.stdout)
    found = result(file)
    assert found["total"]["energy_kwh"] == simulated["energy_kwh"] | {"curtailed": 0}
    assert found["total"]["energy_by_device_kwh"] == simulated["energy_by_device_kwh"]
    assert (found["periods"][0]["start"], found["periods"][-1]["end"]) == (simulated["start"], simulated["end"])


# -- what the pages show -----------------------------------------------------------------------------------------------


@pytest.fixture
def cape_town(homes: Path) -> Path:
    """The example, from its start to midnight, where `up` would have put it."""
    folder = homes / "cape_town" / "home"
    folder.mkdir(parents=True)
    words = ["simulate", ROOT / "examples" / "cape_town.yaml", "--for", "17h30min", "--record", folder / "house.sqlite", "--json"]
    assert CliRunner().invoke(commands, [str(word) for word in words]).exit_code == 0
    return folder / "house.sqlite"


def blocks(page: str, language: str = "") -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for spoken, text in found if spoken == language]


def part_of(some: Any, whole: Any) -> bool:
    if isinstance(some, dict):
        return all(name in whole and part_of(each, whole[name]) for name, each in some.items())
    return bool(some == whole)


def test_the_tours_table(cape_town: Path) -> None:
    (shown,) = [block for block in blocks("docs/tour.md") if block.startswith("$ virtual-devices history ")]
    command, _, table = shown.partition("\n")
    assert said(*command.split()[3:]) == table


def test_the_pages_json_and_program(cape_town: Path, tmp_path: Path) -> None:
    (part,) = blocks("docs/history.md", "json")
    whole = result("cape_town", "--every", "6h")["periods"][0]
    assert part_of(json.loads(part), whole)
    assert json.loads(part).keys() == whole.keys()
    (program,) = blocks("docs/history.md", "python")
    cape_town.rename(tmp_path / "winter.sqlite")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cape_town Africa/Johannesburg (1782016200, 1782079200) ('garden_lights', 'geyser', ")


# -- what cannot be answered -------------------------------------------------------------------------------------------

THERE_IS = "the record is from 2026-07-01 00:00 to 2026-07-04 00:00 (Africa/Johannesburg)"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--day", "2026-06-30"], f"nothing is recorded from 2026-06-30 00:00 to 2026-07-01 00:00; {THERE_IS}"),
        (["--month", "2027-07"], f"nothing is recorded from 2027-07-01 00:00 to 2027-08-01 00:00; {THERE_IS}"),
        (["--from", "2026-07-04"], f"there is no time from 2026-07-04 00:00 to 2026-07-04 00:00; {THERE_IS}"),
        (["--from", "2026-07-03", "--to", "2026-07-01"], f"there is no time from 2026-07-03 00:00 to 2026-07-02 00:00; {THERE_IS}"),
        (["--day", "2026-06-31"], "'2026-06-31' is no date (day is out of range for month); write 2026-06-21, today or yesterday"),
        (["--day", "21.6.2026"], "'21.6.2026' is no date; write 2026-06-21, today or yesterday"),
        (["--day", "0001-01-01"], "'0001-01-01' is too far away; use the years 1970 to 2199"),
        (["--day", "9999-12-31"], "'9999-12-31' is too far away; use the years 1970 to 2199"),
        (["--month", "2026-13"], "'2026-13' is no month; write 2026-06"),
        (["--month", "July"], "'July' is no month; write 2026-06"),
        (["--from", "noon"], "'noon' is no time; write 2026-06-21 06:30 (local time), or add Z or +02:00; or write 2026-06-21, today or yesterday"),
        (["--to", "2026-07-01 06:20"], "2026-07-01 06:20 is within a quarter of an hour; write 2026-07-01 06:15 or 2026-07-01 06:30"),
        (["--every", "week"], "'week' is no period; use 15min, 30min, 1h, 2h, 3h, 4h, 6h, 8h, 12h, day or month"),
    ],
)
def test_errors_say_what_to_write(record: Path, words: list[str], text: str) -> None:
    assert wrong(record, *words) == text


@pytest.mark.parametrize("words", [["--json", "--csv", "-"], ["--day", "today", "--month", "2026-07"], ["--day", "today", "--to", "today"]])
def test_what_excludes_each_other(record: Path, words: list[str]) -> None:
    done = run(record, *words)
    assert done.exit_code == 2
    assert "give one" in done.stderr


def test_what_is_no_record_or_empty(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("nothing")
    assert wrong(text).startswith(f"{text} cannot be read (it is no database)")
    assert wrong(tmp_path / "none.sqlite").startswith(f"{str(tmp_path / 'none.sqlite')!r} is neither a record")
    empty = write(tmp_path / "empty.sqlite", [])
    assert wrong(empty) == f"{empty} has nothing recorded yet: no window was settled"


# -- what happened ------------------------------------------------------------------------------------------------------


def test_what_happened_is_told_below_the_table(homes: Path, constant: list[LedgerRecord], tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    begin = constant[0].span.start
    writer = RecordWriter(path, "constant", constant[0].run, KEPT)
    for record in constant:
        writer.book(record)
    writer.happened(Happening(begin, "grid", "outage", {}))
    writer.happened(Happening(begin + 3600, "inverter", "decision", {"decision": "island"}))
    writer.happened(Happening(begin + 7200, "oven", "command", {"changes": {"mode": "on"}, "by": "anna"}))
    writer.happened(Happening(begin + 7260, "oven", "refusal", {"text": "there is no setting heat", "about": "oven/set"}))
    writer.happened(Happening(begin + 21600, "grid", "grid back", {}))
    writer.write(sync=True)
    writer.close()
    lines = run(path, "--day", "2026-07-01").stdout.splitlines()
    assert lines[lines.index("", 2) + 1 :] == [
        "2026-07-01 00:00:00  grid  outage",
        "2026-07-01 02:00:00  oven  command  mode = 'on', by anna",
        "2026-07-01 02:01:00  oven  refusal  there is no setting heat",
        "2026-07-01 06:00:00  grid  grid back",
    ]
    told = json.loads(run(path, "--day", "2026-07-01", "--json").stdout)["happenings"]
    assert [each["kind"] for each in told] == ["outage", "decision", "command", "refusal", "grid back"]
    assert told[2] == {"time": "2026-07-01T02:00:00+02:00", "device": "oven", "kind": "command", "what": {"changes": {"mode": "on"}, "by": "anna"}}
    assert "outage" not in run(path, "--from", "2026-07-01 00:30", "--to", "2026-07-01 05:00").stdout
