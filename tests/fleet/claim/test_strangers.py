"""Whoever may write to a broker may write a lot: what a host keeps and says of it is bounded, and the home goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.stage import SMALL, STEP, small_home
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.ledger import book as booking
from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.edge.ledger.book import Book
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor import session
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.fleet.keeping.archive import Archive
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord, chain
from virtual_devices.kit.window import Span
from virtual_devices.record.keeping import home_memory as memories
from virtual_devices.record.store.kept import LEAVES

RUNNING = SMALL.replace(", paused: true", "")
STRANGERS = 50_000


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), port=0) as made:
        yield made


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Loop() as loop:
        yield Archive(loop, Endpoint("127.0.0.1", 1), "home", tmp_path, lambda *_: None, known=["oven", "clock"])


def tell(archive: Archive, device: str, leaf: str, payload: bytes) -> None:
    archive._message(f"virtual/home/{device}/{leaf}", payload, True)  # noqa: FBT003


def test_fifty_thousand_strangers_take_a_few_places(archive: Archive) -> None:
    tell(archive, "lodger", "availability", b"online")
    for number in range(STRANGERS):
        tell(archive, f"stranger_{number}", "state", b"{}")
    assert len({device for device, _ in archive.found}) == MAX_DEVICES
    assert archive.passed_over == STRANGERS - MAX_DEVICES + 1
    tell(archive, "oven", "state", b'{"power": 1}')
    assert archive.found["oven", "state"] == b'{"power": 1}', "the home's own have their place"
    tell(archive, "lodger", "availability", b"offline")
    assert archive.found["lodger", "availability"] == b"offline"
    archive.loop.complete(archive.forget({device for device, _ in archive.found} - {"oven"}))
    tell(archive, "late", "state", b"{}")
    assert ("late", "state") in archive.found, "who was cleared makes room"


def test_strangers_take_so_many_bytes(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "STRANGERS_BYTES", 10_000)
    for number in range(100):
        for leaf in LEAVES:
            tell(archive, f"stranger_{number}", leaf, bytes([number]) * 700)
        tell(archive, f"stranger_{number}", "availability", b"online")
    assert sum(map(len, archive.found.values())) <= 10_000 + 100 * 16
    for device in {device for device, _ in archive.found}:
        assert archive.found[device, "availability"] == b"online", "whether somebody is there is known: he would be cleared else"
    tell(archive, "oven", "state", bytes(20_000))
    assert len(archive.found["oven", "state"]) == 20_000


@pytest.mark.parametrize("device", ["+", "1", "Oven", "a" * 41, "\x1b[2J", "über", " "])
def test_what_is_no_name_is_nobody(archive: Archive, device: str) -> None:
    tell(archive, device, "state", b"{}")
    assert archive.found == {}
    picture = Picture("home")
    picture.feed(device, "state", b"{}")
    assert picture.devices == {}


def test_a_device_cannot_invent_topics_without_end(archive: Archive) -> None:
    for number in range(10_000):
        tell(archive, "oven", f"ledger/{number}", b"{}")
    assert set(archive.found) == {("oven", f"ledger/{number}") for number in range(8)}


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", "oven"]), st.sampled_from(LEAVES), st.integers(0, 60)), max_size=60))
@examples(max_examples=100, deadline=None)
def test_the_count_of_bytes_is_right_whatever_comes_and_goes(
    tmp_path_factory: pytest.TempPathFactory, messages: list[tuple[str, str, int]]
) -> None:
    with Loop() as loop:
        archive = Archive(loop, Endpoint("127.0.0.1", 1), "home", tmp_path_factory.mktemp("state"), lambda *_: None, known=["oven"])
        for device, leaf, size in messages:
            tell(archive, device, leaf, bytes(size))
        found: dict[str, int] = {}
        for (device, leaf), payload in archive.found.items():
            if device != "oven" and not (leaf == "availability" and len(payload) <= 16):
                found[device] = found.get(device, 0) + len(payload)
        counted = archive._strangers
        assert all(counted[device] >= size for device, size in found.items())
        assert sum(counted.values()) <= sum(found.values()) + 16 * len(counted)


def test_a_picture_shows_its_home_however_many_crowd_in() -> None:
    picture = Picture("home", ["oven"])
    for number in range(STRANGERS):
        picture.feed(f"stranger_{number}", "state", b"{}")
    picture.feed("oven", "availability", b"online")
    assert len(picture.devices) == MAX_DEVICES + 1
    assert picture.devices["oven"].online


def test_records_that_wait_take_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(booking, "_KEPT_BYTES", 20_000)
    book = Book(lambda *_: None)
    for seq in range(1, 200):
        edges, energy = (("grid", "meter"),), ([seq],)
        digest = chain(GENESIS, (), edges, energy, 1)
        book.ledger(ledger_bytes(LedgerRecord("r", seq, Span(0, 60, 1), edges, energy, {}, {}, {}, {}, (), GENESIS, digest)))
    assert 10 < len(book._open) < 199
    assert book._size == sum(len(payload) for _, payload in book._open.values()) <= 20_000
    for number in range(1000):
        book.settlement(orjson.dumps({"run": "x" * 100_000, "seq": number, "digest": "y" * 100_000}))
    assert book._settled == {}


def test_an_audit_of_rubbish_lists_twenty() -> None:
    audit = Audit()
    for number in range(STRANGERS):
        audit.add(b"rubbish" * 1000, f"line {number}")
    assert len(audit.broken) == 20
    assert not audit.ok
    assert audit.problems[-1] == f"and {STRANGERS - 20} more"


# -- at a broker -------------------------------------------------------------------------------------------------------


def test_a_home_that_is_flooded_goes_on_and_says_little(broker: Broker, tmp_path: Path) -> None:
    home, said = small_home(RUNNING.replace("speed: max", "speed: 600"), "flooded"), list[str]()
    with Loop() as loop:
        host = HomeHost(loop, HostOptions(home, {}, broker.endpoint, tmp_path / "state", tmp_path, 40 * STEP, say=said.append))
        attacker = Client(loop, broker.endpoint, "attacker", on_message=lambda *_: None)
        attacker.connect()

        def flood() -> None:
            for number in range(300):
                attacker.publish(Topics("flooded", "oven").ledger_of(number), os.urandom(200))
                attacker.publish(Topics("flooded", f"stranger_{number}").error, orjson.dumps({"error": "\x1b[2J" * 1000, "about": "x"}))
                attacker.publish(Topics("flooded", "geyser").error, b"rubbish")
            loop.call_later(0.2, flood)

        loop.call_later(0.5, flood)
        result = loop.complete(host.run())
        loop.complete(attacker.leave())
    assert result["steps"] == 40
    assert result["audit"]["ok"]
    assert len(said) < 60
    assert sum(map(len, said)) < 40_000
    assert any(text.startswith("and ") and text.endswith(" more like these") for text in said)
    assert "\x1b" not in "".join(said)


def test_verbs_of_a_crowded_broker_say_little(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    about = orjson.dumps({"kind": "oven", "ability": "consumes", "title": "Oven", "version": "1"})
    with Loop() as loop:
        crowd = Client(loop, broker.endpoint, "crowd", on_message=lambda *_: None)
        crowd.connect()
        for number in range(1500):
            crowd.publish(f"virtual/crowded/stranger_{number}/availability", b"offline", 1, retain=True)
            crowd.publish(f"virtual/home_{number}/oven/about", about, 1, retain=True)
        crowd.publish("virtual/crowded/oven/about", about, 1, retain=True)
        crowd.publish("virtual/crowded/oven/state", orjson.dumps({f"value_{n}": "\x1b[2J" * 100 for n in range(2000)}), 1, retain=True)
        assert loop.complete(crowd.flush(60))
        loop.complete(crowd.leave())
    where = ["--broker", broker.endpoint.url]

    def said(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(commands, [*words, *where])
        assert done.exit_code == code, done.output
        assert "\x1b" not in done.output
        return done.output

    listing = said("ps", "--home", "crowded")
    assert len(listing) < 30_000
    assert listing.splitlines()[3].startswith("oven "), "who says what he is comes first"
    assert "and 1101 more names that are no devices of a home" in listing
    shown = json.loads(said("ps", "--home", "crowded", "--json"))
    assert (len(shown["devices"]), shown["more"]) == (2 * MAX_DEVICES, 1101)
    assert len(said("ps", code=2)) < 1000, "several homes"
    assert len(said("ps", "--home", "none", code=2)) < 1000
    assert len(said("forget", "none", code=2)) < 1000
    values = said("get", "oven", "--home", "crowded")
    assert "and 1500 more" in values
    assert len(values) < 500 * 400
    monkeypatch.setattr(session, "MOST_BYTES", 100_000)
    with Session(broker.endpoint) as visit:
        assert sum(len(topic) + len(payload) for topic, payload in visit.collect("virtual/#").items()) <= 100_000
    assert "cleared 150" in said("forget", "crowded"), "in as many rounds as it takes"
