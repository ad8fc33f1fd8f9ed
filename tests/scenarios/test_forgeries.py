"""Who may say what: every message, forged by every other device, has no effect, and time goes on.

Under its own name a device may write whatever it likes, with an access list or without; under another's name only where there is
no access list, and then nobody can tell it from the other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.stage import PLUGS, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.rights import SPEAKERS, Speaker, objection
from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.offers import PARTICIPANTS

STANDING = PLUGS.replace("paused: true", "paused: true, books: record") + "  record: {}\n"
HOME = small_home(STANDING)
ABILITIES = {entry.name: entry.device_class.ability for entry in HOME.devices}
SETTLER = next(name for name, ability in ABILITIES.items() if ability == "settles")
LEAVES = [leaf for leaf, speaker in SPEAKERS.items() if speaker is not Speaker.ANYBODY]
OWNERS = {
    "site": CLOCK, "window": CLOCK, "settlement": SETTLER, "ledger": SETTLER, "conditions": "sun", "proposal": "battery",
    "flow": SETTLER, "past": "battery", "missing": HOST, "keeps": HOST, "booked": "record",
}  # fmt: skip
"""Somebody whose word each leaf is that is not every device's."""
SLOW = PLUGS.replace("speed: max, paused: true", "speed: 1200, max_steps: 4, books: record") + "  record: {}\n"
STEPS = 180
"""Of a hosted home that is to say all that it has heard: nine wall seconds."""
AFTER = 30
"""Steps in which a hosted home has to go on after all was tried; of windows of four."""


def forgeries(leaf: str, truth: bytes, run: str) -> Iterator[bytes]:
    """What may be tried with a leaf: nothing, noise, a stub, a copy of a later window, one of another run with a thousand times as much."""
    yield b""
    yield b"\x00{rubbish"
    yield orjson.dumps({"run": run, "seq": 999_999})
    try:
        content = orjson.loads(truth)
    except orjson.JSONDecodeError:
        content = {}
    if not isinstance(content, dict) or "run" not in content:
        return
    seq = content.get("seq", 0)
    for ahead in (1, 2, 1000):
        yield orjson.dumps({**content, "seq": seq + ahead, "settled": seq + ahead, "after": seq + ahead})
    later = {**content, "seq": seq + 1000}
    if "span" in content:
        later["span"] = {**content["span"], "start": content["span"]["start"] + 90_000}
    yield orjson.dumps(later)
    much = {"columns": [[1000 * value for value in column] for column in content["columns"]]} if "columns" in content else {}
    yield orjson.dumps({**content, **much, "run": "another"})
    yield orjson.dumps({**content, **much, "seq": seq + 1})


def forge(stage: Stage, name: str, leaf: str, say: Callable[[str, bytes], None]) -> int:
    """Say all that may be tried with a leaf under a name; how many messages."""
    truth = stage.last.get((OWNERS.get(leaf, name), leaf), b"{}")
    run = stage.json(CLOCK, "site")["run"]
    place = {"ledger": "ledger/0", "reading": "reading/power"}.get(leaf, leaf)
    count = 0
    for payload in forgeries(leaf, truth, run):
        say(stage.topic(name, place), payload)
        count += 1
    return count


def allowed(name: str, leaf: str) -> bool:
    return objection(name, leaf, settler=SETTLER, ability=ABILITIES[name]) is None


@pytest.mark.parametrize("name", ABILITIES)
def test_what_is_not_a_devices_to_say_has_no_effect_under_its_own_name(broker: Broker, name: str) -> None:
    """As the shipped access list allows it: every message below the sender's own name."""
    with Stage(broker.endpoint, small_home(STANDING)) as stage:
        stage.start()
        stage.steps(3)
        played = 3
        tried = [leaf for leaf in LEAVES if not allowed(name, leaf)]
        assert len(tried) >= 3
        for leaf in tried:
            forge(stage, name, leaf, lambda topic, payload: stage.spy.publish(topic, payload, 1, retain=True))
            stage.loop.complete(stage.spy.flush(10))
            stage.steps(2)
            played += 2
        assert stage.fatal == []
        if name != SETTLER:
            assert any("does not settle this home" in error["error"] for error in stage.errors(CLOCK))
        for restarted in (CLOCK, SETTLER, "battery"):  # who comes anew finds them retained
            stage.kill(restarted)
            stage.start(restarted)
        stage.steps(2)
        assert stage.audited().digest == undisturbed(stage.home, played + 2).digest
        assert stage.fatal == []


OWN = [(name, leaf) for name in ABILITIES for leaf in LEAVES if allowed(name, leaf) and leaf not in ("sync", "applied", "error", "reading")]


@pytest.mark.parametrize(("name", "leaf"), OWN, ids=str)
def test_a_device_that_lies_below_its_own_name_stops_nobody(broker: Broker, name: str, leaf: str) -> None:
    """Without credentials whoever writes under a name is that name: what cannot be true is refused, and time goes on."""
    if (name, leaf) in {(CLOCK, "site"), (CLOCK, "window"), (SETTLER, "settlement"), (SETTLER, "ledger")}:
        tries = 3  # nothing, noise, a stub; a copy that could be true is believed
    else:
        tries = 99
    with Stage(broker.endpoint, small_home(STANDING, patience="1 s")) as stage:
        stage.start()
        stage.steps(3)
        run, truth = stage.json(CLOCK, "site")["run"], stage.last.get((name, leaf), b"{}")
        place = "ledger/0" if leaf == "ledger" else leaf
        for _, payload in zip(range(tries), forgeries(leaf, truth, run), strict=False):
            stage.spy.publish(stage.topic(name, place), payload, 1, retain=True)
            stage.loop.complete(stage.spy.flush(10))
            stage.steps(2)
            assert stage.fatal == []
        stage.wait(lambda: all(stage.availability(each) == "online" for each in stage.described))
        stage.steps(2)
        stage.audited()


# -- a host's home -----------------------------------------------------------------------------------------------------


class Attacked:
    """A home that is hosted, and somebody who writes to its broker."""

    def __init__(self, endpoint: Endpoint, home: Home, folder: Path) -> None:
        self.home, self.said = home, list[str]()
        self.loop = Loop()
        self.host = HomeHost(self.loop, HostOptions(home, {}, endpoint, folder, folder, say=self.said.append))
        self.done = False
        self.attacker = Client(self.loop, endpoint, f"attacker_{home.name}", on_message=lambda *_: None)

    def play(self, attack: Callable[[Attacked], Awaitable[None]], at_least: int = 0) -> dict[str, Any]:
        """What it comes to, ended in order when all was tried and time went on; after so many steps at least."""

        async def ready(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            self.attacker.connect()
            await self.loop.until(lambda: self.attacker.connected and self.host.summary.steps >= 3, 30)
            await attack(self)
            end = max(at_least, self.host.summary.steps + AFTER)
            self.done = await self.loop.until(lambda: self.host.ended or self.host.summary.steps >= end, 60) and not self.host.ended

        with self.loop:
            result = self.loop.complete(self.host.run(ready, stopped=lambda: self.done))
        assert self.done, "time stood still, or it had ended before all was tried"
        return result

    async def say(self, name: str, leaf: str, payload: bytes) -> None:
        self.attacker.publish(f"virtual/{self.home.name}/{name}/{leaf}", payload, 1, retain=True)
        await self.attacker.flush(10)
        await self.loop.until(seconds=0.01)


@pytest.mark.parametrize("name", [each for each in ABILITIES if each not in (SETTLER, CLOCK)])
def test_the_host_books_only_what_may_be_said_and_complains_of_the_rest(broker: Broker, tmp_path: Path, name: str) -> None:
    home = small_home(SLOW)
    leaves = [leaf for leaf in LEAVES if objection(name, leaf, settler=SETTLER, ability=ABILITIES[name]) is not None]

    async def attack(home: Attacked) -> None:
        found = home.host.archive.found
        run = orjson.loads(found[CLOCK, "site"])["run"]
        for leaf in leaves:
            place = "ledger/0" if leaf == "ledger" else leaf
            truth = next((payload for (_, known), payload in found.items() if known.startswith(leaf)), b"{}")
            for payload in forgeries(leaf, truth, run):
                await home.say(name, place, payload)

    attacked = Attacked(broker.endpoint, home, tmp_path)
    result = attacked.play(attack, STEPS)
    assert result["audit"] == {"ok": True, "checked_steps": result["steps"], "problems": []}
    assert result["ledger_sha256"] == undisturbed(home, result["steps"]).digest
    told = "\n".join(attacked.said)
    untold = [leaf for leaf in leaves if f"{name}: `{'ledger/0' if leaf == 'ledger' else leaf}` is not its to say" not in told]
    assert len(untold) <= sum(int(more) for more in re.findall(r"and (\d+) more like these", told)), told
    assert len(untold) <= 9, "a flood of them, which are counted"


SINGLE = [(name, leaf) for name in ABILITIES for leaf in ("about", "availability", "state", *OWNERS) if name in (CLOCK, SETTLER, "sun", "oven")]


@pytest.mark.parametrize(("name", "leaf"), SINGLE, ids=str)
def test_no_single_message_under_anybodys_name_ends_a_home_without_an_access_list(
    broker: Broker, tmp_path: Path, name: str, leaf: str
) -> None:
    home = small_home(SLOW, patience="1 s")

    async def attack(home: Attacked) -> None:
        run = orjson.loads(home.host.archive.found[CLOCK, "site"])["run"].encode()
        for payload in (b"", b"{", b'{"run":"%s","seq":999999}' % run):
            steps = home.host.summary.steps
            await home.say(name, "ledger/0" if leaf == "ledger" else leaf, payload)
            assert await home.loop.until(lambda steps=steps: home.host.summary.steps >= steps + 4, 30)  # type: ignore[misc]

    result = Attacked(broker.endpoint, home, tmp_path).play(attack)
    assert result["audit"]["ok"], result["audit"]["problems"]
    assert result["audit"]["checked_steps"] == result["steps"]


@pytest.mark.parametrize("leaf", [leaf for leaf in OWNERS if leaf not in ("ledger", "missing")])
def test_a_home_goes_on_over_what_was_written_while_it_was_away(broker: Broker, tmp_path: Path, leaf: str) -> None:
    """Whoever writes to a broker without an access list may leave what looks newer than all that the home knows."""
    home, name = small_home(SLOW), OWNERS[leaf]

    run: list[bytes] = []

    async def look(home: Attacked) -> None:
        run.append(orjson.loads(home.host.archive.found[CLOCK, "site"])["run"].encode())

    first = Attacked(broker.endpoint, home, tmp_path).play(look)
    with Loop() as loop:
        writer = Client(loop, broker.endpoint, "writer", on_message=lambda *_: None)
        writer.connect()
        writer.publish(f"virtual/{home.name}/{name}/{leaf}", b'{"run":"%s","seq":999999}' % run[0], 1, retain=True)
        assert loop.run(until=lambda: writer.connected and writer.pending == 0, timeout=10)
        loop.complete(writer.leave())
    result = Attacked(broker.endpoint, home, tmp_path).play(look)
    assert result["audit"] == {"ok": True, "checked_steps": result["steps"], "problems": []}
    assert result["ledger_sha256"] == undisturbed(home, first["steps"] + result["steps"]).digest


LIES = [b'{"soc":"full","cost":"nothing","currency":7}', b'{"soc":[1],"cost":{},"speed":"fast","time":3}', b"[]", b'"x"', b"\xff"]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_states_that_are_none_end_no_home_and_no_picture(broker: Broker, tmp_path: Path, lie: bytes) -> None:
    home, picture = small_home(SLOW), Picture()

    class Watcher:
        def meet(self, home: Home) -> None:
            picture.home = home.name

        def feed(self, device: str, leaf: str, payload: bytes) -> None:
            picture.feed(device, leaf, payload)
            picture.now()

    async def attack(home: Attacked) -> None:
        for name in ABILITIES:
            await home.say(name, "state", lie)
            await home.say(name, "applied", lie)
            await home.say(name, "error", lie)

    attacked = Attacked(broker.endpoint, home, tmp_path)
    attacked.host.orders.watcher = Watcher()
    result = attacked.play(attack)
    assert result["audit"]["checked_steps"] == result["steps"]
    assert not any("fault of the program" in line for line in attacked.said)


def test_a_broker_that_was_cleared_heals(broker: Broker) -> None:
    """As by a script that clears ``virtual/#``: each retained topic, one after the other, while time stands still."""
    with Stage(broker.endpoint, small_home(STANDING)) as stage:
        stage.start()
        stage.steps(5)
        kept = {key: value for key, value in stage.last.items() if value}
        for name, leaf in kept:
            stage.spy.publish(stage.topic(name, "ledger/1" if leaf == "ledger" else leaf), b"", 1, retain=True)
        stage.loop.complete(stage.spy.flush(10))
        stage.wait(lambda: all(stage.last.get(key) for key in kept if key[1] in ("about", "availability", "state", "site", "proposal")))
        stage.steps(5)
        assert stage.audited().digest == undisturbed(stage.home, 10).digest
        for name in stage.described:  # and whoever starts again finds all that it needs
            stage.kill(name)
            stage.start(name)
        stage.steps(5)
        assert stage.audited().digest == undisturbed(stage.home, 15).digest


# -- the table ---------------------------------------------------------------------------------------------------------


def test_the_protocols_table_is_the_codes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    section = text.partition("## Who may say what")[2].partition("\n## ")[0]
    written = dict(re.findall(r"^\| `([a-z]+)(?:/<[a-z]+>)?`[^|]*\| ([^|]*?) *\|", section, re.MULTILINE))
    assert written == {leaf: speaker.value for leaf, speaker in SPEAKERS.items()}


def test_every_ability_is_somebodys() -> None:
    assert set(ABILITIES.values()) <= {*PARTICIPANTS, "ticks", "settles", "conditions", "keeps"}
