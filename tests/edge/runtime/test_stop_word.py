"""The word ``stop``: who is alone in his process ends, who shares it says no, and what a broker repeats is old."""

from __future__ import annotations

import pytest

from tests.stage import STEP, Stage, undisturbed


@pytest.mark.parametrize("payload", [b"", b"now", b"{}", b"\xff"])
def test_whatever_it_says_it_is_meant(stage: Stage, payload: bytes) -> None:
    stage.stop("oven")
    asked: list[bool] = []
    stage.start("oven", on_stop=lambda: asked.append(True))
    stage.send("oven", "stop", payload)
    assert asked == [True]
    assert stage.errors("oven") == []


def test_the_word_of_another_is_passed_over(stage: Stage) -> None:
    stage.stop("oven")
    stage.start("oven", on_stop=lambda: pytest.fail("it was not meant"))
    stage.send("geyser", "stop", b"now")
    (error,) = stage.errors("geyser")
    assert "shares its process with others" in error["error"]
    assert error["about"] == stage.topic("geyser", "stop")
    stage.steps(2)
    assert stage.audited().digest == undisturbed(stage.home, 2).digest


def test_one_that_the_broker_repeats_is_not_heeded_and_is_named_once(stage: Stage) -> None:
    stage.stop("oven")
    stage.send("oven", "stop", b"now", retain=True)
    asked: list[bool] = []
    stage.start("oven", on_stop=lambda: asked.append(True))
    stage.reconnect("oven")
    (error,) = stage.errors("oven")
    assert "a retained stop is not heeded" in error["error"]
    stage.send("oven", "stop", b"", retain=True)
    assert asked == [], "that took the retained one back"
    stage.send("oven", "stop", b"")
    assert asked == [True]


def test_who_is_stopped_in_the_middle_of_a_run_goes_on_later(stage: Stage) -> None:
    stage.stop("oven")
    asked: list[bool] = []
    stage.start("oven", on_stop=lambda: asked.append(True))
    stage.steps(15)
    before = stage.state("oven")["energy_joules"]
    assert before > 0
    stage.send("oven", "stop", b"now")
    assert asked == [True]
    stage.stop("oven")  # as its host does then
    checkpoint = stage.json("oven", "proposal")["checkpoint"]
    stage.steps(5)
    stage.start("oven")
    assert stage.state("oven")["energy_joules"] == before
    assert checkpoint["settings"]
    stage.steps(5)
    summary = stage.audited()
    assert summary.steps == 25
    assert stage.settled == stage.home.start + 25 * STEP
