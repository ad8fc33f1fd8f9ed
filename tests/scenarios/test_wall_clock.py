"""A home at real time over a real broker, while the time of day is set forth and back under it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.stage import SMALL, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.runtime import state
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home, starting_now

LIVING = SMALL.replace("{start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}", "{start: 2026-06-21 08:30}")
HOUR = 3600


class Wall:
    """A wall clock that is set by hand; timers go on as they do."""

    def __init__(self) -> None:
        self.set_by = 0.0

    def __call__(self) -> float:
        return time.time() + self.set_by


def living(name: str = "") -> Home:
    return starting_now(small_home(LIVING, name), int(time.time()))


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def stage(broker: Broker, wall: Wall) -> Iterator[Stage]:
    with Stage(broker.endpoint, living(), loop=Loop(wall=wall)) as made:
        made.declare("clock", real_time=True, step=1)
        made.start()
        made.wait(lambda: len(made.records) >= 3)
        yield made


def said_by_the_clock(stage: Stage) -> str:
    return "; ".join(error["error"] for error in stage.errors("clock"))


def test_a_laptop_that_slept_for_two_hours_goes_on_from_now(stage: Stage, wall: Wall) -> None:
    before, energy = stage.settled, stage.state("oven")["energy"]
    wall.set_by = 2 * HOUR
    stage.wait(lambda: stage.settled > before + HOUR, 10)
    assert stage.settled == pytest.approx(wall(), abs=3)
    lived = sum(record.span.steps * record.span.step for record in stage.records.values())
    assert lived < 60, "the two hours are not lived"
    assert stage.state("oven")["energy"] - energy < 0.1
    stage.rest()
    audited = stage.audited()
    assert audited.auditor.skipped == pytest.approx(2 * HOUR, abs=5)
    assert "the time of day is 2.0 h ahead" in said_by_the_clock(stage)
    assert "neither lived nor counted" in said_by_the_clock(stage)
    count = len(stage.records)
    stage.wait(lambda: len(stage.records) >= count + 3, 10)
    assert stage.settled == pytest.approx(wall(), abs=3)


def test_a_wall_that_is_set_back_is_waited_for_and_that_is_said(stage: Stage, wall: Wall) -> None:
    wall.set_by = -5 * HOUR
    stage.wait(lambda: "time stands until" in said_by_the_clock(stage), 10)
    stage.rest()
    stood = stage.settled
    stage.loop.run(timeout=2.5)
    assert stage.settled == stood
    wall.set_by = 0.0
    stage.wait(lambda: stage.settled > stood + 1, 10)
    stage.rest()
    audited = stage.audited()
    assert audited.auditor.skipped == 0, "it was gone for less than what is caught up"
    assert "simulated time goes on" in said_by_the_clock(stage)


def test_a_clock_that_is_killed_while_it_skips_goes_on_behind_the_skip(stage: Stage, wall: Wall) -> None:
    before = stage.settled
    stage.when("clock", "window", lambda: stage.vanish("clock"))
    wall.set_by = 3 * HOUR
    stage.wait(lambda: stage.availability("clock") == "offline", 10)
    stage.start("clock")
    stage.wait(lambda: stage.settled > before + HOUR, 10)
    stage.rest()
    assert stage.audited().auditor.skipped == pytest.approx(3 * HOUR, abs=10)


@pytest.mark.parametrize("victim", ["battery", "grid", "inverter"])
def test_a_device_that_is_killed_in_the_first_window_behind_a_skip_counts_it_once(stage: Stage, wall: Wall, victim: str) -> None:
    before = stage.settled
    wall.set_by = 30 * 24 * HOUR
    stage.when("inverter", "settlement", lambda: stage.vanish(victim))
    stage.wait(lambda: stage.availability(victim) == "offline", 10)
    stage.start(victim)
    stage.wait(lambda: stage.settled > before + HOUR, 20)
    count = len(stage.records)
    stage.wait(lambda: len(stage.records) >= count + 2, 10)
    stage.rest()
    stage.audited()


# -- a host that comes back ---------------------------------------------------------------------------------------------


def hosted(broker: Broker, folder: Path, home: Home, seconds: int, wall: Wall, **options: Any) -> tuple[dict[str, Any], list[str]]:
    said: list[str] = []
    with Loop(wall=wall) as loop:
        orders = HostOptions(home, {}, broker.endpoint, folder, folder, seconds, say=said.append, **options)
        return loop.complete(HomeHost(loop, orders).run()), said


def test_a_home_that_was_away_for_days_goes_on_from_now(broker: Broker, wall: Wall, tmp_path: Path) -> None:
    home = replace(living("away"), speed=1.0)
    first, said = hosted(broker, tmp_path, home, 5, wall, start_now=True)
    assert first["steps"] == 1, "a step of 5 s, since nobody chose one"
    assert said == []
    wall.set_by = 3 * 24 * HOUR
    later = starting_now(home, int(wall()))
    second, said = hosted(broker, tmp_path, later, 10, wall, start_now=True)
    assert second["steps"] == 2, "what was skipped is no part of the duration"
    assert second["audit"]["ok"]
    assert any("3 days ahead" in text for text in said)
    moved = second["energy_kwh"]["load_served"]
    assert moved < 0.1


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_run_of_another_time_begins_anew_at_the_time_of_day(broker: Broker, wall: Wall, tmp_path: Path, speed: float) -> None:
    """As one that ran for a week of June on a broker of its own, with the same state."""
    name = f"june_{speed:g}"
    june = small_home(SMALL.replace(", paused: true", ""), name)
    first, _ = hosted(broker, tmp_path, june, 7 * 24 * HOUR, wall)
    assert first["energy_kwh"]["load_served"] > 1
    now = replace(starting_now(june, int(wall())), speed=speed)
    second, said = hosted(broker, tmp_path, now, 60, wall, start_now=True)
    (text,) = (text for text in said if "begins anew" in text)
    assert "did not live at the time of day" in text
    assert "2026-06-2" in text
    assert second["energy_kwh"]["load_served"] < 0.2
    assert second["start"] >= first["end"], "from now"
    assert second["audit"] == {"ok": True, "checked_steps": second["steps"], "problems": []}


# -- steps ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "step"), [(1.0, 5), (59.0, 5), (60.0, 60), (600.0, 60), (None, 60)])
def test_the_speed_at_which_a_run_begins_chooses_its_step(broker: Broker, speed: float | None, step: int) -> None:
    home = replace(small_home(LIVING), speed=speed)
    with Stage(broker.endpoint, home) as stage:
        stage.start("clock")
        stage.sync()
        assert stage.json("clock", "site")["step"] == step
        assert stage.state("clock")["step"] == step


def test_a_run_keeps_the_step_that_it_began_with(broker: Broker) -> None:
    """Whatever its file said then: it may have named one, or another version may have had another default."""
    with Stage(broker.endpoint, small_home()) as stage:
        stage.start()
        stage.steps(3)
        stage.kill("clock")
        stage.declare("clock", step=None, speed=1)
        stage.start("clock")
        assert stage.json("clock", "site")["step"] == 60
        stage.steps(3)
        stage.send("clock", "set", {"paused": False})
        stage.wait(lambda: "up to 60 s" in said_by_the_clock(stage), 10)
        stage.send("clock", "set", {"speed": 60})
        stage.send("clock", "set", {"speed": 1})
        stage.wait(lambda: said_by_the_clock(stage).count("up to 60 s") == 2, 10)


def test_a_power_that_a_command_changed_is_told_when_its_window_is_settled(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when the second in which the command was answered is over."""
    monkeypatch.setattr(state, "STATE_EVERY", 1000.0)
    with Stage(broker.endpoint, small_home()) as stage:
        stage.start()
        stage.steps(2)
        assert stage.state("oven")["power"] == 0
        quiet = len(stage.all("geyser", "state"))
        for device, change in (("oven", {"mode": "on"}), ("grid", {"main_switch": False})):
            stage.send(device, "set", change)
        before = stage.settled
        stage.begin_steps(1)
        stage.wait(lambda: stage.settled > before)
        stage.wait(lambda: stage.state("oven")["power"] > 0 and stage.state("grid")["connected"] is False, 10)
        stage.begin_steps(1)
        stage.wait(lambda: stage.settled > before + 60)
        stage.sync()
        assert len(stage.all("geyser", "state")) == quiet, "nobody else tells more than once a second"
