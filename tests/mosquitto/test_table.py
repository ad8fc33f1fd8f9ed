"""What the table of rights says is what each broker does, with the access list and with dynamic security."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from paho.mqtt.client import topic_matches_sub

from tests.mosquitto.serving import Site
from tests.stage import small_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.rights import SPEAKERS
from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.credentials.rights import Granted, granted

TABLE = {rights.identity: rights for rights in granted(small_home(name="guarded"))}
LEAVES = (*SPEAKERS, "reading/power", "ledger/0", "set/mode", "stop", "get", "request", "response/1", "_cli/sync/1")
TOPICS = (
    *(f"virtual/{home}/{name}/{leaf}" for home, name, leaf in itertools.product(("guarded", "other"), ("oven", "clock", "fleet", HOST, "ovens"), LEAVES)),
    *(f"homeassistant/device/virtual-{home}-{name}/config" for home in ("guarded", "other") for name in ("oven", "clock", "fleet")),
    "homeassistant/status", "virtual/_cli/sync/1", "virtual/guarded/summary", "virtual/other/summary",
)  # fmt: skip
"""All of them topics that the owner may read."""
_numbers = itertools.count()


@pytest.fixture(params=["listed", "guarded"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(request.param)
    return found


def may(filters: tuple[str, ...], topic: str) -> bool:
    return any(topic_matches_sub(each, topic) for each in filters)


class Somebody:
    """An identity at a broker, and the topics that it has heard of."""

    def __init__(self, loop: Loop, site: Site, identity: str, *filters: str) -> None:
        self.heard: set[str] = set()
        self.loop = loop
        self.client = Client(loop, site.who(identity), f"{identity}_{next(_numbers)}", on_message=lambda topic, *_: self.heard.add(topic))
        self.client.subscribe(*((each, 0) for each in filters))
        self.client.connect()
        assert loop.run(until=lambda: self.client.subscribed, timeout=10), self.client.last_error

    def says(self, *topics: str) -> None:
        for topic in topics:
            self.client.publish(topic, b"x", 1)
        assert self.loop.complete(self.client.flush(10))

    def leave(self) -> None:
        self.loop.complete(self.client.leave())


@pytest.fixture
def owner(loop: Loop, site: Site) -> Iterator[Somebody]:
    made = Somebody(loop, site, "owner", "virtual/#", "homeassistant/#")
    yield made
    made.leave()


@pytest.mark.parametrize("rights", TABLE.values(), ids=lambda rights: rights.identity)
def test_each_may_write_what_the_table_says_and_nothing_else(loop: Loop, site: Site, owner: Somebody, rights: Granted) -> None:
    writer = Somebody(loop, site, rights.identity)
    writer.says(*TOPICS)
    expected = {topic for topic in TOPICS if may(rights.write, topic)}
    assert loop.run(until=lambda: owner.heard >= expected, timeout=10), expected - owner.heard
    owner.says(end := "virtual/_cli/end")
    assert loop.run(until=lambda: end in owner.heard, timeout=10)
    assert owner.heard - {end} == expected
    writer.leave()


WRITERS = {"guarded": "virtual/guarded/", "owner": "virtual/_cli/", "homeassistant": "homeassistant/status", "guarded.fleet": "homeassistant/device/"}
"""Who between them may write what there is to be read."""


@pytest.mark.parametrize("rights", TABLE.values(), ids=lambda rights: rights.identity)
def test_each_may_read_what_the_table_says_though_it_asks_for_everything(loop: Loop, site: Site, rights: Granted) -> None:
    reader = Somebody(loop, site, rights.identity, "#", "$CONTROL/#", "$SYS/#")
    said = set()
    for identity, begin in WRITERS.items():
        topics = [topic for topic in (*TOPICS, "virtual/other/oven/set") if topic.startswith(begin) or (identity == "owner" and topic.endswith("/set"))]
        writer = Somebody(loop, site, identity)
        writer.says(*topics)
        writer.leave()
        said |= set(topics)
    expected = {topic for topic in said if may(rights.read, topic)}
    assert len(expected) > 100
    assert loop.run(until=lambda: reader.heard >= expected, timeout=10), expected - reader.heard
    assert reader.heard == expected
    reader.leave()


def test_what_matters_most_is_written_out() -> None:
    """By hand, not by the table's own words."""
    oven, fleet, owner, assistant = (TABLE[name].write for name in ("guarded.oven", "guarded.fleet", "owner", "homeassistant"))
    assert set(oven) == {"virtual/guarded/oven/#", "homeassistant/device/virtual-guarded-oven/config"}
    for topic in ("battery/set", "battery/set/mode", "battery/get", "battery/stop", "fleet/request", "fleet/wanted", "_host/availability"):
        assert not may(oven, f"virtual/guarded/{topic}")
    for person in (owner, assistant):
        assert "virtual/+/fleet/request" in person, "a line of its own"
        assert not may(tuple(set(person) - {"virtual/+/fleet/request"}), "virtual/guarded/fleet/request"), "no other line gives it"
        assert may(person, "virtual/guarded/oven/get")
        assert not may(person, "virtual/guarded/oven/stop")
    assert may(fleet, "virtual/guarded/oven/stop")
    assert may(fleet, "virtual/guarded/fleet/response/7")
    assert not may(fleet, "virtual/guarded/oven/set/mode")
    assert not may(fleet, "virtual/other/oven/stop")
    assert may(TABLE["guarded"].write, "virtual/guarded/oven/stop"), "the host stops devices as well"
