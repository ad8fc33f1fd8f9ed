"""A device that was called otherwise before goes on from there."""

from __future__ import annotations

import orjson
import pytest

from tests.stage import SMALL, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.visitor.session import Session

RENAMED = SMALL.replace("  geyser: {", "  boiler: {kind: geyser, former_name: geyser, ").replace("  battery: {", "  bank: {kind: battery, former_name: battery, ")
WHOLE = ("clock", "inverter")


def begun(broker: Broker, steps: int) -> tuple[Stage, float, float]:
    """A home that has run and stands; what its geyser has drawn, and how full its battery is."""
    stage = Stage(broker.endpoint, small_home(SMALL))
    stage.start()
    stage.steps(steps)
    return stage, stage.state("geyser")["energy_joules"], stage.state("battery")["stored_energy"]


@pytest.mark.parametrize("is_open", [False, True], ids=["settled", "open"])
def test_it_counts_on_and_holds_what_it_held(broker: Broker, *, is_open: bool) -> None:
    stage, drawn, stored = begun(broker, 40)
    with stage:
        assert drawn > 0
        if is_open:  # proposed and not settled, by those who leave before the inverter has spoken
            stage.when_heard_by("inverter", "clock", "window", lambda: stage.vanish("inverter"))
            stage.begin_steps(5)
            stage.wait(lambda: all(stage.runtimes[name].work.member.proposed for name in ("geyser", "battery")))  # type: ignore[union-attr]
        stage.stop(*[name for name in stage.described if name in stage.runtimes])
        stage.read(small_home(RENAMED, stage.home.name))
        stage.start()
        if not is_open:
            assert stage.state("boiler")["energy_joules"] == drawn
            assert stage.state("bank")["stored_energy"] == stored
        stage.steps(5)
        assert stage.falls == stage.fatal == []
        assert stage.state("boiler")["energy_joules"] > drawn
        columns = [pair for record in stage.records.values() for pair in zip(record.edges, record.energy, strict=True)]
        flowed = {name: sum(sum(column) for (_, sink), column in columns if sink == name) / 1000 for name in ("geyser", "boiler")}
        assert min(flowed.values()) > 0, "the ledger has both names"
        assert stage.state("boiler")["energy_joules"] == pytest.approx(sum(flowed.values()))
        stage.stop("boiler")
        stage.start("boiler")
        stage.steps(2)
        assert stage.falls == [], "it goes on from its own words now"


def test_what_was_another_kind_is_no_former_self(broker: Broker) -> None:
    stage, _, _ = begun(broker, 5)
    with stage:
        stage.stop(*stage.described)
        stage.read(small_home(SMALL.replace("  geyser: {", "  telly: {kind: tv, former_name: geyser}\n  spare: {kind: geyser, "), stage.home.name))
        stage.start()
        stage.steps(1)
        assert stage.fatal == []
        assert stage.state("telly")["energy_joules"] < stage.home.step * 1000


def test_home_assistant_knows_it_by_its_former_name(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(RENAMED)) as stage:
        with Session(broker.endpoint) as session:
            stage.start("boiler", *WHOLE)
            stage.sync()
            heard = session.collect("homeassistant/device/+/config")
        message = orjson.loads(heard[discovery.topic(stage.home.name, "geyser")])
        assert discovery.topic(stage.home.name, "boiler") not in heard
        assert message["device"]["identifiers"] == [f"virtual-{stage.home.name}-geyser"]
        assert message["device"]["name"] == "Boiler"
        assert message["availability_topic"] == stage.topic("boiler", "availability")
        assert message["components"]["power"]["unique_id"] == f"virtual-{stage.home.name}-geyser-power"
