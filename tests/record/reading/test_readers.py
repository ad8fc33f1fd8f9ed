"""A record as programs read it: of a home that was played, while it is written, old, damaged."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

import orjson
import pytest

from tests.record.recorded import home, settled, write
from virtual_devices import __version__
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.reading.facts import Facts
from virtual_devices.record.reading.readers import Reader, readers_of
from virtual_devices.record.store.writer import RecordWriter

DAY = 86_400
DAYS = 3
START = int(datetime(2026, 6, 20, 22, tzinfo=UTC).timestamp())
"""Midnight in Berlin."""


@pytest.fixture(scope="module")
def windows() -> list[LedgerRecord]:
    return settled(home("2026-06-21 00:00"), DAYS * DAY)


@pytest.fixture(scope="module")
def path(windows: list[LedgerRecord], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("record") / "house.sqlite", windows, zone="Europe/Berlin", step=300, broker="own", home_file="berlin.yaml")


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    with Reader(path) as reader:
        yield reader


def summary_of(windows: list[LedgerRecord]) -> Summary:
    summary = Summary("berlin")
    for record in windows:
        summary.add(record)
    return summary


def test_whose_it_is_and_what_it_spans(reader: Reader) -> None:
    assert reader.facts == Facts("berlin", "house", "Europe/Berlin", 300, __version__, "own", "berlin.yaml")
    assert reader.span == (START, START + DAYS * DAY)


def test_who_is_who(reader: Reader) -> None:
    roles = reader.roles
    assert roles.consumers == ("geyser", "house", "oven")
    assert (roles.producers, roles.stores, roles.sources) == (("roof",), ("battery",), ("sun",))
    assert roles.devices == ("battery", "geyser", "grid", "house", "inverter", "oven", "roof")


@pytest.mark.parametrize("every", ["15min", "1h", "6h", "day", "month"])
def test_periods_come_to_what_the_run_came_to(reader: Reader, windows: list[LedgerRecord], every: str) -> None:
    summary, found = summary_of(windows), list(reader.energy(every))
    assert {name: sum(each.totals[name] for each in found) for name in summary.totals} == summary.totals
    for name, pair in summary.by_device().items():
        assert pair == {way: sum(each.by_device().get(name, {way: 0})[way] for each in found) for way in ("in", "out")}
    assert all(summary.totals[name] for name in summary.totals), "everything happens in this home"
    assert found[-1].stored == windows[-1].closing
    assert sum(each.seconds for each in found) == DAYS * DAY


def test_each_day_is_the_summary_of_its_windows(reader: Reader, windows: list[LedgerRecord]) -> None:
    days = list(reader.energy("day"))
    assert [(each.start, each.end, each.seconds, each.steps) for each in days] == [
        (START + n * DAY, START + (n + 1) * DAY, DAY, 288) for n in range(DAYS)
    ]
    for day in days:  # windows end at midnight, since they end with every hour
        own = [record for record in windows if day.start <= record.span.start < day.end]
        assert own[-1].span.end == day.end
        summary = summary_of(own)
        assert day.totals == summary.totals
        assert {name: pair for name, pair in summary.by_device().items() if any(pair.values())} == {
            name: pair for name, pair in day.by_device().items() if any(pair.values())
        }
        assert (day.demand, day.available) == ({name: each for name, each in summary.demand.items() if name != "never"}, summary.available)


def test_a_circuit_says_where_its_energy_came_from_and_to_whom_it_went(reader: Reader) -> None:
    day = next(reader.energy("day"))
    circuits = day.by_circuit()
    assert list(circuits) == ["essential", "non_essential"]
    assert sorted(circuits["essential"]["in"]) == ["inverter", "meter"]
    assert sorted(circuits["essential"]["out"]) == ["house", "oven"]
    for circuit in circuits.values():
        assert sum(circuit["in"].values()) == sum(circuit["out"].values()) > 0
    assert day.into("oven") == {"essential": day.by_device()["oven"]["in"]}
    assert day.out_of("battery").keys() == {"dc_bus", "losses"}


def test_only_quarters_between_two_times(reader: Reader) -> None:
    found = list(reader.energy("1h", START + 1800, START + 2 * 3600))
    assert [(each.start - START, each.seconds) for each in found] == [(0, 1800), (3600, 3600)]
    quarters = list(reader.quarters(START + 1800, START + 3600))
    assert [each.start - START for each in quarters] == [1800, 2700]
    assert sum(each.series["energy/grid>meter"].sum for each in quarters) == found[0].edges["grid", "meter"] > 0
    assert list(reader.energy("1h", START - DAY, START)) == []
    (hour,) = reader.periods("1h", START + 1800, START + 3600)
    assert hour.series["energy/grid>meter"] == Tally(found[0].edges["grid", "meter"])


def test_a_power_and_what_is_stored_step_by_step(reader: Reader, windows: list[LedgerRecord]) -> None:
    oven = list(reader.power("oven", "day"))
    steps = [moved for record in windows[: len(windows) // DAYS] for moved in record.demand["oven"]]
    assert len(oven) == DAYS
    assert (oven[0].step, oven[0].steps, oven[0].seconds) == (300, 288, DAY)
    assert oven[0].mean_power == pytest.approx(next(reader.energy("day")).by_device()["oven"]["in"] / DAY / 1000)
    assert oven[0].lowest_power == 0
    assert 0 < oven[0].highest_power <= max(steps) / 300 / 1000
    grid = list(reader.power("grid", "1h"))
    assert min(each.lowest_power for each in grid) == -1000, "it feeds in as much as it may"
    assert any(each.mean_power == 0 for each in grid)
    battery = list(reader.stored("battery", "1h"))
    assert battery[-1].last == windows[-1].closing["battery"]
    assert all(each.low <= each.last <= each.high for each in battery)
    assert min(each.low for each in battery) <= min(record.closing["battery"] for record in windows)


def test_a_device_that_never_did_anything_is_not_known(reader: Reader) -> None:
    with pytest.raises(ConfigurationError, match=r"knows no power of 'ovn'; did you mean 'oven'\?"):
        reader.power("ovn", "day")
    with pytest.raises(ConfigurationError, match="knows no stored of 'oven'; known: battery"):
        reader.stored("oven", "day")


def test_windows_come_back_as_far_as_they_are_whole(tmp_path: Path, reader: Reader, windows: list[LedgerRecord]) -> None:
    assert list(reader.windows()) == windows
    assert list(reader.windows(3, 5)) == windows[3:5]
    writer = RecordWriter(tmp_path / "a.sqlite", "berlin", "house", {"zone": "Europe/Berlin"}, whole_for=DAY)
    for record in windows:
        writer.book(record)
        writer.write()
    writer.close()
    with Reader(tmp_path / "a.sqlite") as other:
        whole = list(other.windows())
        assert 0 < len(whole) < len(windows)
        assert whole == windows[-len(whole) :]
        assert other.span == reader.span
        assert [each.totals for each in other.energy("day")] == [each.totals for each in reader.energy("day")]


@pytest.mark.parametrize(("start", "hours"), [("2026-03-28 12:00", [12, 23, 1]), ("2026-10-24 12:00", [12, 25, 1])])
def test_a_day_is_as_long_as_the_clocks_make_it(tmp_path: Path, start: str, hours: list[int]) -> None:
    windows = settled(home(start), sum(hours) * 3600)
    with Reader(write(tmp_path / "a.sqlite", windows, zone="Europe/Berlin")) as reader:
        assert [each.seconds / 3600 for each in reader.energy("day")] == hours
        assert [(each.end - each.start) / 3600 for each in reader.energy("day")] == [24, hours[1], 24]
        assert [each.seconds for each in reader.energy("1h")] == [3600] * sum(hours)


# -- while it is written, and by whom ----------------------------------------------------------------------------------


def test_only_what_was_written_is_read(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = tmp_path / "a.sqlite"
    writer = RecordWriter(path, "berlin", "house", {"zone": "Europe/Berlin"})
    with Reader(path) as reader:
        assert (reader.span, list(reader.energy("day")), list(reader.quarters()), reader.roles.devices) == (None, [], [], ())
        for number, record in enumerate(windows[:20], 1):
            writer.book(record)
            before = reader.span
            writer.write()
            assert before != reader.span == (START, record.span.end)
            (day,) = reader.energy("day")
            assert day.totals == summary_of(windows[:number]).totals
            assert day.seconds == record.span.end - START
    writer.close()


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_quarter_that_is_not_over_is_as_far_as_its_windows(tmp_path: Path, steps: int) -> None:
    """Whether the writer has brought it to the disk, has left, or was killed; also what only began in it is known."""
    path, house = tmp_path / "a.sqlite", House(home("2026-06-21 17:00"), max_steps=steps)
    summary = Summary("berlin")
    writer = RecordWriter(path, "berlin", "house", {"zone": "Europe/Berlin"})
    house.listeners += [summary.add, writer.book]
    with Reader(path) as reader:
        known: set[str] = set()
        while house.time < house.home.start + 5 * 3600:
            house.step()
            writer.write(sync=house.seq % 4 == 0)
            found = list(reader.energy("15min"))
            assert {name: sum(each.totals[name] for each in found) for name in summary.totals} == summary.totals
            assert sum(each.steps for each in found) == summary.steps
            assert reader.span == (house.home.start, house.time)
            known.update(reader.roles.devices)
            (last,) = list(reader.quarters())[-1:]
            assert last.start + last.steps * last.step == house.time
            if house.time % 900:
                (now,) = reader.energy("1h", house.time - house.time % 900)
                assert (now.steps, now.stored) == (house.time % 900 // 300, summary_stored(house))
                assert list(reader.energy("1h", house.time, house.time + 900)) == []
        assert {"oven", "battery", "grid"} <= known
    writer.close()


def summary_stored(house: House) -> dict[str, int]:
    """What its stores hold, mJ."""
    assert house.last is not None
    return {name: share.stored for name, share in house.last.shares.items() if name == "battery"}


def test_an_answer_that_was_begun_is_of_the_moment_in_which_it_was_asked_for(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = write(tmp_path / "a.sqlite", windows[:10])
    with Reader(path) as reader:
        energy, whole, quarters = reader.energy("15min"), reader.windows(), reader.quarters()
        first = next(quarters), next(whole)
        assert len(list(reader.energy("month"))) == 1, "others do not disturb it"
        write(path, windows)
        assert sum(each.seconds for each in energy) == windows[9].span.end - START
        assert [first[1], *whole] == windows[:10]
        assert first[0].start + 900 * len(list(quarters)) == windows[9].span.end - 900
        assert len(list(reader.windows())) == len(windows)


def test_answers_of_one_moment(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = write(tmp_path / "a.sqlite", windows[:10], zone="Europe/Berlin")
    with Reader(path) as reader:
        with reader.of_one_moment():
            before = reader.span
            write(path, windows)
            assert reader.span == before == (START, windows[9].span.end)
            assert sum(each.seconds for each in reader.energy("day")) == windows[9].span.end - START
        assert reader.span == (START, windows[-1].span.end)


def test_another_process_reads_it_too(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from virtual_devices.record.reading.readers import Reader\n"
        "with Reader(Path(sys.argv[1])) as reader: print(sum(day.totals['grid_import'] for day in reader.energy('day')))"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True, timeout=60)
    with Reader(path) as reader:
        assert int(done.stdout) == sum(each.edges["grid", "meter"] for each in reader.energy("month")) > 0


def test_an_older_record_has_its_zone_from_what_its_home_goes_on_from_or_none(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = write(tmp_path / "a.sqlite", windows[:30])
    with Reader(path) as reader:
        assert reader.facts == Facts("berlin", "house", program=__version__)
        assert next(reader.energy("day")).start == START - 22 * 3600
    writer = RecordWriter(path, "berlin", "house")
    writer.write({("clock", "site"): orjson.dumps({"run": "house", "time_zone": "Europe/Berlin", "step": 300})})
    writer.close()
    with Reader(path) as reader:
        assert (reader.facts.zone, reader.facts.step) == ("Europe/Berlin", 300)
        assert next(reader.energy("day")).start == START


def test_the_records_of_a_folder(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    for number, run in enumerate(("zebra", "ape")):
        write(tmp_path / f"{run}.sqlite", windows[: number + 1], run=run)
    (tmp_path / "notes.txt").touch()
    found = readers_of(tmp_path)
    assert [each.path.stem for each in found] == ["zebra", "ape"]
    with found[-1] as reader:
        assert reader.span == (START, windows[1].span.end)
    assert readers_of(tmp_path / "nowhere") == []


# -- what cannot be read -----------------------------------------------------------------------------------------------


def test_it_has_to_be_opened_and_can_be_again(path: Path) -> None:
    reader = Reader(path)
    with pytest.raises(RuntimeError, match="with Reader"):
        _ = reader.span
    for _ in range(2):
        with reader:
            assert reader.span is not None
    with pytest.raises(ConfigurationError, match="there is no record"), Reader(path.with_name("none.sqlite")):
        pass


def damage(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_what_is_damaged_is_told_where_it_is_looked_at(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    path = write(tmp_path / "a.sqlite", windows[:30])
    damage(path, "UPDATE quarters SET numbers = x'00' WHERE start = 900 + (SELECT min(start) FROM quarters)")
    with Reader(path) as reader:
        asked: list[Callable[[], object]] = [
            lambda: reader.energy("day"), lambda: reader.power("oven", "day"), lambda: list(reader.quarters()), lambda: list(reader.periods("day")),
        ]  # fmt: skip
        for ask in asked:
            with pytest.raises(ConfigurationError, match=f"the quarter from {START + 900} cannot be read"):
                ask()
        assert len(list(reader.energy("15min", START + 1800))) == ceil((windows[29].span.end - START) / 900) - 2
    damage(path, "UPDATE ledger SET lines = x'ffff' WHERE first = 3")
    with Reader(path) as reader, pytest.raises(ConfigurationError, match="the lines of a window cannot be read"):
        list(reader.windows())
    damage(path, "UPDATE layouts SET layout = '[]' WHERE id = 1")
    with Reader(path) as reader, pytest.raises(ConfigurationError, match="is no layout"):
        _ = reader.roles
    damage(path, "DROP TABLE quarters")
    with Reader(path) as reader, pytest.raises(ConfigurationError, match=r"cannot be read .*no such table"):
        reader.energy("day")


def test_a_line_that_is_no_window_is_told(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    import zlib  # noqa: PLC0415

    path = write(tmp_path / "a.sqlite", windows[:2])
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE ledger SET lines = ?", (zlib.compress(b"{}"),))
    with Reader(path) as reader, pytest.raises(ConfigurationError, match="is damaged: not a ledger message"):
        list(reader.windows())


def test_another_period_or_zone_is_refused_at_once(path: Path, tmp_path: Path, windows: list[LedgerRecord]) -> None:
    with Reader(path) as reader:
        for ask in (reader.energy, reader.periods, lambda every: reader.power("oven", every), lambda every: reader.stored("battery", every)):
            with pytest.raises(ConfigurationError, match="'week' is no period; use 15min"):
                ask("week")
    with Reader(write(tmp_path / "a.sqlite", windows[:2], zone="Nowhere/Land")) as reader, pytest.raises(ConfigurationError, match="IANA"):
        reader.energy("day")
