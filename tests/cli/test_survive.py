"""``virtual-devices survive``: the answer, the picture, JSON, errors, and the table that ships."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.answers.outage_homes import AREA, CONSTANT
from virtual_devices.cli import _survival, commands
from virtual_devices.cli._frame import plain
from virtual_devices.cli.survive import SHIPPED_AREA

ROOT = Path(__file__).parents[2]
PICTURE = """\
No: on 1 of 2 days it was dark, for 30 min in all; with 5 kWh never.

constant, as it is, 2.5 kWh: stage 1 in July 2026, 2 days
            0     3     6     9     12    15    18    21      lowest SOC            dark   at 5 kWh
Wed 01 Jul  ░░░░█···········································  ░░░░░░░░░░    0 %   30 min
Thu 02 Jul  ················································  ░░░░░░░░░░    0 %
            · grid there  ░ outage, survived  █ outage, partly dark
"""
TABLE = """\
                      outages  dark  lowest        not  delivered  import   cost  longest  autonomy
                            h     h     SOC  essential    all kWh     kWh    ZAR   dark h
as it is, 2.5 kWh         2.5   0.5     0 %       0.50       0.50    45.5  91.00      0.5       4 %
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home.yaml").write_text(CONSTANT, encoding="utf-8")
    (tmp_path / "area.csv").write_text(AREA, encoding="utf-8")
    return tmp_path


def run(folder: Path, *words: object) -> Result:
    given = ["survive", folder / "home.yaml", "--area", folder / "area.csv", *words]
    return CliRunner().invoke(commands, [str(word) for word in given])


def test_the_answer_the_picture_and_the_table(folder: Path) -> None:
    done = run(folder, "--stage", 1, "--month", 7, "--for", "2d")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(PICTURE)
    assert TABLE in done.stdout
    assert done.stdout.endswith(
        "\nin outages without the power they wanted: house 30 min\n"
        "\nnot delivered, of what they take without outages, kWh: house 0.50\n"
    )
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_no_cost_where_nobody_knows_a_price(folder: Path) -> None:
    """A home without a grid is asked about beside itself with one, which has prices of nowhere."""
    home = folder / "cabin.yaml"
    home.write_text("".join(line for line in CONSTANT.splitlines(keepends=True) if not line.startswith("  grid:")), encoding="utf-8")
    done = CliRunner().invoke(commands, ["survive", str(home), "--month", "7", "--for", "1d"])
    assert done.exit_code == 0, done.output
    assert "as it is, with a grid" in done.stdout
    assert "import  longest" in done.stdout
    assert "cost" not in done.stdout


def test_json_says_it_all(folder: Path) -> None:
    done = run(folder, "--stage", 2, "--month", 7, "--for", "1d", "--json")
    assert done.exit_code == 0
    found: dict[str, Any] = json.loads(done.stdout)
    assert list(found) == ["stage", "month", "area", "home", "start", "end", "survives", "answer", "not_covered", "conditions", "cases"]
    assert (found["stage"], found["month"], found["start"], found["survives"]) == (2, "2026-07", "2026-07-01T00:00:00+02:00", False)
    assert [case["case"] for case in found["cases"]] == ["as_it_is", "bigger_battery", "no_battery", "no_outages"]
    assert list(found["cases"][0]) == [
        "case", "title", "battery_kwh", "outage_hours", "dark_hours", "longest_dark_hours", "dark_days", "lowest_soc",
        "unserved_essential_kwh", "unserved_kwh", "hours_without",
        "not_delivered_essential_kwh", "not_delivered_kwh", "loads", "import_kwh", "autonomy", "cost", "currency", "ledger_sha256", "days",
    ]  # fmt: skip
    assert found["cases"][0]["days"] == [
        {"date": "2026-07-01", "outage_hours": 3.0, "dark_hours": 1.0, "lowest_soc": 0.0, "marks": "....#-------------------#" + "-" * 23}
    ]


def test_a_narrow_terminal_gets_a_sign_for_each_hour_and_a_plain_one_ascii(folder: Path) -> None:
    found = json.loads(run(folder, "--stage", 2, "--month", 7, "--for", "1d", "--json").stdout)
    # at noon 5 kWh have 1 % left, which is 2.4 min of 1.25 kW: two steps of thirty
    rows = plain(_survival.picture(found["cases"], 80), "ascii")
    assert ["".join(text for text, _ in row) for row in rows] == [
        "            0  3  6  9  12 15 18 21   lowest SOC            dark   at 5 kWh",
        "Wed 01 Jul  ..#---------#-----------  ..........    0 %    1.0 h     28 min",
        "            - grid there  . outage, survived  # outage, partly dark  ",
    ]
    for width, last in ((100, "autonomy"), (80, "cost"), (40, "dark")):
        rows = _survival.table(found["cases"], width)
        assert rows[0][0][0].split()[-1] == last
        assert max(len(text) for [(text, _)] in rows) <= width


def has_terminals() -> bool:
    """A bare root without /dev/pts has none."""
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_terminals(), reason="there are no pseudo terminals here")
@pytest.mark.parametrize(("term", "escapes"), [("xterm-256color", "some"), ("dumb", "none")])
def test_colours_are_for_terminals_that_have_them(folder: Path, term: str, escapes: str) -> None:
    words = [sys.executable, "-m", "virtual_devices", "survive", "home.yaml", "--area", "area.csv", "--stage", "1", "--month", "7", "--for", "1d"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": term, "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    environment.pop("NO_COLOR", None)
    done = subprocess.run(words, stdout=theirs, stderr=subprocess.PIPE, cwd=folder, env=environment, timeout=60, check=True)
    os.close(theirs)
    text = b""
    while True:
        try:
            text += os.read(ours, 65_536)
        except OSError:  # how Linux says that the other end is closed
            break
    os.close(ours)
    assert done.stderr == b""
    assert (b"\x1b[" in text) == (escapes == "some")
    assert "░░░░".encode() in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stage", 3, "--month", 7), "area.csv; use 1 to 2"),
        (("--stage", 0, "--month", 7), "0 is out of range; write at least 1"),
        (("--stage", 1, "--month", 13), "13 is out of range; write 1 to 12"),
        (("--stage", 1), "--month is missing"),
        (("--stage", 1, "--month", 7, "--for", "32d"), "--for is longer than the month (31 days); leave it out for the whole month"),
        (("--stage", 1, "--month", 7, "--area", "no.csv"), "there is no such file"),
        (("--stage", 1, "--month", 7, "--area", "home.yaml"), "home.yaml, line 1: the heading has no date_of_month"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], said: str
) -> None:
    monkeypatch.chdir(folder)
    done = run(folder, *words)
    assert done.exit_code == 2
    assert said in done.stderr.splitlines()[-1]


def test_a_home_before_solar_is_told_what_a_first_battery_would_do() -> None:
    home = ROOT / "examples" / "before_solar.yaml"
    done = CliRunner().invoke(commands, ["survive", str(home), "--stage", "1", "--month", "7", "--for", "1d"])
    assert done.exit_code == 0
    # its first row: on the first of a month, from 10:00 to 12:30; without an inverter all of it is dark
    assert done.stdout.startswith("No: on 1 of 1 day it was dark, for 2.5 h in all; with a first inverter and a first battery of 5 kWh ")


def test_a_home_with_a_grid_needs_a_stage(folder: Path) -> None:
    assert "--stage is missing" in run(folder, "--month", 7).stderr


def test_the_table_that_ships_is_the_example_and_is_packaged() -> None:
    assert SHIPPED_AREA.read_bytes() == (ROOT / "examples" / "load_shedding_area.csv").read_bytes()
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["virtual_devices.supply"]
    assert SHIPPED_AREA.name in [path.name for pattern in packaged for path in (ROOT / "virtual_devices" / "supply").glob(pattern)]


def test_without_a_table_the_shipped_one_is_asked(folder: Path) -> None:
    words = ["survive", str(folder / "home.yaml"), "--month", "7", "--for", "1d"]
    done = CliRunner().invoke(commands, [*words, "--stage", "9"])
    assert done.stderr == "error: --stage 9 is not in load_shedding_area.csv; use 1 to 8\n"
    # its first row: on the first of a month, from 10:00 to 12:30 at stage 1
    found = json.loads(CliRunner().invoke(commands, [*words, "--stage", "1", "--json"]).stdout)
    assert found["area"] == "shipped"
    assert found["cases"][0]["days"][0]["marks"].index("#") == 20
    assert found["cases"][0]["outage_hours"] == 2.5


def test_a_table_without_outages_in_that_time_says_yes(folder: Path) -> None:
    (folder / "area.csv").write_text("date_of_month,start_time,finish_time,stage\n2,18:00,20:00,1\n", encoding="utf-8")
    done = run(folder, "--stage", 1, "--month", 7, "--for", "1d")
    assert done.exit_code == 0
    assert done.stdout.startswith("Yes: the grid never goes off in this day.\n")
