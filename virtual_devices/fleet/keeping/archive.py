"""The host's own client on the bus: what survives a broker, and who hosts the home."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from pathlib import Path

from virtual_devices.edge.faces import discovery
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ErrorMessage, write
from virtual_devices.edge.messages.topics import HOST, LEDGER, Topics, identifier, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.claim.claim import Claim, unreachable
from virtual_devices.fleet.keeping.clearing import withdraw
from virtual_devices.record.files.runs import OWN, Runs
from virtual_devices.record.keeping.gate import Gate
from virtual_devices.record.keeping.home_memory import HomeMemory
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.keeping.moments import IsBooked, always
from virtual_devices.record.store.kept import KEPT, LEAVES
from virtual_devices.record.store.lines import WHOLE_FOR

_CONNECT_TIMEOUT = 15.0
_ACKNOWLEDGED_WITHIN = 5.0


class Archive(HomeMemory):
    """What is retained in a home, as its host hears it under an identity of its own.

    received, gate: see ``HomeMemory``.  booked: see ``Moments``.  known: the home's devices.  say: told once when the home's state cannot be
    kept, and when it can be again.  claim: the right to host the home, taken before anything is said; None where nobody asks for it.
    broker, home_file, whole_for: of the record, see ``Runs``.
    """

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        home: str,
        folder: Path,
        received: Callable[[str, str, bytes], None],
        booked: IsBooked = always,
        gate: Gate | None = None,
        *,
        known: Collection[str] = (),
        say: Callable[[str], None] = lambda _: None,
        claim: Claim | None = None,
        broker: str = OWN,
        home_file: str | None = None,
        whole_for: int = WHOLE_FOR,
    ) -> None:
        client = Client(
            loop, endpoint, identifier(home, HOST), on_message=self._message, on_connect=self._connected,
            on_refused=self._on_refused, will=claim.will if claim is not None else None,
            on_disconnect=claim.disconnected if claim is not None else None,
        )  # fmt: skip
        keeper = Keeper(loop, Runs(folder, home, broker, home_file, whole_for=whole_for), booked, say)
        super().__init__(loop, client, home, HOST, keeper, received, gate, self._say_on_the_bus, known=known)
        self._refused = ""
        self._sync, self._mark = Topics(home, HOST).sync, secrets.token_hex(6).encode()
        self._claim = claim
        if claim is not None:
            claim.serve(self.client)
        every = Topics(home, "+")
        self.client.subscribe((every.ledger, 1), (every.error, 1), (every.applied, 1), (every.missing, 0), (every.keeps, 0), (every.past, 1))
        self.client.subscribe(*((every.at(leaf), 0) for leaf in LEAVES))
        self.client.subscribe((self._sync, 0))  # last: what is retained comes before it

    async def open(self) -> None:
        """Connect and take in what the broker retains.

        Raises BrokerError when it does not answer, and AlreadyRunningError where another host has the home.
        """
        if self._claim is not None:
            await self._claim.take(_CONNECT_TIMEOUT)
        self.client.connect()
        await self.loop.until(lambda: self._synced or bool(self._refused), _CONNECT_TIMEOUT)
        if self._refused or not self._synced:
            raise unreachable(self.client, self._refused)

    def _on_refused(self, reason: str) -> None:
        self._refused = reason

    def _connected(self) -> None:
        self.connected()
        if self._claim is not None:
            self._claim.connected()
        self.client.publish(self._sync, self._mark)

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == self._sync and payload == self._mark:
            self.all_heard()
            return
        where = split(topic)
        if where is None:
            return
        _, device, leaf = where
        if device == HOST and leaf != "error":  # no device
            self._hear_host(leaf, payload)
            return
        self.hear(device, leaf, payload)
        self.keeper.keep()

    def _say_on_the_bus(self, text: str, about: str) -> None:
        self.client.publish(Topics(self.home, HOST).error, write(ErrorMessage(error=text[:1000], about=about[:300])), 1)

    def _hear_host(self, leaf: str, payload: bytes) -> None:
        """A word about who hosts the home."""
        if self._claim is not None and leaf == "sync":
            self._claim.asked()
        elif self._claim is not None and leaf == "availability":
            self._claim.heard(payload)

    # -- clearing and leaving -----------------------------------------------------------------------------------------

    async def forget(self, names: set[str]) -> int:
        """Clear what some devices retained; how many topics that were.

        Their discovery goes first, so that Home Assistant looks at nothing that is gone.
        """
        cleared = 0
        await withdraw(self.loop, self.client, [discovery.topic(self.home, name) for name in sorted(names)], _ACKNOWLEDGED_WITHIN)
        plain = [(name, f"reading/{reading}") for name in names if (state := self.state(name)).get("plain_readings") for reading in state]
        keeps = [(name, "keeps") for name, leaf in self.found if leaf == "booked"]
        for device, leaf in [*self.found, *plain, *keeps]:
            if device in names:
                self.client.publish(Topics(self.home, device).at(leaf), b"", 1, True)  # noqa: FBT003
                cleared += self.found.pop((device, leaf), None) is not None
                self._strangers.pop(device, None)
        return cleared

    def start_afresh(self) -> None:
        """Clear what a resume would begin from; names and entities stay."""
        for device, leaf in list(self.found):
            if leaf in KEPT or leaf.startswith(LEDGER):
                self.client.publish(Topics(self.home, device).at(leaf), b"", 1, True)  # noqa: FBT003
                del self.found[device, leaf]
        self.keeper.give_up()

    async def settle_down(self) -> None:
        """Wait until the broker has everything that was published here."""
        await self.client.flush(5.0)

    async def leave(self) -> None:
        """Hear and claim no more."""
        if self._claim is not None:
            await self._claim.release()
        await self.client.leave()

    async def close(self) -> None:
        """Leave and save."""
        await self.leave()
        self.keeper.close()
