"""One host for a home on a broker: who is there is found out, who is gone is followed, and nobody fights."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.stage import SMALL, STEP, small_home
from virtual_devices.edge.broker.start import Broker, BrokerKind, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ClaimMessage, write
from virtual_devices.edge.messages.topics import HOST, Topics, identifier
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.claim import claim as claims
from virtual_devices.fleet.claim.claim import Claim, Look, claim_of
from virtual_devices.fleet.claim.folder_lock import Holder
from virtual_devices.fleet.forgetting import forget
from virtual_devices.fleet.host import HomeHost, HostOptions
from virtual_devices.fleet.keeping.archive import Archive
from virtual_devices.kit.errors import AlreadyRunningError, BrokerError, VirtualDevicesError

KINDS: list[BrokerKind] = ["mosquitto", "iotcore"] if find_mosquitto() else ["iotcore"]
RUNNING = SMALL.replace(", paused: true", "")
HOME = "cape"
TOPIC = Topics(HOME, HOST).availability
SHORT = 0.6
"""Wall seconds of a keep-alive in these tests."""


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with start_broker(tmp_path / "broker", kind=request.param, port=0) as made:
        yield made


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "KEEP_ALIVE", SHORT)


@pytest.fixture
def loop() -> Iterator[Loop]:
    with Loop() as made:
        yield made


class Played:
    """A host without devices, on a loop that others may be on too."""

    def __init__(self, loop: Loop, broker: Broker, folder: Path, **options: Any) -> None:
        self.said: list[str] = []
        self.lost: list[str] = []
        self.claim = Claim(loop, broker.endpoint, HOME, say=self.said.append, lost=self.lost.append, **options)
        self.archive = Archive(loop, broker.endpoint, HOME, folder, lambda *_: None, claim=self.claim)
        self.client = self.archive.client

    @property
    def token(self) -> str:
        return self.claim.holder.token

    def open(self) -> Played:
        self.archive.loop.complete(self.archive.open())
        return self

    def leave(self) -> None:
        self.archive.loop.complete(self.archive.leave())

    def vanish(self) -> None:
        """What is left of a host that was cut off, and whose end the broker has not noticed: its claim, and no will."""
        self.archive.loop.complete(self.claim.release())
        self.client._wire._mqtt.disconnect()  # an orderly end of the connection: the broker forgets the will
        self.client.closed = self.client.leaving = True
        self.client._cancel(*list(self.client._timers))
        self.client._loop.run(until=lambda: not self.client.connected, timeout=5)


@pytest.fixture
def host(loop: Loop, broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Played]]:
    made: list[Played] = []

    def one(**options: Any) -> Played:
        made.append(Played(loop, broker, tmp_path / f"state{len(made)}", **options))
        return made[-1]

    yield one
    for each in made:
        each.leave()


Host = Callable[..., Played]


@pytest.fixture
def anybody(loop: Loop, broker: Broker) -> Iterator[Client]:
    """Somebody else on the broker; ``retained`` of the function below asks it."""
    heard: dict[str, bytes] = {}
    client = Client(loop, broker.endpoint, "anybody", on_message=lambda topic, payload, _: heard.update({topic: payload}))
    client.subscribe((TOPIC, 0))
    client.connect()
    assert loop.run(until=lambda: client.subscribed, timeout=5)
    client.__dict__["heard"] = heard
    yield client
    loop.complete(client.leave())


def kept(anybody: Client) -> bytes:
    """What the broker keeps on the claim's topic."""
    found: dict[str, bytes] = anybody.__dict__["heard"]
    return found.get(TOPIC, b"")


def told(anybody: Client, loop: Loop, payload: bytes) -> None:
    anybody.publish(TOPIC, payload, 1, retain=True)
    assert loop.complete(anybody.flush(5))
    loop.run(timeout=0.05)


def stranger(token: str = "theirs", *, renewed: int = 0) -> bytes:  # noqa: S107 - no secret
    return write(ClaimMessage(machine="karoo", pid=4711, since=1_782_023_400, renewed=renewed, token=token))


# -- looking -----------------------------------------------------------------------------------------------------------


def test_who_hosts_a_home_says_so_and_takes_it_back_at_the_end(loop: Loop, host: Host, anybody: Client) -> None:
    first = host().open()
    assert loop.run(until=lambda: bool(kept(anybody)), timeout=5)
    claim = claim_of(kept(anybody))
    assert claim is not None
    assert claim.token == first.token
    assert claim.pid == first.claim.holder.pid
    assert abs(claim.renewed - time.time()) < 5
    first.leave()
    assert loop.run(until=lambda: kept(anybody) == b"offline", timeout=5)


def test_the_second_is_refused_at_once_and_the_first_notices_nothing(loop: Loop, host: Host, anybody: Client) -> None:
    first = host().open()
    for _ in range(3):
        begin = time.monotonic()
        with pytest.raises(AlreadyRunningError) as caught:
            host().open()
        assert time.monotonic() - begin < SHORT, "it is asked, not waited for"
    text = str(caught.value)
    assert text.startswith("home cape runs already on mqtt://127.0.0.1")
    assert f"process {first.claim.holder.pid} on {first.claim.holder.machine}, since 20" in text
    assert first.client.connected
    assert first.claim._connected_at <= begin
    assert first.lost == first.said == []
    loop.run(timeout=0.1)
    assert claim_of(kept(anybody)) is not None
    first.leave()
    host().open()


def test_a_claim_is_renewed(loop: Loop, host: Host, anybody: Client) -> None:
    said: list[bytes] = []
    anybody.subscribe((f"{TOPIC}", 0))
    first = host().open()
    loop.run(timeout=0.2)
    found: dict[str, bytes] = anybody.__dict__["heard"]
    for _ in range(3):
        found.clear()
        assert loop.run(until=lambda: TOPIC in found, timeout=2 * SHORT)
        said.append(found[TOPIC])
    assert {claim.token for payload in said if (claim := claim_of(payload)) is not None} == {first.token}


@pytest.mark.parametrize("payload", [b"", b"offline", b"rubbish", b"[]", b'{"token":"x"}', b"\xff\xfe", orjson.dumps({"token": 3, "pid": -1})])
def test_what_is_no_claim_hinders_nobody(loop: Loop, host: Host, anybody: Client, payload: bytes) -> None:
    told(anybody, loop, payload)
    begin = time.monotonic()
    first = host().open()
    assert time.monotonic() - begin < SHORT
    assert first.said == []


def test_a_claim_of_a_later_version_is_one(loop: Loop, host: Host, anybody: Client) -> None:
    told(anybody, loop, orjson.dumps({**orjson.loads(stranger()), "rooms": 3}))
    begin = time.monotonic()
    host().open()
    assert time.monotonic() - begin >= 2 * SHORT


def test_a_claim_that_nobody_renews_is_taken_over_after_two_keep_alives(loop: Loop, host: Host, anybody: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "ANSWERS_WITHIN", 0.1)
    host().open().vanish()
    assert claim_of(kept(anybody)) is not None, "as a broker keeps it that died with the host"
    begin = time.monotonic()
    second = host().open()
    assert 2 * SHORT <= time.monotonic() - begin < 4 * SHORT + 2
    assert [text.split(";")[-1] for text in second.said] == [
        f" waiting {2 * SHORT:g} s for whether it is still there", " home cape is taken over",
    ]  # fmt: skip
    loop.run(timeout=0.2)
    claim = claim_of(kept(anybody))
    assert claim is not None
    assert claim.token == second.token


def test_a_claim_that_is_renewed_late_is_one_all_the_same(loop: Loop, host: Host, anybody: Client) -> None:
    """By a host that does not answer, as a stalled one."""
    told(anybody, loop, stranger())
    loop.call_later(1.5 * SHORT, lambda: anybody.publish(TOPIC, stranger(renewed=1), 0, retain=True))
    with pytest.raises(AlreadyRunningError, match="process 4711 on karoo, since"):
        host().open()


def test_who_leaves_while_another_looks_is_followed_at_once(loop: Loop, host: Host, anybody: Client) -> None:
    told(anybody, loop, stranger())
    loop.call_later(0.2, lambda: anybody.publish(TOPIC, b"offline", 1, retain=True))
    begin = time.monotonic()
    host().open()
    assert time.monotonic() - begin < SHORT


def test_ones_own_dead_predecessor_is_followed_at_once(loop: Loop, host: Host, anybody: Client) -> None:
    first = host().open()
    first.vanish()
    begin = time.monotonic()
    second = host(predecessor=first.token).open()
    assert time.monotonic() - begin < SHORT
    assert second.said == []
    loop.run(timeout=0.2)
    claim = claim_of(kept(anybody))
    assert claim is not None
    assert claim.token == second.token


def test_the_claim_of_another_than_the_predecessor_is_waited_for(loop: Loop, host: Host) -> None:
    host().open().vanish()
    begin = time.monotonic()
    host(predecessor="somebody").open()
    assert time.monotonic() - begin >= 2 * SHORT


def test_a_stop_while_it_waits_is_told_as_that(loop: Loop, host: Host, anybody: Client) -> None:
    told(anybody, loop, stranger())
    loop.call_later(0.2, loop.stop)
    with pytest.raises(AlreadyRunningError, match=r"was not waited for .*process 4711 on karoo"):
        host().open()


def test_a_broker_that_is_not_there_is_told_as_before(loop: Loop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.fleet.keeping.archive._CONNECT_TIMEOUT", 0.3)
    with start_broker(tmp_path / "gone", kind=KINDS[-1], port=0) as gone:
        pass
    with pytest.raises(BrokerError, match="no broker answers at mqtt://127"):
        Played(loop, gone, tmp_path / "state").open()


# -- at the same moment ------------------------------------------------------------------------------------------------


def contest(loop: Loop, broker: Broker, anybody: Client, names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Who has the home of those that look at the same moment, and whom the others name.

    What the winner's host goes on to say is said here; who comes late may read the claim of one that has lost.
    """
    winners: list[str] = []
    losers: dict[str, str] = {}

    def over() -> bool:
        return len(winners) + len(losers) == len(names)

    def renew(name: str) -> None:
        if not over():
            anybody.publish(TOPIC, stranger(name), 1, retain=True)
            loop.call_later(0.1, lambda: renew(name))

    def look(name: str) -> Look:
        def decided(other: ClaimMessage | None) -> None:
            if other is not None:
                losers[name] = other.token
            else:
                winners.append(name)
                renew(name)

        return Look(loop, broker.endpoint, HOME, lambda: stranger(name), frozenset({name, "dead"}), decided, lambda _: None)

    looks = [look(name) for name in names]
    assert loop.run(until=over, timeout=10)
    assert loop.run(until=lambda: all(each.client.closed for each in looks), timeout=10)
    return winners, losers


@pytest.mark.parametrize("before", [b"", b"offline", stranger("dead")])
def test_of_many_that_look_at_the_same_moment_one_has_the_home(loop: Loop, broker: Broker, anybody: Client, before: bytes) -> None:
    names = [f"host{number}" for number in range(5)]
    for _ in range(8):
        told(anybody, loop, before)
        winners, losers = contest(loop, broker, anybody, names)
        assert len(winners) == 1
        assert all(other in names and other != name for name, other in losers.items())


# -- while it runs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", [b"", b"offline", b"rubbish", stranger()])
def test_whoever_writes_over_a_claim_it_is_said_again(loop: Loop, host: Host, anybody: Client, payload: bytes) -> None:
    first = host().open()
    loop.run(timeout=0.3)
    told(anybody, loop, payload)

    def is_back() -> bool:
        claim = claim_of(kept(anybody))
        return claim is not None and claim.token == first.token

    assert loop.run(until=is_back, timeout=SHORT / 2 + claims.ANSWER_EVERY)
    assert first.client.connected
    assert first.lost == []


def test_however_many_ask_it_answers_a_few_times_a_second(loop: Loop, host: Host, anybody: Client) -> None:
    host().open()
    answers: list[bytes] = []
    found: dict[str, bytes] = anybody.__dict__["heard"]
    for _ in range(200):
        anybody.publish(Topics(HOME, HOST).sync, b"look")
        loop.run(timeout=0.005)
        if TOPIC in found:
            answers.append(found.pop(TOPIC))
    assert 1 <= len(answers) <= 1.5 / claims.ANSWER_EVERY + 2


@pytest.mark.parametrize("kind", KINDS)
def test_after_the_broker_has_forgotten_all_the_claim_is_there_again(kind: BrokerKind, loop: Loop, tmp_path: Path) -> None:
    with start_broker(tmp_path / "one", kind=kind, port=0) as broker:
        first = Played(loop, broker, tmp_path / "state").open()
        port = broker.endpoint.port
    loop.run(timeout=0.3)
    v5 = broker.v5_port if kind == "iotcore" else None
    with start_broker(tmp_path / "two", kind=kind, port=port, v5_port=v5) as broker:
        assert loop.run(until=lambda: first.client.connected, timeout=10)
        with pytest.raises(AlreadyRunningError):
            Played(loop, broker, tmp_path / "other").open()
        assert first.lost == first.said == []
        first.leave()


def test_a_host_that_was_away_ends_where_another_has_taken_over(loop: Loop, host: Host, broker: Broker) -> None:
    """It stood still for longer than two keep-alives, as a machine that sleeps."""
    first = host().open()
    first.claim._stop_renewing()
    first.claim._said_at = float("inf")  # and it answers nobody
    second = host().open()
    assert loop.run(until=lambda: bool(first.lost), timeout=10)
    assert first.lost == [f"another host has taken home cape over: {second.claim.holder}; this one ends"]
    loop.run(timeout=3 * SHORT)
    assert first.client.closed
    assert second.client.connected
    assert second.lost == second.said[2:] == []


def test_a_client_that_uses_the_hosts_id_costs_a_pause_and_never_an_endless_fight(
    loop: Loop, host: Host, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No host: it claims nothing, and connects again each time it is thrown off."""
    monkeypatch.setattr(claims, "SHORTEST_PAUSE", 0.4)
    first = host().open()
    greeted: list[float] = []

    def again(_reason: str) -> None:
        thief.disconnect()
        loop.call_later(0.02, thief.connect)

    thief = Client(
        loop, broker.endpoint, identifier(HOME, HOST), on_message=lambda *_: None,
        on_connect=lambda: greeted.append(loop.time()), on_disconnect=again,
    )  # fmt: skip
    thief.connect()
    loop.run(timeout=5)
    assert 3 <= len(greeted) <= 8, "0.4, 0.8, 1.6, … s between two of them"
    assert first.lost == []
    assert first.said
    assert all("another client throws the host of home cape off" in text and identifier(HOME, HOST) in text for text in first.said)
    thief._on_disconnect = None
    loop.complete(thief.leave())
    assert loop.run(until=lambda: first.client.connected, timeout=claims.LONGEST_PAUSE + 2)


def test_a_host_that_leaves_while_it_is_thrown_off_stays_away(loop: Loop, host: Host, broker: Broker) -> None:
    first = host().open()
    thief = Client(loop, broker.endpoint, identifier(HOME, HOST), on_message=lambda *_: None)
    thief.connect()
    assert loop.run(until=lambda: first.client.closed, timeout=5)
    first.leave()
    loop.run(timeout=1)
    assert first.client.closed
    assert thief.connected
    loop.complete(thief.leave())


def test_the_hosts_own_sync_is_told_from_anothers(loop: Loop, host: Host, anybody: Client) -> None:
    """Who looks must not end the host's waiting for what its broker retains."""
    first = host().open()
    first.archive._synced = False
    anybody.publish(Topics(HOME, HOST).sync, b"sync")
    loop.run(timeout=0.2)
    assert not first.archive._synced


# -- whole homes -------------------------------------------------------------------------------------------------------


def orders(broker: Broker, folder: Path, **options: Any) -> HostOptions:
    home = small_home(RUNNING.replace("speed: max", "speed: 600"), HOME)
    return HostOptions(home, {}, broker.endpoint, folder, folder.parent, **options)


def test_the_second_host_of_a_home_changes_nothing(loop: Loop, broker: Broker, tmp_path: Path) -> None:
    said: list[str] = []
    refused: list[str] = []

    async def second(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        await loop.until(lambda: first.summary.steps >= 5, 20)
        other = HomeHost(loop, orders(broker, tmp_path / "other", fresh=True))
        try:
            await other.run()
        except AlreadyRunningError as error:
            refused.append(str(error))

    first = HomeHost(loop, orders(broker, tmp_path / "state", duration=30 * STEP, say=said.append))
    result = loop.complete(first.run(second))
    assert len(refused) == 1
    assert result["audit"] == {"ok": True, "checked_steps": 30, "problems": []}
    assert said == []
    assert not (tmp_path / "other").exists()


def test_a_home_that_is_taken_over_ends_in_words_and_can_go_on(loop: Loop, broker: Broker, tmp_path: Path) -> None:
    first = HomeHost(loop, orders(broker, tmp_path / "state"))
    claim = first.archive._claim
    assert claim is not None

    async def stall(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        assert claim is not None
        await loop.until(lambda: first.summary.steps >= 5, 20)
        claim._stop_renewing()
        claim._said_at = float("inf")
        other = Played(loop, broker, tmp_path / "other")
        await other.archive.open()
        assert await loop.until(lambda: first.failure is not None, 10)
        await other.archive.leave()

    with pytest.raises(VirtualDevicesError, match="another host has taken home cape over: process"):
        loop.complete(first.run(stall))
    result = loop.complete(HomeHost(loop, orders(broker, tmp_path / "state", duration=10 * STEP)).run())
    assert result["audit"] == {"ok": True, "checked_steps": 10, "problems": []}


# -- who is no device --------------------------------------------------------------------------------------------------


def test_nobody_takes_the_host_for_a_device(loop: Loop, broker: Broker, tmp_path: Path) -> None:
    loop.complete(HomeHost(loop, orders(broker, tmp_path / "state", duration=3 * STEP)).run())
    with Session(broker.endpoint) as session:
        assert session.collect(TOPIC) == {TOPIC: b"offline"}
        names = set(session.devices(HOME))
        assert "oven" in names
        assert HOST not in names
        picture = Picture(HOME)
        picture.feed(HOST, "availability", b"offline")
        assert picture.devices == {}
        said: list[str] = []
        # the next host clears what strangers left, and this is none
        loop.complete(HomeHost(loop, orders(broker, tmp_path / "state", duration=3 * STEP, say=said.append)).run())
        assert said == []
        done = forget(session, HOME)
        assert HOST not in done.devices
        assert set(done.devices) == names
        assert session.collect("virtual/#") == {}


def test_what_only_a_host_has_left_is_no_home(loop: Loop, host: Host, broker: Broker) -> None:
    host().open().leave()
    with Session(broker.endpoint) as session:
        assert session.homes() == []
        assert forget(session, HOME).topics == 1


def test_a_holder_is_told_as_people_read_it() -> None:
    assert str(Holder("karoo", 4711, 1_782_023_400, "x")).startswith("process 4711 on karoo, since 2026-06-21 ")
