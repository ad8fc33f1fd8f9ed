"""The fleet on the bus: who asks it how he should is answered, and nobody's message ends a home."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.fleet_asker import LIVELY, Asker, hosted, lively
from tests.machine import free_port
from virtual_devices.edge.broker.start import Broker, find_mosquitto
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.device.requests import LONGEST, Refusal, read_request
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions

STILL = LIVELY.replace("speed: 600", "speed: 600, paused: true")


def asked(broker: Broker, state: Path, name: str, story: Callable[[Asker], Awaitable[None]]) -> list[str]:
    """A home whose time stands still, for as long as a story lasts; what its host said."""

    async def told(asker: Asker, _host: HomeHost) -> None:
        await asker.until(lambda: ("clock", "site") in asker.last)
        await story(asker)

    return hosted(lively(name, STILL), broker.endpoint, state, told)[1]


def errors(asker: Asker) -> list[str]:
    return [orjson.loads(payload)["error"] for device, leaf, payload in asker.said if (device, leaf) == ("fleet", "error")]


@pytest.mark.parametrize(
    ("payload", "request_id", "words"),
    [
        (b"", None, "not a fleetrequest message"),
        (b"[]", None, "not a fleetrequest message"),
        (b'{"verb": "explode"}', None, "verb"),
        (b'{"verb": "explode", "id": "a-1"}', "a-1", "verb"),
        (b'{"verb": "off", "id": "a/1", "name": "oven"}', None, "id"),
        (b'{"verb": "off", "id": "1", "names": "oven"}', "1", "names"),
        (b'{"verb": "off", "id": "1"}', "1", "off needs name"),
        (b'{"verb": "scale", "id": "1", "name": "oven"}', "1", "scale needs replicas"),
        (b'{"verb": "scale", "id": "1", "name": "oven", "replicas": 2}', "1", "replicas"),
        (b'{"verb": "apply", "id": "1", "devices": {"Oven": {"kind": "oven"}}}', "1", "devices"),
        (b'{"verb": "rollback", "revision": 0}', None, "revision"),
        (b'{"verb": "off", "name": "oven", "by": "\\u001b[2J"}', None, "by: use characters that can be printed"),
        (b'{"verb": "off", "name": "oven", "by": "' + b"x" * LONGEST + b'"}', None, "is too long"),
    ],
)
def test_what_is_no_wish_is_refused_in_words(payload: bytes, request_id: str | None, words: str) -> None:
    refusal = read_request(payload)
    assert isinstance(refusal, Refusal)
    assert refusal.id == request_id
    assert words in refusal.said


def test_a_wish_is_answered_by_its_id_and_not_done_twice(broker: Broker, tmp_path: Path) -> None:
    async def twice(asker: Asker) -> None:
        revision = asker.told("wanted")["revision"]
        key = "fleet", "response/same"
        for _ in range(3):
            asker.send(verb="spawn", kind="tv", id="same")
        await asker.until(lambda: key in asker.last)
        asker.send(verb="spawn", kind="tv", id="same")
        await asker.until(lambda: len([1 for device, leaf, _ in asker.said if (device, leaf) == key]) == 2)
        assert orjson.loads(asker.last[key])["name"] == "tv"
        assert asker.told("wanted")["revision"] == revision + 1
        answer = await asker.wish("spawn", kind="tv")
        assert answer["name"] == "tv_2", "another wish"

    asked(broker, tmp_path / "state", "twice", twice)


def test_without_an_id_only_refusals_are_told(broker: Broker, tmp_path: Path) -> None:
    async def silent(asker: Asker) -> None:
        said = len(asker.said)
        asker.send(verb="off", name="oven")
        await asker.until(lambda: asker.told("wanted")["devices"]["oven"]["replicas"] == 0)
        assert not [leaf for _, leaf, _ in asker.said[said:] if leaf.startswith("response/")]
        assert errors(asker) == []
        asker.send(verb="off", name="ofen")
        await asker.until(lambda: bool(errors(asker)))
        assert errors(asker) == ["there is no device 'ofen' in home silent; did you mean 'oven'?"]

    asked(broker, tmp_path / "state", "silent", silent)


def test_a_retained_wish_is_not_done(broker: Broker, tmp_path: Path) -> None:
    with Loop() as loop:
        asker = Asker(loop, broker.endpoint, "kept")
        asker.client.publish(asker.topics.request, b'{"verb": "remove", "name": "oven"}', 1, retain=True)
        loop.complete(asker.client.flush(5))
        loop.complete(asker.client.leave())

    async def kept(asker: Asker) -> None:
        await asker.until(lambda: bool(errors(asker)))
        assert "a retained request is not done" in errors(asker)[0]
        assert "oven" in asker.told("wanted")["devices"]
        asker.client.publish(asker.topics.request, b"", 1, retain=True)
        await asker.wish("off", name="oven")
        assert len(errors(asker)) == 1, "who clears it wishes nothing"

    asked(broker, tmp_path / "state", "kept", kept)


def test_a_flood_of_requests_is_refused_and_the_home_goes_on(broker: Broker, tmp_path: Path) -> None:
    async def flood(asker: Asker) -> None:
        for number in range(2000):
            asker.client.publish(asker.topics.request, b"\xff" if number % 2 else b'{"verb": "restart", "name": "oven"}', 1)
        await asker.until(lambda: any("too many requests at once" in error for error in errors(asker)))
        await asker.client.flush(10)
        for _ in range(40):
            await asker.loop.until(seconds=0.5)
            asker.last.pop(("fleet", "response/after"), None)
            asker.send(verb="revisions", id="after")
            if await asker.loop.until(lambda: ("fleet", "response/after") in asker.last, 1.0):
                break
        assert orjson.loads(asker.last["fleet", "response/after"])["accepted"]
        assert len(errors(asker)) < 300

    asked(broker, tmp_path / "state", "flood", flood)


def test_what_is_retained_of_it_is_healed(broker: Broker, tmp_path: Path) -> None:
    async def healed(asker: Asker) -> None:
        for leaf in ("wanted", "running", "availability", "about"):
            asker.client.publish(f"virtual/healed/fleet/{leaf}", b"", 1, retain=True)
        await asker.client.flush(5)
        await asker.until(lambda: all(asker.last["fleet", leaf] for leaf in ("wanted", "running", "availability", "about")))
        assert asker.last["fleet", "availability"] == b"online"

    asked(broker, tmp_path / "state", "healed", healed)


def test_it_says_that_it_leaves_with_its_home(broker: Broker, tmp_path: Path) -> None:
    async def nothing(_asker: Asker) -> None:
        pass

    asked(broker, tmp_path / "state", "leaves", nothing)
    with Loop() as loop:
        asker = Asker(loop, broker.endpoint, "leaves")
        assert loop.run(lambda: asker.last.get(("fleet", "availability")) == b"offline", 10)
        loop.complete(asker.client.leave())


@pytest.fixture
def forbidding(tmp_path: Path) -> Iterator[Endpoint]:
    """A broker whose access list knows nothing of a fleet."""
    program, port = find_mosquitto(), free_port()
    if program is None:
        pytest.skip("mosquitto is not installed")
    access, settings = tmp_path / "acl", tmp_path / "mosquitto.conf"
    access.write_text("topic deny virtual/+/fleet/#\ntopic readwrite #\n")
    access.chmod(0o600)
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nacl_file {access}\nuser root\n")
    process = subprocess.Popen([program, "-c", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Endpoint("127.0.0.1", port)
    finally:
        process.terminate()
        process.wait(10)


def test_where_it_may_not_speak_the_home_goes_on_without(forbidding: Endpoint, tmp_path: Path) -> None:
    said: list[str] = []
    home = lively("forbidden")
    with Loop() as loop:
        host = HomeHost(loop, HostOptions(home, {}, forbidding, tmp_path / "state", tmp_path, say=said.append))
        asker = Asker(loop, forbidding, home.name)

        async def ready(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            await asker.until(lambda: bool(said))
            await asker.windows(3)

        result: dict[str, Any] = loop.complete(host.run(ready, lambda: True))
        loop.complete(asker.client.leave())
    assert result["audit"]["ok"]
    (line,) = said
    assert line.startswith("this home's fleet cannot be asked on the bus: its words on virtual/forbidden/fleet/# do not come back")
