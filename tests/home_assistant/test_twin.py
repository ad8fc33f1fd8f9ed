"""A twin: what an Energy dashboard knows of a simulated home gives the home back; too little is refused in words."""

from __future__ import annotations

import itertools
import json
import sqlite3
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from tests.home_assistant.cottage import HOME
from tests.home_assistant.recorder import SCHEMA
from virtual_devices.cli import commands
from virtual_devices.home_assistant.past.making import simulated
from virtual_devices.home_assistant.past.samples import Samples
from virtual_devices.home_assistant.twin import making
from virtual_devices.home_assistant.twin.asking import Heard, per_kwh
from virtual_devices.home_assistant.twin.home_file import names_of, slug
from virtual_devices.home_assistant.twin.hours import HouseHours, hours_of
from virtual_devices.home_assistant.twin.making import brightest, twin_of
from virtual_devices.home_assistant.twin.preferences import Meters, Price, Storage, meters_of
from virtual_devices.home_assistant.twin.storing import battery_of
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse

HOUR, DAY = 3600, 86_400
END = 1_795_910_400
"""29 November 2026, midnight in UTC."""
CONFIG = {"latitude": -33.92, "longitude": 18.42, "elevation": 10, "time_zone": "Africa/Johannesburg", "currency": "ZAR", "location_name": "Our House"}
METERS = Meters(("import",), ("export",), ("sun",), (Storage("charge", "discharge", "soc"),), {"sun": "South side"}, Price(3.84))
OF = {"import": ("grid", "import_energy"), "export": ("grid", "export_energy"), "sun": ("roof", "energy"), "charge": ("battery", "charge_energy"), "discharge": ("battery", "discharge_energy")}
Rows = dict[str, list[dict[str, Any]]]


def rows_of(samples: Samples, begin: int) -> Rows:
    """As Home Assistant answers for the meters."""
    found: Rows = {}
    for name, key in OF.items():
        shown = [0.0, *(each.last for each in samples[key][3::4])]
        found[name] = [{"start": 1000 * (begin + HOUR * number), "change": later - sooner} for number, (sooner, later) in enumerate(itertools.pairwise(shown))]
    soc = samples["battery", "soc"]
    hours = [soc[number : number + 4] for number in range(0, len(soc), 4)]
    found["soc"] = [
        {"start": 1000 * hour[0].start, "mean": sum(each.mean for each in hour) / 4, "min": min(each.low for each in hour), "change": None} for hour in hours
    ]
    return found


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    file = tmp_path_factory.mktemp("home") / "cottage.yaml"
    file.write_text(HOME)
    return rows_of(simulated(file, 30, END, step=300)[1], END - 30 * DAY)


def told(rows: Mapping[str, Sequence[Mapping[str, Any]]], meters: Meters = METERS) -> Heard:
    return Heard("http://127.0.0.1", meters, rows, CONFIG, 3.84, None)


def test_a_twin_of_a_home_is_the_home(rows: Rows) -> None:
    made = twin_of(told(rows), None, "twin", END - 30 * DAY, END)
    home = parse(made.files["twin.yaml"], "twin.yaml")
    assert (home.name, home.site.latitude, home.site.zone) == ("our_house", -33.92, "Africa/Johannesburg")
    assert made.found.roofs["south_side"].capacity == pytest.approx(4.0, rel=0.05)
    assert made.found.battery is not None
    assert made.found.battery.capacity == pytest.approx(8.0, rel=0.1)
    assert made.found.battery.efficiency == pytest.approx(0.97, abs=0.015)
    assert made.found.battery.reserve == pytest.approx(20, abs=1)
    assert home.entry("grid").declared["price"] == 3.84
    for name, each in made.compared.items():
        assert each.twin == pytest.approx(each.house, abs=0.1 + 0.05 * each.house), name
    assert made.compared["production"].wrong < 0.5
    assert made.compared["import"].wrong < 0.7


def test_without_a_state_of_charge_the_battery_is_what_is_used_of_it(rows: Rows) -> None:
    meters = Meters(("import",), ("export",), ("sun",), (Storage("charge", "discharge"),), {})
    battery = battery_of(hours_of(rows, meters, END - 30 * DAY, END))
    assert battery is not None
    assert battery.capacity == pytest.approx(8 * 0.8, rel=0.1)  # it keeps 20 %
    assert battery.reserve is None


def test_hours_that_a_meter_lacks_are_left_out_and_counted(rows: Rows) -> None:
    gap = {**rows, "import": [row for number, row in enumerate(rows["import"]) if not 100 <= number < 124]}
    hours = hours_of(gap, METERS, END - 30 * DAY, END)
    assert (hours.missing, len(hours.known)) == (24, 720)
    with pytest.raises(ConfigurationError, match=r"168 hours, is needed in which every meter counts, and there are 100 \(import 100, export 720"):
        hours_of({**rows, "import": rows["import"][:100]}, METERS, END - 30 * DAY, END)


def test_a_meter_that_falls_or_leaps_is_not_believed(rows: Rows) -> None:
    wrong = {**rows, "sun": [{**row, "change": -500.0 if number == 50 else 5e6 if number == 60 else row["change"]} for number, row in enumerate(rows["sun"])]}
    assert hours_of(wrong, METERS, END - 30 * DAY, END).missing == 2


def test_preferences_of_both_forms_are_understood() -> None:
    battery = {"type": "battery", "stat_energy_from": "out", "stat_energy_to": "in", "stat_soc": "soc", "capacity": 10.0}
    sun = {"type": "solar", "stat_energy_from": "pv", "name": "South"}
    new = [{"type": "grid", "stat_energy_from": "a", "stat_energy_to": "b", "entity_energy_price": "sensor.price", "number_energy_price": None}, battery, sun]
    old = [
        {"type": "grid", "flow_from": [{"stat_energy_from": "a", "entity_energy_price": "sensor.price", "number_energy_price": None}], "flow_to": [{"stat_energy_to": "b"}]},
        battery, sun,
    ]  # fmt: skip
    for sources in (new, old):
        found = meters_of({"energy_sources": sources}, "http://x")
        assert (found.imports, found.exports, found.solar, found.batteries) == (("a",), ("b",), ("pv",), (Storage("in", "out", "soc", 10.0),))
        assert found.price == Price(None, "sensor.price")
        assert found.counters == ("a", "b", "pv", "in", "out")
    with pytest.raises(ConfigurationError, match="does not know the grid; open Settings, Dashboards, Energy"):
        meters_of({"energy_sources": [sun]}, "http://x")


def test_a_house_with_a_meter_only_is_one_too(rows: Rows) -> None:
    made = twin_of(told(rows, Meters(("import",), (), (), (), {})), "plain", "twin", END - 30 * DAY, END)
    assert set(made.files) == {"twin.yaml", "twin_household.csv"}
    home = parse(made.files["twin.yaml"], "twin.yaml")
    assert [each.kind for each in home.devices if each.name in ("battery", "roof")] == []
    assert made.compared["import"].twin == pytest.approx(made.compared["import"].house, rel=0.01)


def test_the_months_that_tell_most_are_the_brightest() -> None:
    made = np.concatenate([np.full(720, value) for value in (1.0, 3.0, 2.0)])
    assert [part.start for part in brightest(made, np.ones(2160, np.bool_))] == [720, 1440]
    assert brightest(made[:200], np.ones(200, np.bool_)) == [slice(0, 200)]


def test_names_are_made_of_what_owners_call_things() -> None:
    assert slug("Südhaus & Co", "twin") == "s_dhaus_co"
    assert slug("12 Oak Street", "twin") == "twin"
    assert names_of(["a", "b", "c"], {"a": "Garage", "b": "Garage", "c": "Grid"}) == {"a": "garage", "b": "roof_2", "c": "roof_3"}


def test_a_battery_that_nobody_used_is_none() -> None:
    zero = np.zeros(200)
    hours = HouseHours(END, np.ones(200, np.bool_), {}, zero, zero, zero, zero, np.full(200, np.nan), np.full(200, np.nan))
    assert battery_of(hours) is None
    assert making._roofs(hours, None, {}) == {}  # type: ignore[arg-type]


def test_the_verb_says_what_it_lacks(tmp_path: Path) -> None:
    token = tmp_path / "token"
    for words, said in (
        ([], "say whose house it is"),
        (["--url", "http://127.0.0.1:1"], "wants a token"),
        (["--url", "http://127.0.0.1:1", "--token-file", str(token)], "cannot be read"),
        (["--url", "http://127.0.0.1:1", "--name", "My House"], "is no name of a home"),
    ):
        done = CliRunner().invoke(commands, ["ha", "twin", *words])
        assert done.exit_code != 0
        assert said in done.output + str(done.exception)
    token.write_text("\n")
    done = CliRunner().invoke(commands, ["ha", "twin", "--url", "http://127.0.0.1:1", "--token-file", str(token)])
    assert "is empty" in done.output
    token.write_text("abc\n")
    done = CliRunner().invoke(commands, ["ha", "twin", "--url", "http://127.0.0.1:1", "--token-file", str(token)])
    assert "no Home Assistant answers at http://127.0.0.1:1" in done.output


def test_files_are_written_beside_each_other(tmp_path: Path, rows: Rows) -> None:
    made = twin_of(told(rows, Meters(("import",), ("export",), ("sun",), (), {})), "plain", "mine", END - 30 * DAY, END)
    assert set(made.files) == {"mine.yaml", "mine_household.csv", "mine_weather.json"}


def test_a_folder_tells_what_a_running_one_does(tmp_path: Path, rows: Rows) -> None:
    """What `ha history` has written into a database is read from there again."""
    storage, database = tmp_path / ".storage", tmp_path / "home-assistant_v2.db"
    storage.mkdir()
    home = tmp_path / "cottage.yaml"
    home.write_text(HOME)
    with closing(sqlite3.connect(tmp_path / "empty.db")) as empty, empty:
        empty.executescript(SCHEMA)
        empty.execute("INSERT INTO schema_changes (schema_version) VALUES (50)")
    words = ["history", str(home), "--days", "8", "--until", "2026-11-29", "--step", "5min", "--database", str(tmp_path / "empty.db"), "--out", str(database)]
    done = CliRunner().invoke(commands, ["ha", *words])
    assert done.exit_code == 0, done.output
    (storage / "core.config").write_text(json.dumps({"data": CONFIG}))
    twin = ["ha", "twin", "--config", str(tmp_path), "--until", "2026-11-29", "--out", str(tmp_path / "twin.yaml")]
    assert "it has no Energy dashboard" in CliRunner().invoke(commands, twin).output
    grid = {"type": "grid", "stat_energy_from": "sensor.cottage_grid_import_energy", "stat_energy_to": "sensor.cottage_grid_export_energy", "entity_energy_price": "sensor.cottage_grid_cost"}
    sun = {"type": "solar", "stat_energy_from": "sensor.cottage_roof_energy"}
    store = {
        "type": "battery", "stat_energy_from": "sensor.cottage_battery_discharge_energy", "stat_energy_to": "sensor.cottage_battery_charge_energy",
        "stat_soc": "sensor.cottage_battery_soc",
    }  # fmt: skip
    (storage / "energy").write_text(json.dumps({"data": {"energy_sources": [grid, sun, store]}}))
    done = CliRunner().invoke(commands, twin)
    assert done.exit_code == 0, done.output
    assert "of 192 hours" in done.output
    assert "kWh a day" in done.output
    assert "is there already; choose another place with --out, or --force" in CliRunner().invoke(commands, twin).output
    backup = tmp_path / "backup.tar"
    with tarfile.open(tmp_path / "homeassistant.tar.gz", "w:gz") as inner:
        for path in (storage, database):
            inner.add(path, f"data/{path.name}")
    (tmp_path / "backup.json").write_text('{"compressed": true, "protected": false}')
    with tarfile.open(backup, "w") as outer:
        for name in ("backup.json", "homeassistant.tar.gz"):
            outer.add(tmp_path / name, f"./{name}")
    again = CliRunner().invoke(commands, ["ha", "twin", "--backup", str(backup), "--until", "2026-11-29", "--out", str(tmp_path / "again.yaml")])
    assert (again.exit_code, str(backup) in again.output) == (0, True), again.output
    assert (tmp_path / "again_household.csv").read_bytes() == (tmp_path / "twin_household.csv").read_bytes()
    checked = CliRunner().invoke(commands, ["check", str(tmp_path / "twin.yaml")])
    assert checked.exit_code == 0, checked.output


def test_prices_are_of_a_kwh() -> None:
    assert per_kwh("120.5", {"unit_of_measurement": "EUR/MWh"}) == pytest.approx(0.1205)
    assert per_kwh("0.3", {"unit_of_measurement": "EUR/kWh"}) == 0.3
    assert per_kwh("unavailable", {}) is None
    assert per_kwh("nan", {}) is None
