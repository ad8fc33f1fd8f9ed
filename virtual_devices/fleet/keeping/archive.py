"""What survives a broker: the newest consistent set of a home's retained messages, on disk, and put back when missing.

Which sets are consistent, so that a home resumes from one moment, never from two, ``moments`` knows; one is kept when its
window is booked, and together with it: ``keeper``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from virtual_devices.edge.faces import discovery
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import ErrorMessage, MissingMessage, write
from virtual_devices.edge.messages.retained import json_object, place
from virtual_devices.edge.messages.topics import HOST, KEEPS_PAST, LEDGER, Topics, identifier, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import Bucket
from virtual_devices.fleet.claim.claim import Claim, unreachable
from virtual_devices.fleet.claim.gate import Gate
from virtual_devices.fleet.keeping.clearing import withdraw
from virtual_devices.fleet.keeping.keeper import SYNC_EVERY, Keeper
from virtual_devices.fleet.keeping.moments import IsBooked, always
from virtual_devices.fleet.keeping.resuming import leads_on
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.names import CLOCK, is_name
from virtual_devices.record.files.runs import OWN, KeptRun, Origin, Runs
from virtual_devices.record.store.kept import KEPT, LEAVES, RETAINED, Messages, moment, run_of

REMIND_AFTER = 8.0
"""Wall seconds after which a device has not come back with its broker: longer than the longest pause between two attempts."""
COMPLAINTS = (50, 1.0)
"""Complaints at once and per wall second."""
COMPLAIN_AGAIN = 10.0
"""Wall seconds after which a topic is complained of again."""
_CONNECT_TIMEOUT = 15.0
_ACKNOWLEDGED_WITHIN = 5.0
_STRANGERS_BYTES = 16 << 20
"""Most bytes that are kept of devices that the home does not know; of their names as many as a home may have devices."""
_LONGEST_AVAILABILITY = 16


class Archive:
    """The host's own client on the bus.

    received: told (device, leaf, payload) of every message of the home that counts.  booked: see ``Moments``.  gate: decides which do.
    found: retained messages seen so far, by (device, leaf); of devices that are not ``known``, which may be anybody's invention, so many
    only.  say: told once when the home's state cannot be kept, and when it can be again.  claim: the right to host the home, taken
    before anything is said; None where nobody asks for it.  broker, home_file: what a set is kept with, see ``Runs``.
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
    ) -> None:
        self._gate, self._complaints = gate, Bucket(*COMPLAINTS)
        self._complained: dict[str, float] = {}
        """When a topic was complained of last."""
        self.loop, self.home = loop, home
        self.keeper = Keeper(loop, Runs(folder, home, broker, home_file), booked, say)
        self.origin: Origin | None = None
        """Where the set is from that was put back, or could have been."""
        self._known = frozenset((*known, HOST))
        self._strangers: dict[str, int] = {}
        """Bytes of each device that the home does not know."""
        self.passed_over = 0
        """Messages that were not kept, of more strangers than there is room for."""
        self.found: dict[tuple[str, str], bytes] = {}
        self._received = received
        self._synced = self._keeping = False
        self._before: dict[tuple[str, str], bytes] = {}
        self._rest: dict[tuple[str, str], bytes] = {}
        """What nobody resumes from, of before the broker came back; told again when everybody had time to."""
        self._rest_due: Timer | None = None
        self._refused = ""
        self._asked_at = 0.0
        self._booked: tuple[str, int] | None = None
        self._sync, self._mark = Topics(home, HOST).sync, secrets.token_hex(6).encode()
        self._claim = claim
        self.client = Client(
            loop, endpoint, identifier(home, HOST), on_message=self._message, on_connect=self._connected,
            on_refused=self._on_refused, will=claim.will if claim is not None else None,
            on_disconnect=claim.disconnected if claim is not None else None,
        )  # fmt: skip
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
        if self._synced:  # the broker came back, maybe with an empty memory
            # what it was told before its last death and has not been reminded of yet is newer than what its database had
            still = {key: value for key, value in self._before.items() if not _is_older(value, self.found.get(key, b""))}
            self._before = {**self._rest, **self.found, **still}
            self.found.clear()
            self._strangers.clear()
            self._rest.clear()
        if self._claim is not None:
            self._claim.connected()
        self.client.publish(self._sync, self._mark)

    def _remind(self) -> None:
        """Tell a broker that has forgotten what nobody else may tell it: the words of those who are away.

        A broker that keeps a database may come back with one that is half a minute old: the higher seq of the run wins.
        What nobody resumes from waits until everybody who is there has said it himself.
        """
        before, self._before = self._before, {}
        kept = sorted((key for key in before if key[1] in KEPT), key=lambda key: KEPT.index(key[1]))
        self._tell_again({key: before[key] for key in kept})
        self._rest = {key: value for key, value in before.items() if key[1] not in KEPT and value != b"online"}
        if self._rest_due is not None:
            self._rest_due.cancel()
        self._rest_due = self.loop.call_later(REMIND_AFTER, self._tell_rest)

    def _tell_rest(self) -> None:
        rest, self._rest = self._rest, {}
        self._tell_again(rest)

    def _tell_again(self, messages: dict[tuple[str, str], bytes]) -> None:
        for (device, leaf), value in messages.items():
            there = self.found.get((device, leaf))
            if self.client.connected and (there is None or _is_older(there, value)):
                self._retain((device, leaf), value)

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == self._sync and payload == self._mark:
            self._synced = True
            self._remind()
            self._ask_for_past()
            return
        where = split(topic)
        if where is None:
            return
        _, device, leaf = where
        if device == HOST and leaf != "error":  # no device
            self._hear_host(leaf, payload)
            return
        if not self._counts(topic, device, leaf, payload):
            return
        if leaf in KEPT and _is_older(payload, self.found.get((device, leaf), b"")):
            # somebody who went on from an old database; the newer word tells him
            self.client.publish(topic, self.found[device, leaf], 1, True)  # noqa: FBT003
            return
        if (leaf in LEAVES or leaf.startswith(LEDGER)) and not self._take(device, leaf, payload):
            return
        if leaf == "settlement" and payload and self._keeping:  # else an old word of the broker; what is on disk may be newer
            self.keeper.settled(payload, self.found)
        self._received(device, leaf, payload)
        self.keeper.keep()

    def _counts(self, topic: str, device: str, leaf: str, payload: bytes) -> bool:
        """Whether a message may be kept and passed on; what somebody cleared or wrote over is put back."""
        known = self.found.get((device, leaf), b"")
        refused = self._gate.refuses(device, leaf, payload, known, reading=not self._keeping) if self._gate is not None else None
        if refused is not None:
            self.complain(refused, topic)
        spoiled = self._keeping and bool(known) and leaf in KEPT and (refused is not None or not payload)
        if spoiled:
            self.client.publish(topic, known, 1, True)  # noqa: FBT003
        return refused is None and not spoiled

    def complain(self, text: str, about: str) -> None:
        """Say on the host's own error topic what does not count: of a topic once in a while, of a flood a few."""
        now = self.loop.time()
        if now - self._complained.get(about, float("-inf")) >= COMPLAIN_AGAIN and self._complaints.take(now):
            self._complained[about] = now
            while len(self._complained) > COMPLAINTS[0]:
                del self._complained[next(iter(self._complained))]
            self.client.publish(Topics(self.home, HOST).error, write(ErrorMessage(error=text[:1000], about=about[:300])), 1)

    def _hear_host(self, leaf: str, payload: bytes) -> None:
        """A word about who hosts the home."""
        if self._claim is not None and leaf == "sync":
            self._claim.asked()
        elif self._claim is not None and leaf == "availability":
            self._claim.heard(payload)

    def _take(self, device: str, leaf: str, payload: bytes) -> bool:
        """Keep what is found. False: it is nobody's, or of one stranger too many."""
        key = device, leaf
        if leaf not in RETAINED or not (device in self._known or self._admits(device, leaf, payload)):
            self.passed_over += bool(payload)
            return False
        if payload:
            self.found[key] = payload
        else:
            self.found.pop(key, None)
        return True

    def _admits(self, device: str, leaf: str, payload: bytes) -> bool:
        """Whether a message of a device that the home does not know has room; of one that has, whether it is online is always heard."""
        grown = len(payload) - len(self.found.get((device, leaf), b""))
        new = device not in self._strangers
        if new and (not payload or len(self._strangers) >= MAX_DEVICES or not is_name(device)):
            return False
        always = not new and leaf == "availability" and len(payload) <= _LONGEST_AVAILABILITY
        if payload and not always and sum(self._strangers.values()) + grown > _STRANGERS_BYTES:
            return False
        self._strangers[device] = self._strangers.get(device, 0) + grown
        return True

    # -- what survives ------------------------------------------------------------------------------------------------

    def kept(self) -> Messages:
        """The set on disk from which a start on this broker would resume; empty when there is none. Raises ConfigurationError."""
        picked = self._pick()
        return picked.messages if picked is not None else {}

    def _pick(self) -> KeptRun | None:
        return self.keeper.pick(run_of(self.found))

    def put_back(self) -> bool:
        """Publish again what the broker lacks. True when there is anything to resume.

        The run that the broker retains decides which set that is. The broker's own words hold where they are newer and their windows can
        be booked; else all that it has of the run beyond the set is replaced by it.
        """
        picked = self._pick()
        self.origin = picked.origin if picked is not None else None
        self._keeping = True
        stored = picked.messages if picked is not None else {}
        run = run_of(stored)
        if run is not None and run_of(self.found) in (None, run):
            self._put_back(stored, back=not leads_on(stored, self.found, self.ledger()))
            self.keeper.go_on(run)
            self._ask_for_past()
            self._booked = moment(stored)
        return (CLOCK, "site") in self.found

    def _put_back(self, stored: Messages, *, back: bool) -> None:
        """back: also where the broker has something newer."""
        booked = moment(stored)
        has_site = (CLOCK, "site") in self.found
        for key, value in stored.items():
            there = self.found.get(key)
            if key[1] == "site" and has_site:
                continue
            if there is None or place(value)[1] > place(there)[1] or (back and value != there):
                self._retain(key, value)
        if back and booked is not None:
            for key, value in list(self.found.items()):
                beyond = place(value)[1] > booked[1]
                if (key[1] in KEPT and key not in stored and beyond) or (key[1].startswith(LEDGER) and beyond):
                    self._retain(key, b"")

    def _retain(self, key: tuple[str, str], value: bytes) -> None:
        self.client.publish(Topics(self.home, key[0]).at(key[1]), value, 1, True)  # noqa: FBT003
        if value:
            self.found[key] = value
        else:
            self.found.pop(key, None)

    async def forget(self, names: set[str]) -> int:
        """Clear what some devices retained; how many topics that were.

        Their discovery goes first, so that Home Assistant looks at nothing that is gone.
        """
        cleared = 0
        await withdraw(self.loop, self.client, [discovery.topic(self.home, name) for name in sorted(names)], _ACKNOWLEDGED_WITHIN)
        plain = [(name, f"reading/{reading}") for name in names if (state := self.state(name)).get("plain_readings") for reading in state]
        for device, leaf in [*self.found, *plain]:
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

    def ask_for(self, run: str, after: int) -> None:
        """Ask for the ledger records that were missed, at most once per wall second."""
        if self.loop.time() - self._asked_at >= SYNC_EVERY:
            self._asked_at = self.loop.time()
            self.client.publish(Topics(self.home, HOST).missing, write(MissingMessage(run=run, after=after)))

    def _ask_for_past(self) -> None:
        """Say that what devices tell of their past is kept, and ask for what the record may lack of it."""
        host = Topics(self.home, HOST)
        self.client.publish(host.keeps, KEEPS_PAST, 1, True)  # noqa: FBT003
        until = self.keeper.told_until
        if until is not None:
            self.client.publish(host.missing, write(MissingMessage(run=until[0], after=until[1], past=True)))

    def ledger(self) -> list[bytes]:
        """The last ledger records that were found, oldest first."""
        found = [payload for (_, leaf), payload in self.found.items() if leaf.startswith(LEDGER)]
        return sorted(found, key=lambda payload: place(payload)[1])

    def booked(self) -> tuple[str, int] | None:
        """Run and seq of the last window that is booked, to go on behind; where nobody kept books, of the last that was settled."""
        run = run_of(self.found)
        return self._booked if self._booked is not None and self._booked[0] == run else moment(self.found)

    def state(self, device: str) -> dict[str, Any]:
        """A device's last state."""
        return json_object(self.found.get((device, "state"), b""))


def _is_older(one: bytes, other: bytes) -> bool:
    (run, seq), (other_run, other_seq) = place(one), place(other)
    return run is not None and run == other_run and seq < other_seq
