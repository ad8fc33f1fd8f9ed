"""A past: what a record says is what the home showed, seams do not jump, and who writes twice writes once."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.home_assistant.recorder import SCHEMA
from virtual_devices.answers import simulate
from virtual_devices.cli import commands
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.past import database, making, tables
from virtual_devices.home_assistant.past.hours import HOUR, Row, five_minutes, hourly
from virtual_devices.home_assistant.past.samples import Sample, Samples, samples_of
from virtual_devices.home_assistant.past.seam import Join, KeptRow, Lift, falls, joined, lifted
from virtual_devices.home_assistant.past.sensors import Sensor, factor_to, sensors_of
from virtual_devices.home_assistant.past.written import mendings
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home

EXAMPLE = Path(__file__).parents[2] / "examples" / "cape_town.yaml"
BEGIN = 1_790_000_000 // HOUR * HOUR
DAY = 86_400


def counter(*values: float) -> list[Row]:
    return [Row(BEGIN + number * HOUR, state=value, sum=value) for number, value in enumerate(values)]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Samples, dict[str, dict[str, float]]]:
    """Two days of a home: what its record says, and what its devices show at the end."""
    house = simulate.load(EXAMPLE, [], start=str(BEGIN), step=60)
    record = tmp_path_factory.mktemp("record") / "past.record"
    simulate.run(house, 2 * DAY, record=record)
    return house.home, samples_of(house.home, record)[0], {member.name: member.readings() for member in house.members.values()}


def test_every_counter_ends_where_the_home_itself_says(lived: tuple[Home, Samples, dict[str, dict[str, float]]]) -> None:
    home, samples, shown = lived
    sensors = [each for each in sensors_of(home, {}) if each.counts]
    assert len(sensors) > 12
    for sensor in sensors:
        device, reading = sensor.key
        assert samples[sensor.key][-1].last == pytest.approx(shown[device][reading], abs=2e-6), sensor.entity_id


def test_what_is_measured_ends_as_the_home_shows_it(lived: tuple[Home, Samples, dict[str, dict[str, float]]]) -> None:
    home, samples, shown = lived
    known = [each for each in sensors_of(home, {}) if not each.counts and each.key in samples and "inverter" not in each.entity_id and "available" not in each.entity_id]
    assert len(known) > 15
    for sensor in known:
        device, reading = sensor.key
        assert samples[sensor.key][-1].last == pytest.approx(shown[device][reading], abs=0.002), sensor.entity_id
        assert all(each.low <= each.mean + 1e-9 and each.mean <= each.high + 1e-9 for each in samples[sensor.key]), sensor.entity_id


def test_an_hour_is_four_quarters_or_left_out() -> None:
    samples = [Sample(BEGIN + number * 900, 100.0 * number, 100.0 * number - 10, 100.0 * number + 10, 100.0 * number) for number in range(7)]
    assert hourly(samples, counts=False, begin=BEGIN, end=BEGIN + 2 * HOUR) == [Row(BEGIN, 150.0, -10.0, 310.0)]
    assert hourly(samples, counts=True, begin=BEGIN, end=BEGIN + 2 * HOUR) == [Row(BEGIN, state=300.0, sum=300.0)]
    assert [row.sum for row in five_minutes(samples[:2], counts=True, begin=BEGIN, end=BEGIN + HOUR)] == pytest.approx([0, 0, 0, 100 / 3, 200 / 3, 100])


def test_a_past_begins_with_nothing_as_home_assistant_does() -> None:
    join = joined(counter(101, 103, 106), 100, [])
    assert [row.sum for row in join.rows] == [1, 3, 6]
    assert join.lift == Lift(BEGIN + 3 * HOUR, 6)  # of the five minutes that there may be of this hour


def test_what_is_there_is_lifted_by_the_past_before_it() -> None:
    join = joined(counter(1, 3, 6, 8), 0, [KeptRow(BEGIN + 2 * HOUR, 0.4), KeptRow(BEGIN + 3 * HOUR, 1.0)])
    assert [row.sum for row in join.rows] == [1, 3]
    assert join.lift == Lift(BEGIN + 2 * HOUR, 3)


def test_overwriting_joins_both_sides() -> None:
    kept = [KeptRow(BEGIN - HOUR, 10.0), KeptRow(BEGIN, 11.0), KeptRow(BEGIN + HOUR, 12.0), KeptRow(BEGIN + 2 * HOUR, 13.0)]
    join = joined(counter(101, 105), 100, kept, overwrite=True)
    assert [row.sum for row in join.rows] == [11, 15]
    assert join.lift == Lift(BEGIN + 2 * HOUR, 3)  # 13, a step of one after 12, becomes 16 after 15


def test_what_was_counted_anew_after_a_past_joins_it_later() -> None:
    kept = [KeptRow(BEGIN, 2.0), KeptRow(BEGIN + HOUR, 5.0), KeptRow(BEGIN + 5 * HOUR, 0.5), KeptRow(BEGIN + 6 * HOUR, 1.5)]
    energy = Sensor(("grid", "import_energy"), "u", "sensor.u", "U", "kWh", "energy", "total_increasing")
    cost, oven = replace(energy, entity_id="sensor.cost", state_class="total"), replace(energy, key=("oven", "energy"), entity_id="sensor.oven")
    money = [KeptRow(BEGIN + HOUR, -4.0), KeptRow(BEGIN + 5 * HOUR, 0.5)]
    found = mendings([energy, cost, oven], {"sensor.u": kept, "sensor.cost": money, "sensor.oven": kept[:2]})
    assert found == {"sensor.u": [Lift(BEGIN + 5 * HOUR, 5.0)], "sensor.cost": [Lift(BEGIN + 5 * HOUR, -4.0)]}
    assert [each.sum for each in lifted(kept, found["sensor.u"])] == [2, 5, 5.5, 6.5]
    assert falls(lifted(kept, found["sensor.u"])) == []


def together(kept: list[KeptRow], join: Join) -> list[KeptRow]:
    """What is there afterwards, oldest first."""
    there = {each.start: each for each in (lifted(kept, [join.lift]) if join.lift else kept)} | {row.start: KeptRow(row.start, row.sum) for row in join.rows}
    return [there[start] for start in sorted(there)]


def sums_of(growths: list[float]) -> list[float]:
    return list(itertools.accumulate(growths))


growths = st.lists(st.floats(0, 50), min_size=1, max_size=60)


@given(growths, growths, st.integers(-70, 70), st.booleans())
def test_sums_never_fall_and_twice_is_once(new: list[float], live: list[float], apart: int, overwrite: bool) -> None:  # noqa: FBT001
    kept = [KeptRow(BEGIN + (apart + number) * HOUR, total) for number, total in enumerate(sums_of(live))]
    whole = together(kept, joined(counter(*sums_of(new)), 0, kept, overwrite=overwrite))
    assert falls(whole) == []
    assert (whole[0].sum or 0.0) >= 0
    assert {each.start for each in kept} <= {each.start for each in whole}
    again = together(whole, joined(counter(*sums_of(new)), 0, whole, overwrite=overwrite))
    assert [each.start for each in again] == [each.start for each in whole]
    assert [each.sum for each in again] == pytest.approx([each.sum for each in whole])


@given(growths, growths, st.integers(-70, 0))
def test_what_was_there_goes_on_by_what_it_went_on_by(new: list[float], live: list[float], apart: int) -> None:
    kept = [KeptRow(BEGIN + (len(new) + apart + number) * HOUR, total) for number, total in enumerate(sums_of(live))]
    whole = {each.start: each.sum or 0.0 for each in together(kept, joined(counter(*sums_of(new)), 0, kept))}
    for sooner, later in itertools.pairwise(kept):
        assert whole[later.start] - whole[sooner.start] == pytest.approx((later.sum or 0) - (sooner.sum or 0), abs=1e-9)


def test_units_that_owners_choose_are_taken() -> None:
    energy = Sensor(("grid", "import_energy"), "u", "sensor.u", "U", "kWh", "energy", "total_increasing")
    assert [factor_to(energy, unit) for unit in ("kWh", "Wh", "MWh", "gal")] == [1.0, 1000.0, 0.001, None]
    assert replace(energy, unit="MWh").unit_class == "energy"


def test_one_that_is_renamed_or_disabled_is_known_by_its_unique_id() -> None:
    home = read_home(EXAMPLE)[0]
    plain = {each.unique_id: each.entity_id for each in sensors_of(home, {})}
    renamed, disabled = "virtual-cape_town-grid-import_energy", "virtual-cape_town-grid-export_energy"
    registered: dict[str, dict[str, str | None]] = {renamed: {"entity_id": "sensor.meter", "disabled_by": None}, disabled: {"entity_id": "sensor.x", "disabled_by": "user"}}
    found = {each.unique_id: each.entity_id for each in sensors_of(home, registered)}
    assert found == {key: value for key, value in {**plain, renamed: "sensor.meter"}.items() if key != disabled}


# -- a database ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """The database of a Home Assistant that has seen the home's grid for an hour."""
    path = tmp_path / "home-assistant_v2.db"
    with closing(sqlite3.connect(path)) as made, made:
        made.executescript(SCHEMA)
        made.execute("INSERT INTO schema_changes (schema_version) VALUES (53)")
        made.execute("INSERT INTO states_meta VALUES (1, 'sensor.cape_town_grid_import_energy')")
        made.executemany("INSERT INTO states (state, last_updated_ts, metadata_id) VALUES (?, ?, 1)", [("unknown", BEGIN + DAY), ("0.1", BEGIN + DAY + 60)])
        made.execute("INSERT INTO statistics_meta VALUES (1, 'sensor.cape_town_grid_import_energy', 'recorder', 'Wh', NULL, 1, NULL, 0, 'energy')")
        made.execute("INSERT INTO statistics (metadata_id, start_ts, state, sum) VALUES (1, ?, 100, 25)", (BEGIN + DAY,))
    return path


def test_a_copy_has_states_and_statistics_and_twice_is_once(recorder: Path, lived: tuple[Home, Samples, dict[str, dict[str, float]]], tmp_path: Path) -> None:
    home, samples, _ = lived
    out, twice = tmp_path / "copy.db", tmp_path / "twice.db"
    report = database.write(recorder, out, home, samples, BEGIN, BEGIN + DAY)
    assert set(report.hours.values()) == {24}
    assert report.unknown == 0
    with closing(sqlite3.connect(out)) as copy:
        grid = copy.execute("SELECT start_ts, sum FROM statistics WHERE metadata_id = 1 ORDER BY start_ts").fetchall()
        assert [start for start, _ in grid] == [BEGIN + number * HOUR for number in range(25)]
        hours = {each.start: each for each in samples["grid", "import_energy"]}
        growth = hours[BEGIN + 12 * HOUR - 900].last - hours[BEGIN + 11 * HOUR - 900].last
        assert grid[11][1] - grid[10][1] == pytest.approx(1000 * growth)  # its statistics are in Wh
        assert all(later >= sooner for (_, sooner), (_, later) in itertools.pairwise(grid))
        oven = copy.execute("SELECT id, mean_type, has_sum, unit_class FROM statistics_meta WHERE statistic_id = 'sensor.cape_town_oven_power'").fetchone()
        assert oven[1:] == (1, 0, "power")
        assert copy.execute("SELECT count(*) FROM statistics_short_term WHERE metadata_id = ?", (oven[0],)).fetchone() == (288,)
        shown = copy.execute("SELECT count(*), max(last_updated_ts) FROM states WHERE metadata_id = 1").fetchone()
        assert shown[1] == BEGIN + DAY + 60  # what was there stands
        assert shown[0] > 10
    again = database.write(out, twice, home, samples, BEGIN, BEGIN + DAY)
    assert (set(again.hours.values()), again.states, again.short) == ({0}, 0, 0)
    with closing(sqlite3.connect(out)) as one, closing(sqlite3.connect(twice)) as other:
        for table in ("states", "statistics", "statistics_short_term", "statistics_meta", "states_meta", "statistics_runs"):
            query = f"SELECT * FROM {table}"  # noqa: S608 - names of these tests
            assert one.execute(query).fetchall() == other.execute(query).fetchall()


def test_replacing_writes_over_and_later_hours_join(recorder: Path, lived: tuple[Home, Samples, dict[str, dict[str, float]]], tmp_path: Path) -> None:
    home, samples, _ = lived
    out, anew = tmp_path / "copy.db", tmp_path / "anew.db"
    database.write(recorder, out, home, samples, BEGIN, BEGIN + DAY)
    report = database.write(out, anew, home, samples, BEGIN + 6 * HOUR, BEGIN + 12 * HOUR, overwrite=True)
    assert set(report.hours.values()) == {6}
    with closing(sqlite3.connect(anew)) as copy, closing(sqlite3.connect(out)) as before:
        query = "SELECT start_ts, sum FROM statistics WHERE metadata_id = 1 ORDER BY start_ts"
        assert [row[1] for row in copy.execute(query)] == pytest.approx([row[1] for row in before.execute(query)])  # the same past comes to the same


def test_what_is_no_such_database_is_refused_in_words(tmp_path: Path, recorder: Path, lived: tuple[Home, Samples, dict[str, dict[str, float]]]) -> None:
    home, samples, _ = lived
    text = tmp_path / "notes.txt"
    text.write_text("no database at all, and long enough to be one of something else\n" * 20)
    with pytest.raises(ConfigurationError, match="is no recorder's database"):
        database.write(text, tmp_path / "a.db", home, samples, BEGIN, BEGIN + DAY)
    with closing(sqlite3.connect(recorder)) as changed, changed:
        changed.execute("INSERT INTO schema_changes (schema_version) VALUES (60)")
    with pytest.raises(ConfigurationError, match=r"version 60 of the recorder's schema; known are 50 \(2025.4\) and 53 \(2026.11\)"):
        database.write(recorder, tmp_path / "b.db", home, samples, BEGIN, BEGIN + DAY)
    with pytest.raises(ConfigurationError, match="is there already"):
        database.write(recorder, text, home, samples, BEGIN, BEGIN + DAY)
    assert not [each for each in tmp_path.iterdir() if each.suffix == ".partial"]


def test_attributes_have_the_hash_by_which_they_are_found() -> None:
    assert tables._hash(b"") == 0x811C9DC5
    assert tables._hash(b"a") == 0xE40C292C  # of the function's own test vectors


def test_a_record_gives_the_same_past(tmp_path: Path, lived: tuple[Home, Samples, dict[str, dict[str, float]]]) -> None:
    home, samples, _ = lived
    record = tmp_path / "past.record"
    simulate.run(simulate.load(EXAMPLE, [], start=str(BEGIN), step=60), DAY, record=record)
    found = making.recorded(home, record, 1, BEGIN + DAY)
    assert list(found["oven", "energy"]) == list(samples["oven", "energy"][:96])
    with pytest.raises(ConfigurationError, match="choose --until and --days by that"):
        making.recorded(home, record, 1, BEGIN + 9 * DAY)
    with pytest.raises(ConfigurationError, match="name the record of that home"):
        making.recorded(replace(home, name="other"), record, 1, BEGIN + DAY)


def test_the_verb_says_what_it_lacks_and_what_it_did(recorder: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    for words, said in (
        ([], "say where the past goes"),
        (["--database", str(recorder)], "name its copy with --out"),
        (["--url", "http://127.0.0.1:1"], "wants a token"),
        (["--database", str(recorder), "--out", str(tmp_path / "c.db"), "--until", "2190-01-01"], "lies in the future"),
    ):
        done = runner.invoke(commands, ["ha", "history", "cape_town", *words])
        assert done.exit_code != 0
        assert said in done.output + str(done.exception)
    out = tmp_path / "copy.db"
    done = runner.invoke(
        commands, ["ha", "history", "cape_town", "--days", "1", "--until", "2026-10-02", "--step", "5min", "--database", str(recorder), "--out", str(out), "--json"]
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["hours"]["sensor.cape_town_grid_export_energy"] == 24
    assert said["already_there"]["sensor.cape_town_grid_import_energy"] == 24  # it has statistics from before on
