"""The host's own client on the bus: what survives a broker, and who hosts the home."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from pathlib import Path

from virtual_devices.edge.faces.announced import EVERYBODY
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ErrorMessage, write
from virtual_devices.edge.messages.topics import FLEET, HOST, LEDGER, SUMMARY, Topics, identifier, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.claim.claim import Claim, unreachable
from virtual_devices.fleet.keeping.announcements import Announcements
from virtual_devices.fleet.keeping.board import AnnouncementBoard
from virtual_devices.fleet.keeping.clearing import REMOVED_WITHIN, withdraw
from virtual_devices.kit.home.model import Home
from virtual_devices.record.files.runs import OWN, Runs
from virtual_devices.record.keeping.gate import Gate
from virtual_devices.record.keeping.home_memory import HomeMemory
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.keeping.moments import IsBooked, always
from virtual_devices.record.store.kept import KEPT, LEAVES
from virtual_devices.record.store.lines import WHOLE_FOR

_OF_THE_FLEET = ("wanted", "running", "kinds", "response/#")
"""Listened to for those who say what is not theirs to say."""
_HEARD_OF_THE_FLEET = ("about", "availability", "state", "error")
_CONNECT_TIMEOUT = 15.0
_ACKNOWLEDGED_WITHIN = 5.0


class Archive(HomeMemory):
    """What is retained in a home, as its host hears it under an identity of its own.

    received, gate: see ``HomeMemory``.  booked: see ``Moments``.  known: the home's devices.  say: told once when the home's state cannot be
    kept, and when it can be again.  claim: the right to host the home, taken before anything is said; None where nobody asks for it.
    broker, home_file, whole_for: of the record, see ``Runs``.  board: hears announcements for many homes; None: this client does.
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
        board: AnnouncementBoard | None = None,
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
        self._board = board
        self.announced = Announcements(home, board.found if board is not None else None)
        self._leaving: set[str] = set()
        """Devices in whose place others come, that Home Assistant has not been told of yet."""
        if claim is not None:
            claim.serve(self.client)
        every = Topics(home, "+")
        self.client.subscribe((every.ledger, 1), (every.error, 1), (every.applied, 1), (every.missing, 0), (every.keeps, 0), (every.past, 1))
        self.client.subscribe((every.flow, 0), (every.ahead, 0), (every.quarter, 0), (every.at(SUMMARY), 0))  # only to complain of those whose they are not
        self.client.subscribe(*((every.at(leaf), 0) for leaf in (*LEAVES, *_OF_THE_FLEET)))
        if board is None:
            self.client.subscribe((EVERYBODY, 0))
        self.client.subscribe((self._sync, 0))  # last: what is retained comes before it

    async def open(self) -> None:
        """Connect and take in what the broker retains.

        Raises BrokerError when it does not answer, and AlreadyRunningError where another host has the home.
        """
        if self._claim is not None:
            await self._claim.take(_CONNECT_TIMEOUT)
        if self._board is not None:
            self._board.join(self.home, self._see_who_has_come)
        self.client.connect()
        await self.loop.until(lambda: self._synced or bool(self._refused), _CONNECT_TIMEOUT)
        if self._refused or not self._synced:
            raise unreachable(self.client, self._refused)

    def _on_refused(self, reason: str) -> None:
        self._refused = reason

    def _connected(self) -> None:
        self.connected()
        self.announced.clear()
        if self._claim is not None:
            self._claim.connected()
        self.client.publish(self._sync, self._mark)

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == self._sync and payload == self._mark:
            self.all_heard()
            return
        where = split(topic)
        if where is None:
            self._hear_announcement(topic, payload)
            return
        _, device, leaf = where
        if device == HOST and leaf != "error":  # no device
            self._hear_host(leaf, payload)
            return
        if device == FLEET and leaf not in _HEARD_OF_THE_FLEET:
            return  # what it wants it knows itself
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

        Their discovery goes first, so that Home Assistant looks at nothing that is gone. Where another device takes the place that one has
        there, it stays, and what was retained is cleared when Home Assistant has been told who that is.
        """
        if topics := self.announced.of_no_use(names):
            await withdraw(self.loop, self.client, topics, _ACKNOWLEDGED_WITHIN)
        awaited = self.announced.awaited(names)
        self._leaving |= awaited
        return self._clear(names - awaited)

    def _hear_announcement(self, topic: str, payload: bytes) -> None:
        self.announced.hear(topic, payload)
        self._see_who_has_come()

    def _see_who_has_come(self) -> None:
        if self._leaving and (come := self._leaving - self.announced.awaited(self._leaving)):
            self._leaving -= come
            self.loop.call_later(REMOVED_WITHIN, lambda: self._clear(come))

    def _clear(self, names: Collection[str]) -> int:
        cleared = 0
        plain = [(name, f"reading/{reading}") for name in names if (state := self.state(name)).get("plain_readings") for reading in state]
        keeps = [(name, "keeps") for name, leaf in self.found if leaf == "booked"]
        flows = [(name, "flow") for name, leaf in self.found if leaf == "settlement"]
        faces = [(name, leaf) for name in names for leaf in ("face", "ahead")]
        for device, leaf in [*self.found, *plain, *keeps, *flows, *faces]:
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
        if self._board is not None:
            self._board.leave(self.home)
        if self._claim is not None:
            await self._claim.release()
        await self.client.leave()
        self.keep_now()

    async def close(self) -> None:
        """Leave and save."""
        await self.leave()
        self.keeper.close()


def whole_for(home: Home) -> int:
    """For how long windows are kept whole on this machine, in simulated s: as the home's record does it, where it has just one."""
    records = home.of("keeps")
    return int(getattr(records[0].settings, "whole_for", WHOLE_FOR)) if len(records) == 1 else WHOLE_FOR
