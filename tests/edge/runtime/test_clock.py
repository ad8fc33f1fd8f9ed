"""The clock on the bus: speed, pause, single steps, timed commands, and what a restarted clock remembers."""

from __future__ import annotations

import pytest

from tests.stage import START, STEP, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.runtime import window_call


def test_time_stands_still_until_it_is_asked_to_go_on(stage: Stage) -> None:
    assert stage.home.start == START
    stage.sync()
    assert stage.records == {}
    stage.steps(3)
    assert stage.settled == START + 3 * STEP
    state = stage.state("clock")
    assert (state["paused"], state["paused_steps"], state["windows"]) == (True, 0, len(stage.records))
    assert state["local_time"] == "2026-06-21 08:33:00"


def test_so_many_steps_are_made_even_if_windows_are_cut(stage: Stage) -> None:
    stage.send("oven", "set", {"mode": "off", "at": START + 5 * STEP})
    stage.steps(12)
    assert len(stage.records) > 1, "the oven's proposal ends where its command begins"
    assert stage.settled == START + 12 * STEP
    stage.sync()
    assert stage.state("clock")["paused_steps"] == 0


def test_steps_keep_the_ledger_of_the_undisturbed_house(stage: Stage) -> None:
    for count in (1, 7, 30, 2):
        stage.steps(count)
    assert stage.audited().digest == undisturbed(stage.home, 40).digest


def test_going_on_and_pausing_act_between_windows(stage: Stage) -> None:
    stage.send("clock", "set", {"paused": False, "speed": 600, "max_steps": 1})
    stage.wait(lambda: len(stage.records) >= 5)
    stage.send("clock", "set/paused", b"ON")
    stage.rest()
    stood = stage.settled
    assert stage.state("clock")["paused"] is True
    assert {record.span.steps for record in stage.records.values()} == {1}
    stage.loop.run(timeout=0.4)
    assert stage.settled <= stood + STEP, "one window may have been open"


def test_speed_sets_the_pace(stage: Stage) -> None:
    began = stage.loop.time()
    stage.send("clock", "set", {"paused": False, "speed": 1200})
    stage.wait(lambda: stage.settled >= START + 30 * STEP)
    seconds = stage.loop.time() - began
    assert seconds >= 30 * STEP / 1200 - 0.2, "not faster than 1200 times the wall"
    assert stage.state("clock")["behind"] < 1200


def test_a_timed_command_to_the_clock_holds_from_its_time(stage: Stage) -> None:
    stage.send("clock", "set", {"paused": True, "at": START + 10 * STEP})
    stage.send("clock", "set", {"paused": False})
    stage.wait(lambda: stage.settled >= START + 10 * STEP)
    stage.rest()
    assert stage.settled == START + 10 * STEP
    assert stage.state("clock")["paused"] is True
    assert stage.all("clock", "applied")[-1] == {"changes": {"paused": True}, "time": START + 10 * STEP}


def test_time_that_is_over_cannot_be_commanded(stage: Stage) -> None:
    stage.steps(4)
    stage.send("clock", "set", {"speed": 5, "at": START + STEP})
    (error,) = stage.errors("clock")
    assert "is over" in error["error"]
    assert stage.state("clock")["speed"] == 0


def test_the_end_of_its_time_is_the_end(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home()) as stage:
        stage.declare("clock", paused=False)
        stage.start("clock", duration=25 * STEP)
        stage.start(*(name for name in stage.described if name != "clock"))
        stage.wait(lambda: stage.ends == ["clock"])
        stage.sync()
        assert stage.settled == START + 25 * STEP
        assert stage.audited().digest == undisturbed(stage.home, 25).digest


def test_the_first_window_waits_for_everybody(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.declare("clock", paused=False)
        stage.start("clock")
        stage.start(*(name for name in stage.described if name not in ("geyser", "clock")))
        stage.sync()
        assert getattr(stage.runtimes["clock"].role, "waiting_for") == ["geyser"]  # noqa: B009 - only a clock has it
        assert ("clock", "window") not in stage.last
        stage.start("geyser")
        stage.wait(lambda: stage.records)
        assert "geyser" in stage.json("clock", "window")["members"]


@pytest.mark.parametrize("after", [0, 5])
def test_a_paused_clock_is_still_paused_when_it_comes_back(stage: Stage, after: int) -> None:
    stage.declare("clock", paused=False)
    stage.kill("clock")
    stage.start("clock")
    stage.wait(lambda: stage.records)
    stage.send("clock", "set", {"paused": True})
    stage.rest()
    if after:
        stage.steps(after)
    stood, seconds = stage.settled, stage.state("clock")["time"]
    stage.kill("clock")
    stage.start("clock")
    stage.loop.run(timeout=0.3)
    assert stage.settled == stood
    state = stage.state("clock")
    assert (state["paused"], state["time"]) == (True, seconds)
    stage.steps(4)
    assert stage.settled == stood + 4 * STEP
    stage.audited()


def test_a_clock_that_dies_with_a_window_open_takes_it_up_again(stage: Stage) -> None:
    stage.steps(5)

    def everything_that_decides() -> None:
        stage.vanish("clock")
        stage.vanish("inverter")

    stage.when_heard_by("inverter", "clock", "window", everything_that_decides)
    stage.begin_steps(6)
    stage.wait(lambda: stage.availability("clock") == stage.availability("inverter") == "offline")
    stage.sync()
    window = stage.json("clock", "window")
    assert window["seq"] == len(stage.records) + 1
    stage.start("clock")
    stage.sync()
    assert stage.json("clock", "window") == window
    stage.start("inverter")
    stage.wait(lambda: stage.settled == START + 11 * STEP)
    stage.rest()
    assert stage.state("clock")["paused_steps"] == 0
    assert stage.audited().digest == undisturbed(stage.home, 11).digest


@pytest.mark.parametrize(("setting", "value"), [("step", 30), ("latitude", 10.0), ("seed", 8), ("start", START + 1)])
def test_a_run_keeps_its_place_and_step(stage: Stage, setting: str, value: float) -> None:
    stage.steps(2)
    stage.kill("clock")
    stage.declare("clock", **{setting: value})
    clock = stage.make("clock")
    clock.start()
    stage.wait(lambda: stage.fatal)
    clock.stop()
    (reason,) = stage.fatal
    assert f"was started with {setting}" in reason
    assert "--fresh" in reason


def test_a_fresh_clock_begins_a_new_run(stage: Stage) -> None:
    stage.steps(20)
    first = stage.json("clock", "site")["run"]
    spent = stage.state("oven")["energy"]
    assert spent > 0
    stage.kill("clock")
    stage.records.clear()
    stage.start("clock", fresh=True)
    stage.wait(lambda: stage.json("clock", "site")["run"] != first)
    stage.wait(lambda: all(runtime.online for runtime in stage.runtimes.values()))
    stage.sync()
    stage.steps(15)
    assert stage.settled == START + 15 * STEP
    assert stage.audited().digest == undisturbed(stage.home, 15).digest


# -- windows that follow by themselves ---------------------------------------------------------------------------------


@pytest.fixture
def on_any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be so slow that a tenth of a second holds one window only."""
    monkeypatch.setattr(window_call, "WORD_EVERY", 2.0)


def hurried(stage: Stage, steps: int) -> None:
    """Everybody at full speed, one step per window, for so many steps."""
    stage.declare("clock", paused=False, max_steps=1)
    stage.start("clock", duration=steps * STEP)
    stage.start(*(name for name in stage.described if name != "clock"))


@pytest.mark.usefixtures("on_any_machine")
def test_at_full_speed_windows_follow_without_the_clocks_word(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home()) as stage:
        hurried(stage, 150)
        stage.wait(lambda: stage.ends == ["clock"])
        stage.rest()
        assert stage.settled == START + 150 * STEP
        told = {window["seq"] for window in stage.all("clock", "window")}
        assert len(stage.records) == 150
        assert len(told) < 100
        assert stage.audited().digest == undisturbed(stage.home, 150).digest


@pytest.mark.usefixtures("on_any_machine")
@pytest.mark.parametrize("victim", ["clock", "inverter"])
def test_a_death_while_windows_follow_by_themselves_changes_nothing(broker: Broker, victim: str) -> None:
    with Stage(broker.endpoint, small_home()) as stage:
        hurried(stage, 150)
        stage.wait(lambda: len(stage.records) >= 40 and stage.json("clock", "window")["more"] > 2)
        stage.when("inverter", "settlement", lambda: stage.vanish(victim))
        stage.wait(lambda: stage.availability(victim) == "offline")
        assert stage.settled < START + 150 * STEP
        stage.start(victim, **({"until": START + 150 * STEP} if victim == "clock" else {}))
        stage.wait(lambda: "clock" in stage.ends)
        stage.rest()
        assert stage.audited().digest == undisturbed(stage.home, 150).digest


@pytest.mark.usefixtures("on_any_machine")
def test_who_comes_while_windows_follow_by_themselves_is_let_in_soon(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home()) as stage:
        hurried(stage, 5000)
        stage.wait(lambda: len(stage.records) >= 40)
        stage.kill("oven")
        stage.wait(lambda: "oven" not in stage.json("inverter", "settlement")["members"])
        stage.start("oven")
        came = max(stage.records)
        stage.wait(lambda: "oven" in stage.json("inverter", "settlement")["members"])
        assert max(stage.records) - came < 200
        stage.send("clock", "set", {"paused": True})
        stage.rest()
        stood = stage.settled
        stage.loop.run(timeout=0.3)
        assert stage.settled == stood
        stage.audited()
