"""A home's summary says of each quarter of an hour what its record says of it, wherever the home runs, stops and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.records import records
from tests.stage import PLUGS, STEP, WEATHER, Stage, small_home
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.proposal import ProposalHead
from virtual_devices.edge.messages.summary import QuarterMessage, SummaryMessage
from virtual_devices.edge.messages.topics import home_of_summary, summary_topic
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.forgetting import forget
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.offers import StoreOffer
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.store import charge_limit, discharge_limit
from virtual_devices.record.reading.readers import Reader

LABELLED = "labels: {region: north, tier: 2}\n"
TEXT = LABELLED + WEATHER.replace(", paused: true", "").replace("speed: max", "speed: 1200, max_steps: 4").replace("  grid: {", "  grid: {price: 3.84, feed_in_price: 0.99, ")
TREE = LABELLED + PLUGS.replace(", paused: true", "").replace("speed: max", "speed: 1200, max_steps: 4")


@contextmanager
def heard(loop: Loop, broker: Broker, home: str) -> Iterator[list[SummaryMessage]]:
    """Every summary that is said from now on."""
    found: list[SummaryMessage] = []

    def take(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if home_of_summary(topic) == home and payload and not retain:
            found.append(read(SummaryMessage, payload))

    client = Client(loop, broker.endpoint, f"{home}_spy", on_message=take)
    client.subscribe((summary_topic("+"), 1))
    client.connect()
    assert loop.run(until=lambda: client.subscribed, timeout=10)
    yield found
    loop.complete(client.leave())


def play(home: Home, broker: Broker, folder: Path, steps: int, *, isolate: bool = False) -> list[SummaryMessage]:
    with Loop() as loop, heard(loop, broker, home.name) as found:
        host = HomeHost(loop, HostOptions(home, {}, broker.endpoint, folder / "state", folder, steps * STEP, isolate=isolate))
        loop.complete(host.run())
        assert loop.run(until=lambda: bool(found) and not found[-1].online, timeout=10), "it says that nobody is there any more"
        return list(found)


def agrees(summary: SummaryMessage, reader: Reader, home: Home) -> None:
    """Everything that a record can know."""
    (energy,) = reader.energy("15min", summary.start, summary.start + QUARTER)
    assert energy.seconds == summary.seconds == QUARTER
    purposes = {
        "grid_import": "grid_import", "grid_export": "grid_export", "load": "load_served", "unserved": "load_unserved", "pv": "pv_used",
        "battery_charge": "battery_charge", "battery_discharge": "battery_discharge",
    }  # fmt: skip
    for name, purpose in purposes.items():
        assert getattr(summary, name) == energy.totals[purpose] / energy.seconds / 1000, name
    moved = sum(mj for (source, sink), mj in energy.edges.items() if sink in energy.roles.consumers and source != "essential")
    assert summary.switchable == moved / energy.seconds / 1000
    stored = sum(energy.stored.values())
    battery = home.entry("battery").settings
    assert summary.stored == stored / MJ_PER_KWH
    assert summary.soc == 100 * stored / round(battery.capacity * MJ_PER_KWH)  # type: ignore[attr-defined] # a battery's
    (told,) = reader.readings("grid", "15min", summary.start, summary.start + QUARTER)
    assert summary.cost == told.last["cost"]


@pytest.mark.parametrize("text", [TEXT, TREE], ids=["flat", "plugs"])
@pytest.mark.parametrize("isolate", [False, True], ids=["together", "isolated"])
def test_each_summary_is_the_records_quarter(broker: Broker, tmp_path: Path, text: str, *, isolate: bool) -> None:
    home = small_home(text)
    lives = [play(home, broker, tmp_path, steps, isolate=isolate) for steps in (37, 68)]  # both end within a quarter
    assert lives[0][0].seconds < QUARTER, "the first word is of what there is so far"
    assert lives[0][0].cost is None
    whole = {each.start: each for life in lives for each in life if each.seconds == QUARTER}
    first = -(-home.start // QUARTER) * QUARTER
    assert set(whole) >= set(range(first, first + 6 * QUARTER, QUARTER))
    with Reader(records(tmp_path / "state")[-1]) as reader:
        for each in whole.values():
            agrees(each, reader, home)
    assert {each.currency for each in whole.values()} == {"ZAR"}
    assert all(each.labels == {"region": "north", "tier": "2"} for each in whole.values())
    wanted = len(home.devices)
    assert any(each.online == each.devices == wanted for each in whole.values())


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_quarter_that_was_begun_before_a_stop_is_whole_after_it(kind: BrokerKind, tmp_path: Path) -> None:
    """The inverter's checkpoint has the part that its former life settled."""
    home = small_home(TEXT.replace("speed: 1200", "speed: 180"))
    with start_broker(tmp_path / "broker", kind=kind, port=0) as broker:
        play(home, broker, tmp_path, 7)
        second = play(home, broker, tmp_path, 20)
    across = home.start
    assert across % QUARTER == 0
    (whole,) = {each.start: each for each in second if each.start == across and each.seconds == QUARTER}.values()
    with Reader(records(tmp_path / "state")[-1]) as reader:
        agrees(whole, reader, home)


def test_it_is_retained_with_nobody_online_and_forgotten_with_the_home(broker: Broker, tmp_path: Path) -> None:
    home = small_home(TEXT)
    play(home, broker, tmp_path, 32)
    with Session(broker.endpoint) as session:
        (payload,) = session.collect(summary_topic(home.name)).values()
        assert read(SummaryMessage, payload).online == 0
        assert home.name in session.homes()
        forget(session, home.name)
        assert session.collect(f"virtual/{home.name}/#") == {}


def test_flexibility_is_what_the_battery_could_do(broker: Broker, tmp_path: Path) -> None:
    home = small_home(TEXT)
    found = play(home, broker, tmp_path, 32)
    summary = next(each for each in found if each.seconds == QUARTER)
    with Session(broker.endpoint) as session:
        (payload,) = session.collect(f"virtual/{home.name}/battery/proposal").values()
    offer = read(ProposalHead, payload).to_kit("battery").offer
    assert isinstance(offer, StoreOffer)
    rule, stored = offer.rule, round(summary.stored * MJ_PER_KWH)
    kept = rule.capacity * 20 // 100  # battery_low_capacity, as it comes
    rated = 4_000_000
    assert summary.capacity == rule.capacity / MJ_PER_KWH
    assert summary.usable == (stored - kept) / MJ_PER_KWH
    assert summary.usable > 0
    assert summary.charge_power == min(rated, charge_limit(rule.flat, stored, QUARTER)) / 1000
    assert summary.discharge_power == min(rated, discharge_limit(rule.flat, stored, kept, QUARTER)) / 1000
    assert summary.discharge_power > 0


def test_a_fleet_that_comes_later_has_the_last_quarter_told_again(stage: Stage) -> None:
    """So a summary is there soon, though the next quarter of an hour may be fifteen minutes away."""
    heard: list[tuple[bytes, bool]] = []
    spy = Client(stage.loop, stage.endpoint, f"{stage.home.name}_fleet", on_message=lambda _topic, *said: heard.append(said))
    stage.start()
    stage.steps(2)
    spy.subscribe((stage.topic("inverter", "quarter"), 1))
    spy.connect()
    assert stage.loop.run(until=lambda: spy.subscribed, timeout=10)
    stage.loop.run(timeout=0.3)
    assert not any(retained for _, retained in heard), "the broker keeps none"
    heard.clear()  # one that was still on its way
    stage.send("fleet", "availability", b"online", retain=True)
    stage.wait(lambda: heard)
    told = read(QuarterMessage, heard[0][0])
    assert not told.over
    assert (told.start, told.step) == (stage.home.start, STEP)
    stage.loop.complete(spy.leave())
