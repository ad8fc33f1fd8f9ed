"""What devices told, period by period: by hand, against a reckoning quarter by quarter, and of a home that was played."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.record.recorded import home
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.past import PARTS, PastQuarter, PastRows, TallyColumns, joined
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.told import Measured, ReadingsOfPeriod, readings
from virtual_devices.record.store.writer import RecordWriter

DAY = 86_400
SPRING = int(datetime(2026, 3, 28, 23, tzinfo=UTC).timestamp())
"""Midnight in Berlin, of the day that has 23 hours."""


def quarter(place: int, ghi: tuple[int, int, int, int], supplied: int, temperature: int | None) -> PastQuarter:
    last = {} if temperature is None else {"temperature": temperature * PARTS}
    return PastQuarter(SPRING + 900 * place, 300, 3, {"ghi": Tally(*ghi)} if any(ghi) else {}, {"supplied": supplied} if supplied else {}, last)


def test_by_hand() -> None:
    told = joined([PastRows.of(each) for each in (
        quarter(0, (6000, 1000, 3000, 2000), 900, 60), quarter(1, (0, 0, 0, 0), 0, None), quarter(3, (3000, 500, 1500, 1000), 600, 62),
        quarter(4, (300, 100, 100, 100), 900, None),
    )])  # fmt: skip
    first, second = readings(told, "1h", "Europe/Berlin")
    assert first == ReadingsOfPeriod(
        SPRING, SPRING + 3600, 2700, {"ghi": Measured(1.0, 0.0, 3.0, 1.0)}, {"supplied": 1500}, {"temperature": 62.0}
    )
    assert second == ReadingsOfPeriod(SPRING + 3600, SPRING + 7200, 900, {"ghi": Measured(0.1, 0.1, 0.1, 0.1)}, {"supplied": 900}, {})
    assert first.plain() == {"ghi": 1.0, "supplied_seconds": 1500.0, "temperature": 62.0}
    (day,) = readings(told, "day", "Europe/Berlin")
    assert (day.start, day.end, day.seconds) == (SPRING, SPRING + 23 * 3600, 3600)
    assert day.last == {"temperature": 62.0}


def test_nothing_told_is_nothing() -> None:
    assert list(readings([], "day", "Europe/Berlin")) == []


def test_steps_of_different_lengths_do_not_add_up() -> None:
    told = [PastRows(300, [SPRING], [3]), PastRows(60, [SPRING + 900], [15])]
    with pytest.raises(ConfigurationError, match="do not add up"):
        list(readings(told, "day", "Europe/Berlin"))


@given(st.sets(st.integers(0, 300), min_size=1, max_size=60), st.sampled_from(["15min", "1h", "6h", "day", "month"]), st.data())
@examples(max_examples=60, deadline=None)
def test_periods_are_those_of_a_reckoning_quarter_by_quarter(places: set[int], every: str, data: st.DataObject) -> None:
    ordered, numbers = sorted(places), st.integers(-(10**6), 10**6)
    values = [data.draw(st.lists(numbers, min_size=4, max_size=4)) for _ in ordered]
    temperatures = [data.draw(st.none() | numbers) for _ in ordered]
    rows = PastRows(
        60, [SPRING + 900 * place for place in ordered], [15] * len(ordered),
        {"ghi": TallyColumns(*(list(each) for each in zip(*values, strict=True)))}, {}, {"temperature": temperatures},
    )  # fmt: skip
    seen = 0
    for each in readings([rows], every, "Europe/Berlin"):
        mine = [number for number, start in enumerate(rows.starts) if each.start <= start < each.end]
        seen += len(mine)
        assert each.seconds == 900 * len(mine)
        own = [values[number] for number in mine]
        assert each.measured["ghi"].mean == pytest.approx(sum(value[0] for value in own) / 15 / len(mine) / 1000)
        assert each.measured["ghi"].low == min(value[1] for value in own) / 1000
        assert each.measured["ghi"].high == max(value[2] for value in own) / 1000
        assert each.measured["ghi"].last == own[-1][3] / 1000
        known = [temperatures[number] for number in mine if temperatures[number] is not None]
        assert each.last == ({"temperature": known[-1] / PARTS} if known else {})  # type: ignore[operator]
    assert seen == len(ordered)


# -- of a home that was played -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[int, dict[str, Any]], House]:
    """A record of a day that has 23 hours, what members showed at the end of each hour, and the house."""
    path = tmp_path_factory.mktemp("record") / "house.sqlite"
    of = home("2026-03-29 00:00")
    house, shown = House(of), dict[int, dict[str, Any]]()
    writer = RecordWriter(path, "berlin", "house", {"zone": "Europe/Berlin", "step": 300})
    last: list[LedgerRecord] = []
    house.listeners += [writer.book, last.append]
    house.tell_past(lambda name, rows: writer.told(name, last[-1].seq, rows))
    for hour in range(3600, 23 * 3600 + 1, 3600):
        house.advance(of.start + hour)
        shown[of.start + hour] = {name: house.members[name].readings() for name in ("battery", "geyser", "grid", "oven")}
    writer.write()
    writer.close()
    return path, shown, house


def test_how_it_stood_at_the_end_of_each_hour_is_what_members_showed_then(played: tuple[Path, dict[int, dict[str, Any]], House]) -> None:
    path, shown, _ = played
    with Reader(path) as reader:
        for name in ("battery", "geyser", "grid", "oven"):
            hours = list(reader.readings(name, "1h"))
            assert [hour.end for hour in hours] == list(shown)
            assert hours[0].last
            for hour in hours:
                assert hour.last == pytest.approx({key: shown[hour.end][name][key] for key in hour.last}, abs=1e-5)


def test_hours_supplied_are_those_without_an_outage(played: tuple[Path, dict[int, dict[str, Any]], House]) -> None:
    path, *_ = played
    with Reader(path) as reader:
        (grid,), (geyser,) = (list(reader.readings(name, "day")) for name in ("grid", "geyser"))
        # 02:00-03:30 is half an hour on the day on which 02:00 is 03:00, 12:00-13:00 one, 18:00-20:30 two and a half
        assert grid.held == {"connected": 23 * 3600 - 4 * 3600}
        assert geyser.held["supplied"] == grid.held["connected"]
        assert geyser.held["wanting"] == 3600  # 12:00-13:00 is within its schedule
        tellers = reader.tellers
    assert {"sun", "weather", "battery", "grid", "geyser", "oven", "house", "roof", "never"} <= set(tellers)


def test_the_mean_of_the_sun_is_that_of_its_steps(played: tuple[Path, dict[int, dict[str, Any]], House]) -> None:
    path, _, house = played
    with Reader(path) as reader:
        days, hours = (list(reader.readings("sun", every)) for every in ("day", "1h"))
    assert days[0].measured["ghi_clear"].mean == pytest.approx(sum(hour.measured["ghi_clear"].mean for hour in hours) / 23)
    assert days[0].measured["ghi_clear"].high == max(hour.measured["ghi_clear"].high for hour in hours)
    assert days[0].measured["ghi_clear"].low == 0
    assert calendar("Europe/Berlin").day(days[0].start) + 1 == calendar("Europe/Berlin").day(days[0].end)
    assert house.time == days[0].end


def test_one_that_told_nothing_is_refused_with_whom_it_may_mean(played: tuple[Path, dict[int, dict[str, Any]], House]) -> None:
    with Reader(played[0]) as reader, pytest.raises(ConfigurationError, match="knows no readings of 'gyser'; did you mean 'geyser'"):
        reader.readings("gyser", "day")
