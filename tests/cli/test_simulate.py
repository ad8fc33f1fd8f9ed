"""``virtual-devices simulate``: options, errors, and going on from where a running home is."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.records import facts_in, lines_in
from tests.stage import SMALL, START, STEP, WEATHER, Stage, small_home, undisturbed
from tests.supply.calendars import calendar, event
from virtual_devices import __version__
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.transfers import GENESIS

KEYS = [
    "home", "start", "end", "steps", "wall_seconds", "windows", "energy_kwh", "energy_by_device_kwh", "loads", "soc", "cost", "not_covered",
    "ledger_sha256", "audit", "conditions", "findings",
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    file = tmp_path / "home.yaml"
    file.write_text(SMALL.replace("HOME", "small"), encoding="utf-8")
    return file


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["simulate", *map(str, words)])


def result_of(*words: object) -> dict[str, Any]:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_nothing_but_the_result_is_on_standard_output(home: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "virtual_devices", "simulate", str(home), "--for", "50min", "--json"],
        capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert list(result) == KEYS
    assert done.stderr == ""
    whole = undisturbed(parse(home.read_text(encoding="utf-8")), 50)
    assert result["ledger_sha256"] == whole.digest
    assert result["energy_kwh"]["load_unserved"] == round(whole.totals["load_unserved"] / 3.6e9, 6) > 0
    assert result["audit"] == {"ok": True, "checked_steps": 50, "problems": []}


def test_a_summary_for_people(home: Path) -> None:
    done = run(home, "--for", "30min")
    assert done.exit_code == 0
    assert "30 steps checked, nothing lost, nothing invented" in done.stdout
    assert done.stdout.splitlines()[0].startswith("small: Sun 21 Jun 2026 08:30 to Sun 21 Jun 2026 09:00, 30 min")
    assert "; 1 step checked, nothing lost" in run(home, "--for", "60s").stdout


def test_what_it_costs_in_its_parts(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(
        "home: small\nsite: {latitude: 0, longitude: 0, time_zone: UTC}\nclock: {start: 2026-06-01 00:00, step: 60 s}\n"
        "devices:\n  grid: {price: 2, currency: EUR, tariff: t.yaml}\n"
        "  tv: {mode: on, rated_power: 100 W}\n"
    )
    (tmp_path / "t.yaml").write_text("vat: 10 %\ncharges: {per_day: 1, per_month: 20}\n")
    result = result_of(tmp_path / "home.yaml", "--for", "2d")
    # 2 for a kWh; two midnights at 1 and the month's at 20; 10 % VAT
    cost, energy = result["cost"], result["energy_kwh"]["grid_import"]
    assert energy >= 4.8
    assert (cost["currency"], cost["export"], cost["fixed"]) == ("EUR", 0, 24.2)
    assert cost["import"] == pytest.approx(energy * 2.2, abs=1e-4)
    assert cost["amount"] == pytest.approx(cost["import"] + 24.2, abs=1e-4)
    shown = run(tmp_path / "home.yaml", "--for", "2d").stdout
    assert re.search(r"^  fixed +24\.20 EUR$", shown, re.MULTILINE)
    assert not re.search(r"^  exported", shown, re.MULTILINE)


def test_start_and_step_instead_of_the_files(home: Path) -> None:
    result = result_of(home, "--for", "1h", "--start", "2026-12-21 12:00", "--step", "30s")
    assert (result["start"], result["end"]) == ("2026-12-21T12:00:00+02:00", "2026-12-21T13:00:00+02:00")
    assert result["steps"] == 120
    assert result["energy_kwh"]["pv_available"] > result_of(home, "--for", "1h")["energy_kwh"]["pv_available"]


def test_settings_instead_of_the_files(home: Path) -> None:
    plain = result_of(home, "--for", "50min")
    same = result_of(home, "--for", "50min", "--set", "oven.rated_power=2 kW")
    assert same["ledger_sha256"] == plain["ledger_sha256"]
    off = result_of(home, "--for", "50min", "--set", "oven.mode=off", "--set", "geyser.mode=off")
    assert off["energy_kwh"]["load_demand"] == 0
    assert off["ledger_sha256"] != plain["ledger_sha256"]


@pytest.mark.parametrize("name", ["ledger.jsonl", "ledger.jsonl.gz"])
def test_the_ledger_it_writes_stands_the_audit(home: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    result = result_of(home, "--for", "50min", "--ledger", file)
    content = file.read_bytes()
    lines = (gzip.decompress(content) if name.endswith(".gz") else content).splitlines()
    assert len(lines) == result["windows"]
    assert json.loads(lines[0])["previous"] == GENESIS
    assert json.loads(lines[-1])["digest"] == result["ledger_sha256"]
    audit = CliRunner().invoke(commands, ["audit", str(file), "--json"])
    assert audit.exit_code == 0
    assert json.loads(audit.stdout)["checked_steps"] == 50


def test_the_record_it_writes_stands_the_audit_and_says_what_it_is_of(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.sqlite"
    result = result_of(home, "--for", "2d", "--record", file)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home.yaml", "run.sqlite"], "in one file"
    facts = facts_in(file)
    assert isinstance(facts.pop("at"), int)
    assert facts == {
        "home": "small", "run": "house", "program": __version__, "broker": None, "home_file": str(home), "zone": "Africa/Johannesburg", "step": 60,
        "latitude": -33.92, "longitude": 18.42, "altitude": 25.0, "seed": 7,
    }  # fmt: skip
    lines = lines_in(file)
    assert len(lines) == result["windows"]
    assert json.loads(lines[0])["previous"] == GENESIS
    assert json.loads(lines[-1])["digest"] == result["ledger_sha256"]
    audit = CliRunner().invoke(commands, ["audit", str(file), "--json"])
    assert audit.exit_code == 0
    assert json.loads(audit.stdout)["checked_steps"] == 2 * 1440


def test_a_record_takes_the_place_of_another_and_of_nothing_else(home: Path, tmp_path: Path) -> None:
    file, link = tmp_path / "run.sqlite", tmp_path / "link.sqlite"
    file.touch()
    link.symlink_to(file)
    first = result_of(home, "--for", "2h", "--record", file)
    second = result_of(home, "--for", "1h", "--record", link)
    assert link.is_symlink()
    assert json.loads(lines_in(file)[-1])["digest"] == second["ledger_sha256"] != first["ledger_sha256"]
    text, other = tmp_path / "ledger.jsonl", tmp_path / "other.sqlite"
    text.write_text("{}")
    with contextlib.closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    wrong = {
        text: f"error: {text} is there already and is no record, so it is not overwritten; name another file, or remove it",
        other: f"error: {other} is a database, but not the record of a home; name another file",
        tmp_path: f"error: {tmp_path} is a folder, where a record cannot be put; name another file",
        Path("/dev/null"): "error: /dev/null is no file, where a record cannot be put; name another file",
        tmp_path / "none" / "run.sqlite": (
            f"error: record {tmp_path / 'none' / 'run.sqlite'} cannot be written: No such file or directory; name another file"
        ),
    }
    before = {path: path.read_bytes() for path in (text, other)}
    for path, said in wrong.items():
        done = run(home, "--for", "1h", "--record", path)
        assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, said)
    assert {path: path.read_bytes() for path in before} == before


WRONG: list[tuple[tuple[str, ...], str]] = [
    (("--for", "1h", "--set", "oven.setpoint=999"), "30 to 300 °C"),
    (("--for", "1h", "--set", "oven.setpiont=100"), "did you mean"),
    (("--for", "1h", "--set", "ovne.setpoint=100"), "did you mean"),
    (("--for", "1h", "--set", "oven.mode=on", "--set", "oven.mode=off"), "given twice"),
    (("--for", "1h", "--set", "roof.sun=battery"), "battery"),
    (("--for", "1h", "--set", "clock.seed=3"), "home file"),
    (("--for", "1h", "--set", "oven"), "device.setting=value"),
    (("--for", "soon"), "soon"),
    (("--for", "0s"), "0s"),
    (("--for", "1h", "--step", "2h"), "too long"),
    (("--for", "1h", "--start", "yesterday"), "yesterday"),
    (("--for", "1h", "--ledger", "/nowhere/ledger.jsonl"), "cannot be written"),
    ((), "--for"),
    (("--for", "1h", "--from", "mqtt://127.0.0.1:1", "--step", "30s"), "--from"),
    (("--for", "1h", "--from", "mqtt://me:secret@127.0.0.1"), "--password-file"),
]


@pytest.mark.parametrize(("words", "text"), WRONG, ids=[" ".join(words) or "nothing" for words, _ in WRONG])
def test_what_its_owner_wrote_wrong_ends_with_2(home: Path, words: tuple[str, ...], text: str) -> None:
    done = run(home, *words, "--json")
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert text in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_file_is_told_with_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text(SMALL.replace("HOME", "small").replace("oven: {", "oven: {setpoint: 999, "), encoding="utf-8")
    done = run(file, "--for", "1h")
    assert done.exit_code == 2
    line = done.stderr.splitlines()[0]
    assert line.startswith(f"error: {file}:11: device oven: ")
    assert run(tmp_path / "none.yaml", "--for", "1h").exit_code == 2


def test_no_broker_to_go_on_from_ends_with_1(home: Path) -> None:
    done = run("--for", "1h", "--from", "mqtt://127.0.0.1:1")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: no broker")


# -- going on from a running home --------------------------------------------------------------------------------------


def play_and_ask(broker: Broker, text: str, before: int, *words: str) -> tuple[Stage, dict[str, Any]]:
    stage = Stage(broker.endpoint, small_home(text))
    stage.start()
    stage.steps(before)
    return stage, result_of("--from", broker.endpoint.url, "--home", stage.home.name, *words)


@pytest.mark.parametrize("text", [SMALL, WEATHER], ids=["sun", "weather"])
def test_it_foresees_what_the_running_home_comes_to(broker: Broker, text: str) -> None:
    stage, foreseen = play_and_ask(broker, text, 17, "--for", "2h")
    with stage:
        assert foreseen["start"] == "2026-06-21T08:47:00+02:00"
        stage.steps(120)
        assert foreseen["ledger_sha256"] == stage.audited().digest == undisturbed(stage.home, 137).digest
        assert foreseen["audit"] == {"ok": True, "checked_steps": 120, "problems": []}
        assert foreseen["soc"]["battery"] == pytest.approx(stage.state("battery")["soc"] / 100, abs=1e-6)
        assert foreseen["cost"]["amount"] == pytest.approx(stage.state("grid")["cost"], abs=1e-4)


def test_the_record_of_what_is_foreseen_begins_behind_the_running_homes_last_window(broker: Broker, tmp_path: Path) -> None:
    file = tmp_path / "foreseen.sqlite"
    stage, foreseen = play_and_ask(broker, SMALL, 17, "--for", "2h", "--record", str(file))
    with stage:
        first, last = json.loads(lines_in(file)[0]), json.loads(lines_in(file)[-1])
        assert (first["span"]["start"], last["digest"]) == (START + 17 * STEP, foreseen["ledger_sha256"])
        assert first["previous"] == undisturbed(stage.home, 17).digest
        assert facts_in(file)["home_file"] is None
        assert CliRunner().invoke(commands, ["audit", str(file)]).exit_code == 0


def test_it_goes_on_with_live_settings_and_waiting_commands(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.steps(3)
        stage.send("oven", "set", {"setpoint": 120})
        stage.send("geyser", "set", {"mode": "off", "at": START + 25 * STEP})
        stage.steps(10)
        foreseen = result_of("--from", broker.endpoint.url, "--home", stage.home.name, "--for", "1h")
        stage.steps(60)
        assert foreseen["ledger_sha256"] == stage.audited().digest != undisturbed(stage.home, 73).digest


def test_a_change_makes_another_future_and_leaves_the_home_alone(broker: Broker) -> None:
    stage, plain = play_and_ask(broker, SMALL, 15, "--for", "1h")
    with stage:
        for _ in range(2):  # who was asked while nobody of the home ran hears what is left, and says what is left to say
            stage.sync()
        before = dict(stage.last)
        words = ("--from", broker.endpoint.url, "--home", stage.home.name, "--for", "1h")
        off = result_of(*words, "--set", "oven.mode=off", "--set", "geyser.mode=off")
        assert off["energy_kwh"]["load_demand"] == 0 < plain["energy_kwh"]["load_demand"]
        stage.sync()
        assert {key: value for key, value in stage.last.items() if key[0] != "_spy"} == {
            key: value for key, value in before.items() if key[0] != "_spy"
        }
        wrong = run(*words, "--set", "oven.setpoint=999")
        assert wrong.exit_code == 2
        assert "30 to 300 °C" in wrong.stderr


def test_a_device_that_is_away_is_not_in_the_future(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.steps(12)
        stage.stop("oven")
        stage.steps(1)
        foreseen = result_of("--from", broker.endpoint.url, "--home", stage.home.name, "--for", "1h")
        stage.steps(60)
        assert foreseen["ledger_sha256"] == stage.audited().digest
        assert "oven" not in foreseen["energy_by_device_kwh"]


def test_a_home_without_a_past_is_told_in_words(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.sync()
        done = run("--for", "1h", "--from", broker.endpoint.url, "--home", stage.home.name)
        assert done.exit_code == 2
        assert "not settled any time yet" in done.stderr


# -- what it warns of, and what it says of files that end ---------------------------------------------------------------

COARSE = """\
home: coarse
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-06-01 00:00, step: STEP}
devices:
  grid: {outages: "18:00-20:30", outage_calendar: c.ics, price_series: p.json, tariff: t.yaml, breaker_trips: true}
  inverter: {use_timer: true, prog2_time: "04:45", prog3_time: "08:00"}
  oven: {schedule: "12:10-12:40"}
events:
  - {at: 2026-06-01 10:05, device: oven, set: {mode: on}}
"""


def coarse(folder: Path, step: str) -> Path:
    quarters = [f"2026-06-01T{hour:02}:{minute:02}:00Z" for hour in range(24) for minute in (0, 15, 30, 45)] + ["2026-06-02T00:00:00Z"]
    prices = [{"start": start, "end": end, "value": number / 100} for number, (start, end) in enumerate(pairwise(quarters))]
    (folder / "p.json").write_text(json.dumps(prices))
    (folder / "c.ics").write_text(calendar(event("DTSTART:20260601T093000Z", "DTEND:20260601T103000Z")))
    (folder / "t.yaml").write_text("feed_in: {zones: [{price: 2, hours: '06:20-07:40'}]}\n")
    file = folder / f"coarse_{step}.yaml"
    file.write_text(COARSE.replace("STEP", step), encoding="utf-8")
    return file


def warnings_of(done: Result) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("warning: ")]


def test_a_coarse_step_is_warned_of_as_check_does_wherever_it_is_said(tmp_path: Path) -> None:
    fine, hourly = coarse(tmp_path, "60s"), coarse(tmp_path, "3600s")
    checked = warnings_of(CliRunner().invoke(commands, ["check", str(hourly)]))
    of_file, of_option = run(hourly, "--for", "1d", "--json"), run(fine, "--for", "1d", "--step", "3600s", "--json")
    assert (of_file.exit_code, of_option.exit_code) == (0, 0)
    assert json.loads(of_option.stdout)["steps"] == 24
    assert warnings_of(of_file) == checked
    assert [line.replace(str(fine), str(hourly)) for line in warnings_of(of_option)] == checked
    assert [line.removeprefix(f"warning: {hourly}:") for line in checked] == [
        "9: the event at 2026-06-01 10:05:00 falls between two steps of 3600 s and counts from the next, 3300 s later; move it, or change step",
        "5: grid.outages: 20:30:00 falls between two steps of 3600 s and counts from the next; move it, or change step or start",
        "7: oven.schedule: 12:10:00, 12:40:00 falls between two steps of 3600 s and counts from the next; move it, or change step or start",
        ("5: device grid: c.ics: 2026-06-01 09:30:00 and 1 more times in a year falls between two steps of 3600 s and counts from the next; "
        "move it, or change step or start"),
        "5: device grid: breaker_reset of 300 s lasts until the next step of 3600 s begins; change that, or step",
        "6: device inverter: its programs begin at 04:45:00, between two steps of 3600 s, and count from the next; move them, or change step or start",
        "6: device inverter: reconnect_delay of 60 s and shed_hold of 300 s last until the next step of 3600 s begins; change that, or step",
    ]
    assert warnings_of(run(fine, "--for", "1d")) == []


def test_what_is_set_and_when_it_starts_is_judged_as_it_is_run(tmp_path: Path) -> None:
    fine = coarse(tmp_path, "60s")
    (line,) = warnings_of(run(fine, "--for", "1d", "--set", "oven.schedule=12:10:30-12:40"))
    assert "oven.schedule: 12:10:30 falls between two steps of 60 s" in line
    # every time lies half a minute beside the steps then: a line for each of those that have times
    found = warnings_of(run(fine, "--for", "1d", "--start", "2026-06-01 00:00:30"))
    assert len(found) == 5
    assert "the event at 2026-06-01 10:05:00" in found[0]


def test_the_result_says_for_how_long_the_base_price_held(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(
        "home: p\nsite: {latitude: 52.5, longitude: 13.4, time_zone: Europe/Berlin}\nclock: {start: 2025-10-25, step: 1h}\n"
        "devices:\n  grid: {price_series: prices.json, currency: EUR, price: 9.99}\n  tv: {mode: on, rated_power: 100 W}\n"
    )
    # two days, the second of 25 hours: the clocks go back
    days = ["2025-10-25T00:00:00+02:00", "2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00"]
    (tmp_path / "prices.json").write_text(json.dumps([{"start": a, "end": b, "value": 0.1} for a, b in pairwise(days)]))
    words = (tmp_path / "home.yaml", "--for", "365d")
    assert result_of(*words)["not_covered"] == [
        {
            "device": "grid", "file": "prices.json", "begins": days[0], "ends": days[2],
            "otherwise": "the base price holds", "hours": 365 * 24 - 49,
        }
    ]  # fmt: skip
    shown = run(*words).stdout
    (schedule,) = warnings_of(run(*words))  # the switchboard that it has instead of an inverter waits for nothing
    assert "tv.schedule: 22:30:00 falls between" in schedule
    line = "prices.json (grid) begins 2025-10-25 00:00 and ends 2025-10-27 00:00: the base price holds for 363.0 days of this run"
    assert line in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    assert result_of(tmp_path / "home.yaml", "--for", "49h")["not_covered"] == []


def test_each_load_is_listed_with_the_time_in_which_it_wanted_power_and_had_none(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text(
        "home: out\nsite: {latitude: 0, longitude: 0, time_zone: UTC}\nclock: {start: 2026-06-01 00:00, step: 60 s}\ndevices:\n"
        '  grid: {outages: "10:00-12:30"}\n  inverter: {}\n  tv: {mode: on, rated_power: 100 W}\n'
        '  lamp: {kind: lights, circuit: non_essential, mode: schedule, schedule: "12:00-14:00", rated_power: 60 W}\n'
        "  shed: {kind: lights, circuit: non_essential, mode: off}\n"
    )
    # without sun and battery nobody has power from 10:00 to 12:30, and beside the inverter for its minute of reconnecting too
    found = result_of(file, "--for", "1d")["loads"]
    assert found["shed"] == {"without_power_hours": 0.0, "longest_without_power_hours": 0.0, "unserved_kwh": 0.0}
    assert found["tv"]["without_power_hours"] == found["tv"]["longest_without_power_hours"]
    assert found["tv"]["without_power_hours"] == pytest.approx(2.5, abs=1 / 60 + 1e-4)
    assert found["tv"]["unserved_kwh"] == pytest.approx(0.1 * found["tv"]["without_power_hours"], abs=1e-5)
    assert found["lamp"]["unserved_kwh"] == pytest.approx(0.06 * found["lamp"]["without_power_hours"], abs=1e-5)
    assert found["lamp"]["without_power_hours"] == pytest.approx(0.5, abs=1 / 60 + 1e-4)
    shown = run(file, "--for", "1d").stdout
    assert re.search(r"^  shed +0\.00 +0\.00 +0\.00 +0\.000$", shown, re.MULTILINE)
    assert re.search(r"^  tv +2\.1\d +2\.5\d +2\.5\d +0\.25\d$", shown, re.MULTILINE)
    assert "unserved: demand while there was no power" in shown
    assert "every load had power when it wanted it" in run(file, "--for", "1h").stdout
