"""What a device refused is seen in its state, and an empty message is a value where a setting can be empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.machine import BROKER_KINDS
from tests.stage import SMALL, Stage, small_home
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.faces.templates import LONGEST_TEXT
from virtual_devices.edge.runtime.last_error import LastError


@pytest.fixture(scope="module", params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home(SMALL.replace("  battery:", "  weather: {}\n  battery:"))) as made:
        made.start()
        yield made


# -- the last error ----------------------------------------------------------------------------------------------------


def test_every_device_tells_in_its_state_what_it_refused_last_and_when(stage: Stage) -> None:
    for name in stage.described:
        assert (stage.state(name)["last_error"], stage.state(name)["last_error_time"]) == (None, None)
        before = datetime.now(UTC).replace(microsecond=0)
        stage.send(name, "set/no_such_setting", b"1")
        state = stage.state(name)
        said = stage.errors(name)[-1]["error"]
        assert state["last_error"] == (said if len(said) <= LONGEST_TEXT else said[: LONGEST_TEXT - 1] + "…")
        assert before <= datetime.fromisoformat(state["last_error_time"]) <= datetime.now(UTC)


def test_what_is_no_command_is_shown_too_and_a_good_command_leaves_it(stage: Stage) -> None:
    stage.send("inverter", "nothing", b"x")
    stage.send("oven", "proposal", b"rubbish")  # the inverter complains
    stage.wait(lambda: stage.state("inverter")["last_error"] is not None)
    told = stage.state("inverter")["last_error"]
    assert "not a proposal message" in told
    stage.send("inverter", "set/solar_export", b"OFF")
    assert stage.state("inverter")["last_error"] == told
    assert stage.state("oven")["last_error"] is None, "each tells its own"


def test_it_is_of_this_process_s_life(stage: Stage) -> None:
    stage.send("oven", "set/setpoint", b"9999")
    assert stage.state("oven")["last_error"] is not None
    stage.reconnect("oven")
    assert stage.state("oven")["last_error"] is not None
    stage.stop("oven")
    assert stage.state("oven")["last_error"] is not None, "the broker keeps the last state"
    stage.start("oven")
    stage.sync()
    assert stage.state("oven")["last_error"] is None


def test_a_long_complaint_is_cut_to_what_home_assistant_keeps() -> None:
    error = LastError()
    for text, shown in (("x" * LONGEST_TEXT, "x" * LONGEST_TEXT), ("x" * (LONGEST_TEXT + 1), "x" * (LONGEST_TEXT - 1) + "…")):
        error.note(text)
        assert error.untold
        assert error.tell()["last_error"] == shown
        assert not error.untold
    assert LONGEST_TEXT == 255


# -- empty values ------------------------------------------------------------------------------------------------------


def test_a_cleared_text_is_a_value(stage: Stage) -> None:
    """As Home Assistant sends it, not retained."""
    stage.send("grid", "set/outages", b"10:00-11:00")
    assert stage.state("grid")["outages"] == "10:00-11:00"
    stage.send("grid", "set/outages", b"")
    assert stage.state("grid")["outages"] == ""
    assert stage.errors("grid") == []
    stage.steps(1)
    assert [said["changes"] for said in stage.all("grid", "applied")] == [{"outages": ""}]


def test_where_a_command_is_retained_an_empty_message_takes_back_that_and_nothing_else(stage: Stage) -> None:
    """Who tidies up a topic means the broker, not the setting; sent once more it means the setting."""
    stage.send("grid", "set/outages", b"10:00-11:00", retain=True)
    stage.send("oven", "set/setpoint", b"150", retain=True)
    for name in ("grid", "oven"):
        stage.reconnect(name)
    stage.heard.clear()
    stage.send("grid", "set/outages", b"", retain=True)
    stage.send("oven", "set/setpoint", b"", retain=True)
    assert stage.state("grid")["outages"] == "10:00-11:00"
    (error,) = stage.errors("grid")
    assert "took back the retained command" in error["error"]
    assert error["about"] == stage.topic("grid", "set/outages")
    assert stage.state("grid")["last_error"] == error["error"]
    assert (stage.errors("oven"), stage.state("oven")["setpoint"]) == ([], 150), "a number cannot be empty: nobody can have meant it"
    stage.send("grid", "set/outages", b"")
    assert stage.state("grid")["outages"] == ""
    stage.send("oven", "set/setpoint", b"")
    assert "an empty text" in stage.errors("oven")[-1]["error"]


def test_a_retained_command_that_is_taken_back_does_not_come_again(stage: Stage) -> None:
    stage.send("grid", "set/outages", b"10:00-11:00", retain=True)
    stage.reconnect("grid")
    stage.send("grid", "set/outages", b"", retain=True)
    stage.reconnect("grid")
    stage.send("grid", "set/outages", b"")
    assert stage.state("grid")["outages"] == ""
