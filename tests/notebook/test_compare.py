"""``vd.compare``: homes as values beside each other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

import virtual_devices as vd
from tests.answers.outage_homes import CONSTANT
from virtual_devices.kit.errors import ConfigurationError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "home.yaml"
    path.write_text(CONSTANT, encoding="utf-8")
    return path


def test_homes_files_and_changes_are_compared_alike(file: Path) -> None:
    """2 ZAR a kWh or 3, and a kilowatt for the hours in which there is power from the grid."""
    home = vd.Home.load(file)
    dearer = home.set("grid.price", 3)
    by_value, by_change = vd.compare(home, dearer, "1d"), vd.compare(file, changes={"grid.price": 3}, duration="1d")
    for found in (by_value, by_change):
        a, b = home.run("1d").summary.bill, dearer.run("1d").summary.bill
        assert a is not None
        assert b is not None
        assert found.saving is not None
        assert found.saving.median == pytest.approx(a.total - b.total)
    assert by_value.saving is not None
    assert by_value.saving.median is not None
    assert by_value.saving.median < 0


def test_a_home_that_was_changed_is_compared_as_it_is(file: Path) -> None:
    home = vd.Home.load(file).set("house.profile", ",".join(["500"] * 24))
    found = vd.compare(home, home, "1d")
    assert found.saving is not None
    assert found.saving.median == 0
    assert found.shown.a.energy_kwh["load_demand"] == 12


def test_times_are_those_of_a_home(file: Path) -> None:
    found = vd.compare(file, changes={"grid.price": 3}, duration=timedelta(days=1), start=date(2026, 7, 4))
    assert (found.duration, found.shown.a.start[:10]) == (86_400, "2026-07-04")
    with pytest.raises(ConfigurationError, match="name one at least"):
        vd.compare(file, seeds=0)
