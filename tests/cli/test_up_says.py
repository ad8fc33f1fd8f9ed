"""What ``up`` warns of at a start, and what its result says of files that end and loads that had no power."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.supply.calendars import calendar, event
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker

HOME = """\
home: NAME
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-06-01 00:00, step: 15 min, speed: max}
devices:
  grid: {outage_calendar: c.ics, price_series: p.json, currency: EUR}
  tv: {mode: schedule, schedule: "00:50-03:00", rated_power: 100 W}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "c.ics").write_text(calendar(event("DTSTART:20260601T010000Z", "DTEND:20260601T020000Z")))
    (tmp_path / "p.json").write_text('[{"start": "2026-06-01T00:00:00Z", "end": "2026-06-01T03:00:00Z", "value": 0.1}]')
    return tmp_path


def up(folder: Path, name: str, *words: object, text: str = HOME) -> Result:
    file = folder / f"{name}.yaml"
    file.write_text(text.replace("NAME", name), encoding="utf-8")
    return CliRunner().invoke(commands, ["up", str(file), "--json", *map(str, words)])


@pytest.mark.parametrize("words", [(), ("--isolate",)], ids=["one process", "isolated"])
def test_the_result_says_what_simulate_says(folder: Path, words: tuple[str, ...]) -> None:
    name = "isolated" if words else "together"
    done = up(folder, name, "--for", "5h", *words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    # of 00:00 to 05:00 the calendar is over from 02:00 on and the prices from 03:00
    assert found["not_covered"] == [
        {
            "device": "grid", "file": "c.ics", "begins": None, "ends": "2026-06-01T02:00:00+00:00",
            "otherwise": "no outage is planned", "hours": 3.0,
        },
        {
            "device": "grid", "file": "p.json", "begins": "2026-06-01T00:00:00+00:00", "ends": "2026-06-01T03:00:00+00:00",
            "otherwise": "the base price holds", "hours": 2.0,
        },
    ]  # fmt: skip
    assert found["loads"] == {"tv": {"without_power_hours": 1.0, "longest_without_power_hours": 1.0, "unserved_kwh": 0.1}}
    simulated = json.loads(CliRunner().invoke(commands, ["simulate", str(folder / f"{name}.yaml"), "--for", "5h", "--json"]).stdout)
    assert {key: simulated[key] for key in ("not_covered", "loads")} == {key: found[key] for key in ("not_covered", "loads")}
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert "tv.schedule: 00:50:00 falls between two steps of 900 s" in line


def test_a_home_that_begins_now_is_judged_from_the_full_hour(folder: Path, broker: Broker) -> None:
    # whatever the time is: a start that nobody chose makes no time of the day one to warn of
    text = HOME.replace("outage_calendar: c.ics, price_series: p.json, ", "").replace("15 min", "STEP")
    for step, warned in (("1 s", 0), ("15 min", 1)):
        name = f"now_{len(step)}"
        done = up(folder, name, "--broker", broker.endpoint.url, "--speed", "3600", "--for", "15 min", text=text.replace("STEP", step))
        assert done.exit_code == 0, done.output
        assert done.stderr.count("warning: ") == warned, done.stderr


def day(start: str, price: float) -> str:
    """A day's prices from a UTC time on."""
    begins = datetime.fromisoformat(start)
    hours = [begins + timedelta(hours=number) for number in range(25)]
    return json.dumps([{"start": one.isoformat(), "end": two.isoformat(), "value": price} for one, two in pairwise(hours)])


def test_a_home_goes_on_with_the_prices_of_where_it_goes_on(folder: Path) -> None:
    """The file is overwritten day by day, as sensors of dynamic prices have it."""
    text = HOME.replace("outage_calendar: c.ics, ", "price: 9, ").replace("rated_power: 100 W", "rated_power: 1 kW").replace("mode: schedule", "mode: on")
    prices = folder / "p.json"
    prices.write_text(day("2026-06-01T00:00:00+00:00", 0.1))
    assert json.loads(up(folder, "rolling", "--for", "24h", text=text).stdout)["cost"]["import"] == pytest.approx(2.4)
    prices.write_text(day("2026-06-02T00:00:00+00:00", 0.2))
    going_on = up(folder, "rolling", "--for", "24h", text=text)
    assert going_on.exit_code == 0, going_on.output
    assert json.loads(going_on.stdout)["cost"]["import"] == pytest.approx(2.4 + 4.8)
    assert "p.json" not in going_on.stderr
    behind = up(folder, "rolling", "--for", "1h", text=text)
    assert behind.exit_code == 0, behind.output
    assert "grid: p.json: has 24 prices from 2026-06-02 00:00 to 2026-06-03 00:00, which is over; zones and base price hold" in behind.stderr
    assert json.loads(behind.stdout)["cost"]["import"] == pytest.approx(2.4 + 4.8 + 9)


def test_a_fresh_home_still_needs_prices_for_its_start_and_gives_up_no_run_for_that(folder: Path) -> None:
    text = HOME.replace("outage_calendar: c.ics, ", "")
    assert up(folder, "kept", "--for", "1h", text=text).exit_code == 0
    (folder / "p.json").write_text(day("2026-06-02T00:00:00+00:00", 2))
    refused = up(folder, "kept", "--fresh", text=text)
    assert refused.exit_code == 2
    assert "kept.yaml:5: device grid: p.json: has 24 prices from 2026-06-02 00:00 to 2026-06-03 00:00, but the home starts at" in refused.stderr
    assert up(folder, "other", text=text).exit_code == 2
    assert json.loads(up(folder, "kept", "--for", "1h", text=text).stdout)["start"].startswith("2026-06-01T01:00")
