"""One host for a home on a broker: who is there is found out, who is gone is followed, and nobody fights."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest

from tests.fleet.claim.claims import HOME, SHORT, TOPIC, Host, Played, kept, stranger, told
from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ClaimMessage
from virtual_devices.edge.messages.topics import HOST, Topics, identifier
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.claim import claim as claims
from virtual_devices.fleet.claim.claim import Look, claim_of
from virtual_devices.kit.errors import AlreadyRunningError, BrokerError

pytestmark = pytest.mark.usefixtures("short")

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
    with start_broker(tmp_path / "gone", kind=BROKER_KINDS[-1], port=0) as gone:
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


@pytest.mark.parametrize("kind", BROKER_KINDS)
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


# -- who is no device --------------------------------------------------------------------------------------------------
