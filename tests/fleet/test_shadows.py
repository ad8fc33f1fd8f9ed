"""What a host knows of the files that its devices read, while they are replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from virtual_devices.edge.files.watch import DocumentWatch
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.shadows import Shadow, shadows
from virtual_devices.kit.home.file import parse

HOME = """\
home: cottage
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-06-01 00:00, step: 1h}
devices:
  grid: {price_series: p.json}
  house: {kind: base_load, file: load.csv}
  tv: {}
"""
LOAD = "2026-06-01T00:00:00Z,100\n"


def prices(day: int) -> str:
    return json.dumps([{"start": f"2026-06-{day:02}T00:00:00Z", "end": f"2026-06-{day + 1:02}T00:00:00Z", "value": 0.1}])


def made() -> dict[str, Shadow]:
    return {each.name: each for each in shadows(parse(HOME), {"p.json": prices(1), "load.csv": LOAD})}


def ends(shadow: Shadow) -> list[int | None]:
    return [each.end for each in shadow.device.coverage(shadow.settings, 0)]


def test_of_every_device_that_reads_a_file() -> None:
    assert {name: list(each.documents) for name, each in made().items()} == {"grid": ["p.json"], "house": ["load.csv"]}


def test_a_file_that_was_not_read_is_its_device_s_business() -> None:
    assert [each.name for each in shadows(parse(HOME), {"load.csv": LOAD})] == ["house"]


def test_a_new_file_counts_and_a_wrong_one_is_passed_over_as_by_the_device() -> None:
    grid = made()["grid"]
    assert ends(grid) == [1_780_358_400]  # 2026-06-02
    assert grid.renew("p.json", prices(2))
    assert ends(grid) == [1_780_444_800]
    assert grid.renew("p.json", "[")
    assert ends(grid) == [1_780_444_800]


def test_it_follows_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.edge.files.watch.LOOK_EVERY", 0.02)
    found = made()
    (tmp_path / "p.json").write_text(prices(1))
    (tmp_path / "load.csv").write_text(LOAD)
    with Loop() as loop:
        watch = DocumentWatch(loop, tmp_path, found.values())
        (tmp_path / "p.json").write_text(prices(2))
        loop.run(until=lambda: ends(found["grid"]) == [1_780_444_800], timeout=20)
        watch.close()
    assert ends(found["grid"]) == [1_780_444_800]
