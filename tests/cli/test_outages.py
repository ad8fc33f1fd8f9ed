"""``outages compile`` and ``outages show``, run as their owner runs them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from virtual_devices.cli import commands

EXAMPLES = Path(__file__).parents[2] / "examples"
TABLES = (str(EXAMPLES / "load_shedding_area.csv"), "--stages", str(EXAMPLES / "load_shedding_stages.csv"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["outages", *arguments])


def test_the_same_tables_give_the_same_file(tmp_path: Path) -> None:
    out = tmp_path / "off.ics"
    done = run("compile", *TABLES, "--weekly", "-o", str(out))
    assert (done.exit_code, done.output) == (0, f"{out}: 19 outages, 49.5 hours without grid every week\n")
    assert out.read_bytes() == (EXAMPLES / "load_shedding.ics").read_bytes()
    assert run("compile", *TABLES, "--weekly").stdout_bytes == out.read_bytes()
    assert b"RRULE" not in run("compile", *TABLES).stdout_bytes
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside it"


def test_a_file_is_shown_as_a_grid_would_have_it() -> None:
    file = str(EXAMPLES / "load_shedding.ics")
    done = run("show", file, "--from", "2026-07-07", "--for", "1d")
    assert done.exit_code == 0
    assert done.output.splitlines()[2:] == [
        "Tue 2026-07-07 06:00:00  Tue 2026-07-07 08:30:00  2",
        "Tue 2026-07-07 16:00:00  Tue 2026-07-07 16:30:00  4",
        "Tue 2026-07-07 22:00:00  Wed 2026-07-08 02:30:00  4",
    ]
    listed = json.loads(run("show", file, "--from", "2026-07-07", "--for", "12h", "--json").output)
    assert listed == [{"start_time": "2026-07-07T06:00:00+02:00", "end_time": "2026-07-07T08:30:00+02:00", "stage": 2}]
    assert run("show", file, "--from", "2026-06-07").output == "no outages\n"
    assert "Fri 2026-08-07 04:00:00" in run("show", file, "--from", "2026-08-07").output, "the week comes again"


def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path) -> None:
    area = tmp_path / "area.csv"
    area.write_text("date_of_month,start_time,finish_time,stage\n1,25:00,26:00,1\n")
    done = run("compile", str(area), *TABLES[1:])
    assert done.exit_code == 2
    assert done.stderr == f"error: {area}, line 2: start_time '25:00' is no time of day; write it like 18:00\n"
    (tmp_path / "off.ics").write_text("BEGIN:VCALENDAR\n")
    done = run("show", str(tmp_path / "off.ics"))
    assert done.exit_code == 2
    assert "line 1: BEGIN:VCALENDAR is never closed" in done.stderr
    for words in (("compile", *TABLES, "--zone", "Mars/Olympus"), ("compile", *TABLES, "-o", str(tmp_path / "gone" / "off.ics"))):
        done = run(*words)
        assert done.exit_code == 2
        assert done.stderr.startswith("error: ")
