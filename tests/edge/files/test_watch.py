"""Files that settings name change while a home runs over a real broker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stage import SMALL, START, STEP, Stage, small_home
from tests.supply.calendars import calendar, outage
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.files.watch import DocumentWatch
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House
from virtual_devices.kit.site import Context

FILE = "off.ics"
HOME = SMALL.replace('outages: "09:00-09:10"', f"outage_calendar: {FILE}")
OLD = calendar(outage("20260621T083300", "20260621T083600"))
NEW = calendar(outage("20260621T084500", "20260621T085500"), outage("20260621T083300", "20260621T083400", uid="b"))


@pytest.fixture
def stage(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr("virtual_devices.edge.files.watch.LOOK_EVERY", 0.05)
    (tmp_path / FILE).write_text(OLD)
    with Stage(broker.endpoint, small_home(HOME)) as made:
        read(made, OLD)
        made.start()
        watch = DocumentWatch(made.loop, tmp_path, made.runtimes.values())
        yield made
        watch.close()


def read(stage: Stage, text: str) -> None:
    """As the host reads the file at a start."""
    stage.described["grid"] = replace(stage.described["grid"], documents={FILE: text})


def expected(stage: Stage, renewed_after: int, steps: int) -> str:
    """The digest of the same home in one process, with the new file from a step on."""
    home = stage.home
    house, summary = House(home, {FILE: OLD}), Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(home.start + renewed_after * STEP)
    grid = house.members["grid"]
    grid.renew(type(grid.device)(Context("grid", home.site, {FILE: NEW})), {})
    house.advance(home.start + steps * STEP)
    return summary.digest


def renewed(stage: Stage) -> bool:
    return stage.runtimes["grid"].documents[FILE] == NEW


def test_a_changed_file_is_in_force_from_the_next_window_on_and_applied_says_when(stage: Stage, tmp_path: Path) -> None:
    stage.steps(10)
    (tmp_path / FILE).write_text(NEW)
    stage.wait(lambda: renewed(stage))
    stage.steps(20)
    assert stage.all("grid", "applied") == [{"changes": {"outage_calendar": FILE}, "time": START + 10 * STEP, "by": "file"}]
    assert not stage.errors("grid")
    stage.audited()
    assert stage.digest == expected(stage, 10, 30)


def test_a_broken_file_is_refused_once_and_the_old_one_stays_in_force(stage: Stage, tmp_path: Path) -> None:
    stage.steps(1)
    (tmp_path / FILE).write_text(NEW.replace("DTEND", "DTENDE"))
    stage.wait(lambda: stage.errors("grid"))
    stage.steps(4)
    (error,) = stage.errors("grid")
    assert error["error"] == f"{FILE}, line 4: the event has no end; add DTEND or DURATION; until then it goes on with the file as it was"
    assert not stage.all("grid", "applied")
    assert not stage.state("grid")["connected"], "08:35 is in the old file's outage"
    (tmp_path / FILE).unlink()
    stage.wait(lambda: len(stage.errors("grid")) == 2)
    assert "there is no such file" in stage.errors("grid")[1]["error"]
    (tmp_path / FILE).write_text(NEW)
    stage.wait(lambda: renewed(stage))
    stage.steps(1)
    assert stage.state("grid")["connected"]
    stage.audited()


def test_a_device_that_starts_again_reads_the_file_as_it_is_then(stage: Stage, tmp_path: Path) -> None:
    stage.steps(10)
    (tmp_path / FILE).write_text(NEW)
    stage.kill("grid")
    read(stage, NEW)
    stage.start("grid")
    stage.steps(20)
    stage.audited()
    assert stage.digest == expected(stage, 10, 30)


def test_a_file_that_was_touched_or_written_as_it_was_is_no_change(stage: Stage, tmp_path: Path) -> None:
    watch_before = stage.runtimes["grid"].documents
    (tmp_path / FILE).write_text(OLD)
    stage.loop.run(timeout=0.5)
    stage.steps(1)
    assert stage.runtimes["grid"].documents is watch_before
    assert not stage.all("grid", "applied")


def test_a_file_that_changes_before_the_clock_is_there_is_taken_with_it(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.edge.files.watch.LOOK_EVERY", 0.05)
    (tmp_path / FILE).write_text(NEW)
    with Stage(broker.endpoint, small_home(HOME)) as stage:
        read(stage, OLD)
        stage.runtimes["grid"] = stage.make("grid")
        stage.runtimes["grid"].start()
        watch = DocumentWatch(stage.loop, tmp_path, [stage.runtimes["grid"]])
        stage.loop.run(timeout=0.5)
        assert not renewed(stage), "it has no site yet"
        stage.start(*(name for name in stage.described if name != "grid"))
        stage.wait(lambda: renewed(stage))
        stage.steps(1)
        watch.close()


def test_prices_that_begin_in_the_future_are_taken_and_told(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.edge.files.watch.LOOK_EVERY", 0.05)
    today = '[{"start": "2026-06-21T00:00:00+02:00", "end": "2026-06-22T00:00:00+02:00", "value": 1}]'
    tomorrow = today.replace("06-22", "06-23").replace("06-21", "06-22")
    file = tmp_path / "p.json"
    file.write_text(today)
    with Stage(broker.endpoint, small_home(SMALL.replace("grid: {", "grid: {price_series: p.json, "))) as stage:
        stage.described["grid"] = replace(stage.described["grid"], documents={"p.json": today})
        stage.start()
        watch = DocumentWatch(stage.loop, tmp_path, stage.runtimes.values())
        stage.steps(2)
        assert not stage.errors("grid")
        file.write_text(tomorrow)
        stage.wait(lambda: stage.errors("grid"))
        (said,) = stage.errors("grid")
        assert said["error"].startswith("p.json: has 1 prices from 2026-06-22 00:00 to 2026-06-23 00:00, which is still to come; until then zones and base price hold")
        stage.steps(2)
        watch.close()
