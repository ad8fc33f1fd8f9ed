"""The wide table of a record: the same numbers as its periods one by one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.answers.outage_homes import CONSTANT
from tests.record.recorded import home, settled, write
from virtual_devices.answers.simulate import run
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.past import PARTS, PastRows
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.asked import Asked
from virtual_devices.record.reading.export import csv_text, frame
from virtual_devices.record.reading.history import series
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.series import SeriesTable
from virtual_devices.record.store.writer import RecordWriter


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for 50 hours and 10 minutes from noon on, with the night in which the clocks go back."""
    path = tmp_path_factory.mktemp("series") / "run.sqlite"
    run(House(home("2026-10-24 12:00")), 50 * 3600 + 600, record=path)
    return path


def columns(table: SeriesTable) -> dict[str, list[float]]:
    return {column.name: column.numbers.tolist() for column in table.columns}


@pytest.mark.parametrize("every", ["15min", "1h", "6h", "day", "month"])
def test_it_has_the_numbers_of_the_periods_one_by_one(record: Path, every: str) -> None:
    with Reader(record) as reader:
        table, energies = reader.series(every), list(reader.energy(every))
        roles, tellers = reader.roles, reader.tellers
        powers = {name: list(reader.power(name, every)) for name in ("battery", "grid", "inverter", "geyser", "roof")}
        stored = {each.start: each.last for each in reader.stored("battery", every)}
        told = {name: {each.start: each.plain() for each in reader.readings(name, every)} for name in tellers}
    found = columns(table)
    assert list(zip(table.start.tolist(), table.end.tolist(), strict=True)) == [(each.start, each.end) for each in energies]
    assert found["recorded_s"] == [each.seconds for each in energies]
    for purpose in energies[0].totals:
        assert found[f"{purpose}_kwh"] == pytest.approx([each.totals[purpose] / MJ_PER_KWH for each in energies], abs=1e-12)
    for name in roles.devices:
        for way in ("in", "out"):
            assert found[f"{name}_{way}_kwh"] == pytest.approx([each.by_device()[name][way] / MJ_PER_KWH for each in energies], abs=1e-12)
    assert found["oven_unserved_kwh"] == [each.unserved["oven"] / MJ_PER_KWH for each in energies]
    assert found["roof_curtailed_kwh"] == [each.curtailed["roof"] / MJ_PER_KWH for each in energies]
    assert found["battery_stored_kwh"] == [stored[each.start] / MJ_PER_KWH for each in energies]
    for name, periods in powers.items():
        assert found[f"{name}_mean_w"] == pytest.approx([each.mean_power for each in periods])
        assert (found[f"{name}_low_w"], found[f"{name}_high_w"]) == ([each.lowest_power for each in periods], [each.highest_power for each in periods])
    assert {"battery_soc", "weather_temp_air", "geyser_supplied_seconds", "grid_cost"} <= found.keys()
    for name, by_start in told.items():
        for key in dict.fromkeys(key for plain in by_start.values() for key in plain):
            expected = [by_start.get(start, {}).get(key, math.nan) for start in table.start.tolist()]
            np.testing.assert_array_equal(found[f"{name}_{key}"], expected)
    assert not [name for name in found if name.startswith("never_") and not name.endswith("_seconds")]
    assert len(set(found)) == len(table.columns)


def test_steps_of_different_lengths_have_powers_all_the_same(tmp_path: Path) -> None:
    """An hour in steps of five minutes and one in steps of one, as where a home was given another step; 1 kW all the time."""
    coarse, fine = (settled(parse(CONSTANT.replace("step: 60", f"step: {step}")), 2 * 3600) for step in (300, 60))
    path = write(tmp_path / "a.sqlite", [coarse[0], fine[1]], "constant")
    with Reader(path) as reader:
        found = columns(reader.series("day"))
        with pytest.raises(ConfigurationError, match="do not add up"):
            list(reader.power("house", "day"))
    assert (found["recorded_s"], found["house_in_kwh"]) == ([7200], [2])
    assert [found[f"house_{what}_w"] for what in ("mean", "low", "high")] == [[1000], [1000], [1000]]


def test_of_one_device_there_are_its_readings_only(record: Path) -> None:
    with Reader(record) as reader:
        of_one = columns(reader.series("day", devices=["battery"]))
        assert "geyser_temperature" not in of_one
        assert of_one["battery_soc"] == columns(reader.series("day"))["battery_soc"]
        assert not reader.series("day", 0, 900).columns


def test_units_are_those_of_the_kinds(record: Path) -> None:
    with Reader(record) as reader:
        units = reader.series("day").units()
    assert {name: units[name] for name in ("roof_mean_w", "oven_in_kwh", "weather_temp_air", "battery_soc", "geyser_wanting_seconds", "recorded_s")} == {
        "roof_mean_w": "W", "oven_in_kwh": "kWh", "weather_temp_air": "°C", "battery_soc": "%", "geyser_wanting_seconds": "s", "recorded_s": "s",
    }  # fmt: skip
    assert len(units["grid_cost"]) == 3


def test_of_a_last_quarter_that_is_not_full_it_is_told_how_it_stood_in_the_end(tmp_path: Path) -> None:
    path, house = tmp_path / "a.sqlite", House(home("2026-06-21 14:00"))
    run(house, 3600 + 300, record=path)
    with Reader(path) as reader:
        (*_, last) = reader.readings("battery", "15min")
        (*_, weather) = reader.readings("weather", "15min")
    assert (last.seconds, weather.seconds) == (300, 300)
    assert last.last["soc"] == pytest.approx(house.soc()["battery"] * 100, abs=1e-4)
    assert weather.measured["temp_air"].low == weather.measured["temp_air"].high != 0


def test_what_is_not_known_is_empty_in_text_and_no_number_in_a_frame(tmp_path: Path) -> None:
    """Windows alone, of which devices have told nothing; but one of them was told of in one quarter."""
    windows = settled(home("2026-06-21 14:00"), 3600)
    path = tmp_path / "a.sqlite"
    writer = RecordWriter(path, "berlin", "house", {"zone": "Europe/Berlin"})
    for record in windows:
        writer.book(record)
    writer.told("battery", 1, PastRows(300, [windows[0].span.start + 900], [3], {}, {}, {"soc": [55 * PARTS]}))
    writer.write()
    writer.close()
    table = series(path, lambda times: Asked(times.start, times.end, "15min"))
    found = frame(table)
    assert str(found.index[0]) == "2026-06-21 14:00:00+02:00"
    assert found["battery_soc"].tolist() == pytest.approx([math.nan, 55, math.nan, math.nan], nan_ok=True)
    head, *lines = (line.split(",") for line in csv_text(table).splitlines())
    assert [line[head.index("battery_soc")] for line in lines] == ["", "55", "", ""]
    assert all(len(line) == len(head) for line in lines)
