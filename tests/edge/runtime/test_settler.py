"""Leaving and coming back, and being killed at any point: no joule is lost, none is counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.machine import BROKER_KINDS
from tests.stage import SECONDS, START, STEP, WEATHER, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.settlement import SettlementMessage
from virtual_devices.kit.accounts import HEAT

LONG = 50
"""Steps of a whole play: the oven, the geyser and an outage's beginning are in it."""


@pytest.fixture(params=BROKER_KINDS)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A home on each kind of broker."""
    with start_broker(tmp_path, kind=request.param, port=0) as broker, Stage(broker.endpoint) as made:
        made.start()
        yield made


def energy_in(stage: Stage, name: str) -> int:
    """mJ that the ledger saw going into a device."""
    return stage.summary().between(None, name)


def energy_of(stage: Stage, name: str) -> int:
    """mJ that a device itself counted."""
    work = stage.runtimes[name].work
    assert work is not None
    return int(work.member.counters["energy"])


# -- leaving and coming back -------------------------------------------------------------------------------------------


def test_a_device_that_leaves_is_left_out_and_resumes_where_it_was(stage: Stage) -> None:
    stage.steps(15)
    before = stage.state("oven")
    assert before["temperature"] > 30
    stage.stop("oven")
    stage.steps(20)
    assert "oven" not in stage.json("clock", "window")["members"]
    assert ("oven", HEAT) not in stage.records[len(stage.records)].edges
    stage.start("oven")
    stage.rest()
    after = stage.state("oven")
    assert (after["temperature"], after["energy"]) == (before["temperature"], before["energy"]), "no time passed for it"
    stage.steps(10)
    assert energy_of(stage, "oven") == energy_in(stage, "oven")
    assert ("oven", HEAT) in stage.records[len(stage.records)].edges
    stage.audited()


def test_without_sun_or_battery_the_others_go_on(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        stage.steps(5)
        stage.kill("sun")
        stage.kill("battery")
        stage.steps(10)
        assert stage.availability("weather") == stage.availability("roof") == "offline"
        assert stage.json("inverter", "settlement")["members"] == ["geyser", "grid", "oven"]
        assert "waits, offline, for sun" in stage.errors("roof")[-1]["error"]
        stage.start("sun")
        stage.steps(1)  # a window in which they see that it is back
        stage.wait(lambda: stage.availability("weather") == stage.availability("roof") == "online")
        stage.start("battery")
        stage.steps(10)
        assert stage.json("inverter", "settlement")["members"] == ["battery", "geyser", "grid", "oven", "roof"]
        assert stage.json("clock", "window")["observers"] == ["sun", "weather"]
        stage.audited()


def test_who_waits_for_a_partner_is_back_with_it_and_no_clock_waits_for_both(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        stage.steps(5)
        stage.kill("sun")
        stage.steps(1)  # weather and roof were there when it was opened, and step back
        assert "weather" in stage.json("clock", "window")["observers"]
        stage.wait(lambda: stage.availability("weather") == stage.availability("roof") == "offline")
        stage.kill("clock")
        stage.start("sun")
        stage.wait(lambda: stage.availability("weather") == stage.availability("roof") == "online")
        began = stage.loop.time()
        stage.start("clock")
        stage.steps(1)
        assert stage.loop.time() - began < 5, "no patience was spent"
        assert stage.json("clock", "window")["observers"] == ["sun", "weather"]
        assert "roof" in stage.json("inverter", "settlement")["members"]
        stage.audited()


def test_who_missed_the_settlement_finds_its_share_later(stage: Stage) -> None:
    stage.steps(12)
    stage.when("oven", "proposal", lambda: stage.vanish("oven"))
    stage.steps(4)
    stage.wait(lambda: stage.availability("oven") == "offline")
    settlement = stage.json("inverter", "settlement")
    stage.steps(3)
    assert "oven" in stage.json("inverter", "settlement")["owed"]
    stage.start("oven")
    stage.rest()
    assert energy_of(stage, "oven") == energy_in(stage, "oven")
    stage.steps(2)
    assert "oven" not in stage.json("inverter", "settlement")["owed"]
    assert stage.json("oven", "proposal")["after"] == settlement["seq"], "it went on from the share that it was owed"
    assert energy_of(stage, "oven") == energy_in(stage, "oven")
    stage.audited()


def test_a_silent_device_is_waited_for_and_then_left_out_and_named(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.declare("clock", patience=0.4)
        stage.start()
        stage.steps(2)
        oven = stage.runtimes["oven"]
        oven.client.unsubscribe(stage.topic("clock", "window"))  # it lives, and hears of no window
        stage.loop.complete(oven.client.flush(SECONDS))
        began = stage.loop.time()
        end = stage.begin_steps(2)
        stage.wait(lambda: stage.settled >= end)
        assert stage.loop.time() - began >= 0.4
        stage.sync()
        assert stage.json("inverter", "settlement")["left_out"] == ["oven"]
        assert "oven" in stage.errors("inverter")[-1]["error"]
        oven.client.subscribe((stage.topic("clock", "window"), 0))
        stage.steps(1)  # in the first window nobody waits for it yet: it may be late
        stage.steps(2)
        assert "oven" in stage.json("inverter", "settlement")["members"]
        stage.audited()


def test_who_speaks_and_falls_silent_in_turns_is_waited_for_half_as_long_each_time(broker: Broker) -> None:
    patience = 1.0
    with Stage(broker.endpoint) as stage:
        stage.declare("clock", patience=patience)
        stage.start()
        window, oven, spent = stage.topic("clock", "window"), stage.runtimes["oven"], []
        for _ in range(4):
            oven.client.unsubscribe(window)
            stage.loop.complete(oven.client.flush(SECONDS))
            began = stage.loop.time()
            end = stage.begin_steps(1)
            stage.wait(lambda end=end: stage.settled >= end)  # type: ignore[misc] # at once
            spent.append(stage.loop.time() - began)
            oven.client.subscribe((window, 0))
            stage.steps(1)
            stage.steps(1)
            assert "oven" in stage.json("inverter", "settlement")["members"]
        assert all(time >= patience / 2**number for number, time in enumerate(spent)), spent
        assert sum(spent) < 3 * patience, "without it, it would be four times the patience"
        stage.audited()


# -- killed at any point -----------------------------------------------------------------------------------------------

POINTS = [
    ("clock", "window", "clock"),
    ("clock", "window", "inverter"),
    ("sun", "conditions", "inverter"),
    ("battery", "proposal", "battery"),
    ("battery", "proposal", "inverter"),
    ("battery", "proposal", "clock"),
    ("oven", "proposal", "oven"),
    ("roof", "proposal", "sun"),
    ("grid", "proposal", "grid"),
    ("inverter", "settlement", "inverter"),
    ("inverter", "settlement", "battery"),
    ("inverter", "settlement", "oven"),
    ("inverter", "settlement", "clock"),
    ("inverter", "ledger", "inverter"),
    ("inverter", "ledger", "roof"),
]


def one_step_with_a_death(stage: Stage, device: str, leaf: str, victim: str) -> None:
    stage.when(device, leaf, lambda: stage.vanish(victim))
    end = stage.begin_steps(1)
    stage.wait(lambda: stage.availability(victim) == "offline")
    stage.start(victim)
    stage.wait(lambda: stage.settled >= end)
    stage.rest()


@pytest.mark.parametrize(("device", "leaf", "victim"), POINTS)
def test_killed_at_any_point_the_ledger_is_that_of_the_undisturbed_home(
    stage: Stage, device: str, leaf: str, victim: str
) -> None:
    """Each time within a window of its own, so that nobody is left out of the next."""
    for count in (13, 9):
        stage.steps(count)
        one_step_with_a_death(stage, device, leaf, victim)
    stage.steps(LONG - 24)
    summary = stage.audited()
    assert summary.digest == undisturbed(stage.home, LONG).digest
    assert stage.errors("inverter") == []
    for name in ("oven", "geyser"):
        assert energy_of(stage, name) == summary.between(None, name) > 0


def test_all_killed_at_once_in_the_middle_of_a_window(either: Stage) -> None:
    stage = either
    stage.steps(13)

    def all_die() -> None:
        for name in list(stage.runtimes):
            stage.vanish(name)

    stage.when("roof", "proposal", all_die)
    stage.begin_steps(LONG - 13)
    stage.wait(lambda: not stage.runtimes and all(stage.availability(name) == "offline" for name in stage.described))
    # the window that was open is the clock's own checkpoint: those who propose come first, who decides comes last
    stage.start(*(name for name in stage.described if name not in ("clock", "inverter")))
    stage.start("inverter")
    stage.start("clock")
    stage.wait(lambda: stage.settled >= START + LONG * STEP)
    stage.rest()
    assert stage.audited().digest == undisturbed(stage.home, LONG).digest


def test_killed_before_it_proposed_a_device_is_left_out_and_nothing_is_lost(stage: Stage) -> None:
    stage.steps(12)
    stage.when_heard_by("oven", "clock", "window", lambda: stage.vanish("oven"))
    stage.steps(5)
    stage.start("oven")
    stage.steps(10)
    assert energy_of(stage, "oven") == energy_in(stage, "oven")
    stage.audited()


def test_an_observer_keeps_its_live_setting_over_a_restart(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        stage.steps(3)
        stage.send("weather", "set", {"mean_cloud_cover": 90})
        stage.steps(2)
        stage.kill("weather")
        stage.declare("weather", variability=10)  # the declaration changed: it wins over the live value
        stage.start("weather")
        stage.sync()
        state = stage.state("weather")
        assert (state["mean_cloud_cover"], state["variability"]) == (90, 10)
        stage.steps(2)
        assert stage.state("weather")["mean_cloud_cover"] == 90
        stage.audited()


# -- who lies ----------------------------------------------------------------------------------------------------------


def test_a_forged_settlement_is_refused_and_the_true_one_still_taken(stage: Stage) -> None:
    stage.steps(10)
    stage.when("battery", "proposal", lambda: stage.vanish("battery"))
    stage.steps(3)
    stage.wait(lambda: stage.availability("battery") == "offline")
    true = stage.last["inverter", "settlement"]
    forged = orjson.loads(true)
    assert "battery" in forged["shares"]
    forged["shares"]["battery"]["stored"] += 1
    stage.send("inverter", "settlement", forged, retain=True)
    stage.start("battery")
    stage.wait(lambda: stage.errors("battery"))
    (error,) = stage.errors("battery")
    assert f"leaves {forged['shares']['battery']['stored']} mJ" in error["error"]
    assert error["about"] == "settlement"
    assert getattr(getattr(stage.runtimes["battery"].work, "member", None), "proposed", None) is not None, "it has not committed"
    stage.send("inverter", "settlement", true, retain=True)
    stage.rest()
    stage.steps(LONG - 13)
    assert stage.audited().digest == undisturbed(stage.home, LONG).digest


def test_a_forged_settlement_is_mended_by_the_inverter_without_a_hand(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.steps(10)
        stage.when("battery", "proposal", lambda: stage.vanish("battery"))
        stage.steps(3)
        stage.wait(lambda: stage.availability("battery") == "offline")
        forged = orjson.loads(stage.last["inverter", "settlement"])
        forged["shares"]["battery"]["stored"] += 1
        stage.send("inverter", "settlement", forged, retain=True)
        stage.start("battery")
        stage.wait(lambda: stage.errors("battery"))
        stage.steps(LONG - 13)  # the clock asks again, and the inverter repeats what it owes to whoever is behind
        assert stage.audited().digest == undisturbed(stage.home, LONG).digest


def lying(payload: bytes, **changes: object) -> bytes:
    message = orjson.loads(payload)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = message
        for key in parents:
            place = place[key]
        place[last] = value
    return orjson.dumps(message)


LIES = [
    ("negative power", {"offer__power": [-1]}, "offer"),
    ("a power beyond any device", {"offer__power": [10**11]}, "offer"),
    ("steps without power", {"offer__power": [1, 2]}, "cover"),
    ("a longer span than the window", {"span__steps": 2, "offer__power": [1, 1]}, "covers 2 of 1 steps"),
    ("another time", {"span__start": START}, "covers another time"),
    ("another step", {"span__step": 30}, "covers another time"),
    ("a state that nobody settled", {"after": 2**40}, "starts after window"),
    ("a window to come", {"seq": 2**40}, "but the next one is"),
    ("no offer", {"offer": {"ability": "guesses"}}, "offer"),
    ("an unknown key", {"offer__steal": 5}, "offer"),
]


@pytest.mark.parametrize(("lie", "changes", "words"), LIES, ids=[lie for lie, _, _ in LIES])
def test_a_lying_proposal_is_answered_and_not_used(stage: Stage, lie: str, changes: dict[str, object], words: str) -> None:
    stage.steps(10)
    oven = stage.runtimes["oven"]
    honest: list[bytes] = []
    publish = oven.client.publish

    def lie_once(topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:  # noqa: FBT001, FBT002
        if topic == stage.topic("oven", "proposal") and not honest:
            honest.append(payload)
            payload = lying(payload, **changes)
        publish(topic, payload, qos, retain)

    oven.client.publish = lie_once  # type: ignore[method-assign]
    stage.steps(1)
    errors = stage.errors("inverter")
    assert len(honest) == 1
    assert errors, lie
    assert {error["about"] for error in errors} == {"oven"}
    assert words in errors[0]["error"]
    assert stage.errors("oven") == []
    stage.steps(LONG - 11)
    assert stage.audited().digest == undisturbed(stage.home, LONG).digest


def test_a_broken_settlement_message_is_answered_by_who_hears_it(stage: Stage) -> None:
    stage.steps(3)
    good = stage.last["inverter", "settlement"]
    stage.send("inverter", "settlement", b"{]")
    for name in ("oven", "clock"):
        assert stage.errors(name)[-1]["about"] == stage.topic("inverter", "settlement")
    stage.steps(2)
    read(SettlementMessage, good)
    assert stage.audited().digest == undisturbed(stage.home, 5).digest


def test_time_goes_on_where_nobody_is_left(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.steps(3)
        members = stage.json("inverter", "settlement")["members"]
        stage.kill(*members)
        stage.steps(5)
        assert stage.json("inverter", "settlement")["members"] == []
        stage.start(*members)
        stage.steps(3)
        assert stage.json("inverter", "settlement")["members"] == members
        stage.audited()
        assert all("fault of the program" not in error["error"] for error in stage.errors("inverter"))
