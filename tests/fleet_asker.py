"""A home that is hosted, and somebody who asks its fleet on the bus."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson

from tests.stage import SMALL, small_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.topics import FLEET, LEDGER, Topics, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.transfers import LedgerRecord

LIVELY = SMALL.replace("speed: max, paused: true", "speed: 600").replace('schedule: "08:40-09:10"', "mode: on").replace("geyser: {mode", "boiler: {kind: geyser, mode")
"""Ten steps a wall second, and an oven that is on; the geyser is called boiler."""
_numbers = itertools.count(1)


def lively(name: str, text: str = LIVELY) -> Home:
    return small_home(text, name)


class Asker:
    """Hears all of a home and asks its fleet. last: by (device, leaf).  records: ledger by seq.  ledger: the same, as it came.  said: (device, leaf, payload), as it came."""

    def __init__(self, loop: Loop, endpoint: Endpoint, home: str) -> None:
        self.loop, self.home = loop, home
        self.topics = Topics(home, FLEET)
        self.last: dict[tuple[str, str], bytes] = {}
        self.said: list[tuple[str, str, bytes]] = []
        self.records: dict[int, LedgerRecord] = {}
        self.ledger: dict[int, bytes] = {}
        self.client = Client(loop, endpoint, f"asker_{home}_{next(_numbers)}", on_message=self._hear)
        self.client.subscribe((f"virtual/{home}/#", 0), ("homeassistant/#", 0))
        self.client.connect()

    def _hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        place = split(topic)
        key = (place[1], place[2]) if place is not None else ("homeassistant", topic)
        self.last[key] = payload
        self.said.append((*key, payload))
        if key[1].startswith(LEDGER) and payload:
            record = read_ledger(payload)
            self.records[record.seq], self.ledger[record.seq] = record, payload

    async def meet(self) -> None:
        """Wait until the fleet answers: what it retains may be of an earlier life."""
        for _ in range(60):
            number = f"n{next(_numbers)}"
            self.send(verb="revisions", id=number)
            if await self.loop.until(lambda: (FLEET, f"response/{number}") in self.last and (FLEET, "running") in self.last, 0.5):  # noqa: B023 - this turn
                return
        raise AssertionError("the fleet does not answer")

    def send(self, **request: Any) -> None:
        """Ask, and wait for nothing."""
        self.client.publish(self.topics.request, orjson.dumps(request), 1)

    async def ask(self, verb: str, **request: Any) -> dict[str, Any]:
        """Ask, and wait for the answer."""
        number = f"n{next(_numbers)}"
        key = FLEET, f"response/{number}"
        self.send(verb=verb, id=number, **request)
        assert await self.loop.until(lambda: key in self.last, 30), f"no answer to {verb}"
        answer: dict[str, Any] = orjson.loads(self.last[key])
        assert answer["id"] == number
        return answer

    async def wish(self, verb: str, **request: Any) -> dict[str, Any]:
        """Ask for what has to be accepted."""
        answer = await self.ask(verb, **request)
        assert answer["accepted"], answer
        return answer

    def told(self, leaf: str) -> dict[str, Any]:
        """What the fleet retains."""
        found: dict[str, Any] = orjson.loads(self.last[FLEET, leaf])
        return found

    def running(self, name: str) -> dict[str, Any]:
        """What the fleet says of a device that runs; nothing while it has not said it."""
        found: dict[str, Any] = self.told("running")["devices"].get(name, {})
        return found

    async def windows(self, count: int) -> None:
        """Wait until so many more are settled."""
        goal = max(self.records, default=0) + count
        assert await self.loop.until(lambda: max(self.records, default=0) >= goal, 60), f"window {goal} is not settled"

    async def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        assert await self.loop.until(condition, seconds)

    def takes_part(self, name: str, seq: int | None = None) -> bool:
        """Whether a load had a part in a window (None: the last)."""
        return name in self.records[max(self.records) if seq is None else seq].demand

    def online(self, name: str) -> bool:
        return self.last.get((name, "availability")) == b"online"

    def retained(self, name: str) -> set[str]:
        """What of a device is not cleared."""
        passing = ("past", "sync", "applied", "error")
        return {leaf for (device, leaf), payload in self.last.items() if device == name and payload and leaf not in passing}


Story = Callable[[Asker, HomeHost], Awaitable[None]]


def hosted(home: Home, endpoint: Endpoint, state: Path, story: Story, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """Host a home for as long as a story lasts; the result, and what was said."""
    said: list[str] = []
    documents = options.pop("documents", {})
    with Loop() as loop:
        host = HomeHost(loop, HostOptions(home, documents, endpoint, state, options.pop("folder", state.parent), say=said.append, **options))
        asker = Asker(loop, endpoint, home.name)

        async def ready(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            await asker.meet()
            await story(asker, host)

        result = loop.complete(host.run(ready, lambda: True))
        loop.complete(asker.client.leave())
    return result, said
