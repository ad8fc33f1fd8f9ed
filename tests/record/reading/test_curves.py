"""A time of a record as curves: never many points, with gaps where nothing is recorded, in steps where it is short."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.answers.outage_homes import CONSTANT
from virtual_devices.cli import commands
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.curves import Curves, curves, fineness

DAY, HOUR = 86_400, 3600
HOME = CONSTANT.replace("12:00-18:00", "00:00-06:00")


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a home that can be worked out by hand: 1 kW all the time, and of each night's six hours without the grid two from the battery."""
    folder = tmp_path_factory.mktemp("curves")
    (folder / "home.yaml").write_text(HOME, encoding="utf-8")
    done = CliRunner().invoke(commands, ["simulate", str(folder / "home.yaml"), "--for", "3d", "--record", str(folder / "it.sqlite"), "--json"])
    assert done.exit_code == 0, done.output
    return folder / "it.sqlite"


def between(record: Path, begin: int, end: int) -> Curves:
    return curves(record, lambda times: (times.start + begin, times.start + end))


def test_a_day_by_quarters(record: Path) -> None:
    found = between(record, 0, DAY)
    assert found.asked.every == "15min"
    assert len(found.points) == 96
    start = found.recorded[0]
    by_start = {point.start - start: point for point in found.points}
    assert by_start[0].watts("battery_discharge") == 1250
    assert by_start[0].watts("load_served") == 1000
    assert by_start[3 * HOUR].watts("load_unserved") == 1000
    assert by_start[7 * HOUR].watts("grid_import") == 1000
    assert found.outages == [(start, start + 6 * HOUR)]
    prices = dict(found.prices)
    assert prices[start + 3 * HOUR] is None
    assert prices[start + 7 * HOUR] == pytest.approx(2)
    levels = dict(found.levels["battery"])
    assert levels[start + HOUR] == pytest.approx(50)
    assert levels[start + 2 * HOUR] == pytest.approx(0)
    assert [(each.start - start, each.totals["load_served"]) for each in found.days] == [(0, 20 * MJ_PER_KWH)]


def test_a_short_time_step_by_step(record: Path) -> None:
    found = between(record, 5 * HOUR + 2700, 6 * HOUR + 900)
    assert len(found.points) == 30
    assert [point.watts("grid_import") for point in found.points] == [0] * 15 + [1000] * 15
    assert {point.seconds for point in found.points} == {60}
    assert found.outages == [(found.recorded[0] + 5 * HOUR + 2700, found.recorded[0] + 6 * HOUR)]


def test_beyond_the_record_there_is_nothing(record: Path) -> None:
    found = between(record, 5 * DAY, 6 * DAY)
    assert not found.points
    assert found.total is None
    assert not found.happenings
    late = between(record, 2 * DAY, 6 * DAY)
    assert late.points[-1].end == late.recorded[1]
    assert late.total is not None


@pytest.mark.parametrize("days", [1, 2, 3, 8, 9, 35, 36, 110, 111, 366, 1200])
def test_there_are_never_many_points(days: int) -> None:
    lengths = {"15min": 900, "1h": HOUR, "3h": 3 * HOUR, "12h": 12 * HOUR, "day": DAY, "month": 28 * DAY}
    assert days * DAY / lengths[fineness(days * DAY)] <= 1200
    if days <= 366:
        assert days * DAY / lengths[fineness(days * DAY)] <= 400
