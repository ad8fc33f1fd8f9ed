"""What a home's broker retains, as whoever keeps the home has heard it: it is kept with the windows, and put back when it is missing.

Which sets are consistent, so that a home resumes from one moment, never from two, ``moments`` knows; one is kept when its
window is booked, and together with it: ``keeper``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import MissingMessage, write
from virtual_devices.edge.messages.retained import json_object, place
from virtual_devices.edge.messages.topics import HOST, KEEPS_PAST, LEDGER, Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.murmur import Bucket
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.names import CLOCK, is_name
from virtual_devices.record.files.runs import KeptRun, Origin
from virtual_devices.record.keeping.gate import Gate
from virtual_devices.record.keeping.keeper import SYNC_EVERY, Keeper
from virtual_devices.record.keeping.resuming import leads_on
from virtual_devices.record.store.kept import KEPT, LEAVES, RETAINED, Messages, moment, run_of

REMIND_AFTER = 8.0
"""Wall seconds after which a device has not come back with its broker: longer than the longest pause between two attempts."""
COMPLAINTS = (50, 1.0)
"""Complaints at once and per wall second."""
COMPLAIN_AGAIN = 10.0
"""Wall seconds after which a topic is complained of again."""
STRANGERS_BYTES = 16 << 20
"""Most bytes that are kept of devices that the home does not know; of their names as many as a home may have devices."""
_LONGEST_AVAILABILITY = 16
_SAID_ANEW = ("conditions", "proposal", "window")
"""Leaves with a checkpoint, in which what was commanded waits."""
_BACK = ("conditions", "proposal", "window", "settlement", "site")
"""Leaves in the order in which a set is put back to devices that may be there: whoever hears of the run knows all that led to it."""


class HomeMemory:
    """What is retained in a home, on the bus and on disk.

    client: of whoever keeps it, by the ``name`` that he asks under.  received: told (device, leaf, payload) of every message of the home
    that counts.  gate: decides which do.  say: told (text, about) what does not count.
    found: retained messages seen so far, by (device, leaf); of devices that are not ``known``, which may be anybody's invention, so many
    only.  keeps: whether the home goes on from what is kept here; who only listens puts nothing back.
    """

    def __init__(
        self,
        loop: Loop,
        client: Client,
        home: str,
        name: str,
        keeper: Keeper,
        received: Callable[[str, str, bytes], None],
        gate: Gate | None,
        say: Callable[[str, str], None],
        *,
        known: Collection[str] = (),
    ) -> None:
        self.loop, self.client, self.home, self.name, self.keeper = loop, client, home, name, keeper
        self.keeps = True
        self.origin: Origin | None = None
        """Where the set is from that was put back, or could have been."""
        self.passed_over = 0
        """Messages that were not kept, of more strangers than there is room for."""
        self.found: dict[tuple[str, str], bytes] = {}
        self._received, self._gate, self._say = received, gate, say
        self._complaints = Bucket(*COMPLAINTS)
        self._complained: dict[str, float] = {}
        """When a topic was complained of last."""
        self._known = frozenset((*known, HOST))
        self._strangers: dict[str, int] = {}
        """Bytes of each device that the home does not know."""
        self._synced = self._keeping = False
        self._before: dict[tuple[str, str], bytes] = {}
        self._rest: dict[tuple[str, str], bytes] = {}
        """What nobody resumes from, of before the broker came back; told again when everybody had time to."""
        self._rest_due: Timer | None = None
        self._said_anew: Timer | None = None
        """Until what a device has said anew of its last window is kept."""
        self._asked_at = 0.0
        self._booked: tuple[str, int] | None = None

    # -- the connection -----------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """The connection is there, and what is retained is about to come."""
        if self._synced:  # the broker came back, maybe with an empty memory
            # what it was told before its last death and has not been reminded of yet is newer than what its database had
            still = {key: value for key, value in self._before.items() if not _is_older(value, self.found.get(key, b""))}
            self._before = {**self._rest, **self.found, **still}
            self.found.clear()
            self._strangers.clear()
            self._rest.clear()

    def all_heard(self) -> None:
        """What is retained has come. A broker that has forgotten is told what nobody else may tell it: the words of those who are away.

        A broker that keeps a database may come back with one that is half a minute old: the higher seq of the run wins.
        What nobody resumes from waits until everybody who is there has said it himself.
        """
        self._synced = True
        self.ask_for_past()
        before, self._before = self._before, {}
        if not self.keeps:
            return
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

    def pass_by(self, device: str, leaf: str) -> None:
        """A word was not listened to: what was known before it is no longer so."""
        self.found.pop((device, leaf), None)

    def know(self, names: Collection[str]) -> None:
        """These are devices of the home too; what they retain is kept whatever room strangers have taken."""
        if not self._known.issuperset(names):
            self._known |= set(names)
            for name in names:
                self._strangers.pop(name, None)

    def know_no_more(self, names: Collection[str]) -> None:
        """These are devices of the home no longer."""
        self._known -= set(names)

    # -- what is heard ------------------------------------------------------------------------------------------------

    def hear(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""
        if not self._counts(device, leaf, payload):
            return
        if self.keeps and leaf in KEPT and _is_older(payload, self.found.get((device, leaf), b"")):
            # somebody who went on from an old database; the newer word tells him
            self._publish((device, leaf), self.found[device, leaf])
            return
        if (leaf in LEAVES or leaf.startswith(LEDGER)) and not self._take(device, leaf, payload):
            return
        if leaf == "settlement" and payload and self._keeping and self.keeps:  # else an old word of the broker; what is on disk may be newer
            self.keeper.settled(payload, self.found)
        self._received(device, leaf, payload)

    def _counts(self, device: str, leaf: str, payload: bytes) -> bool:
        """Whether a message may be kept and passed on; what somebody cleared or wrote over is put back."""
        known = self.found.get((device, leaf), b"")
        refused = self._gate.refuses(device, leaf, payload, known, reading=not self._keeping) if self._gate is not None else None
        if refused is not None:
            self.complain(refused, Topics(self.home, device).at(leaf))
        spoiled = self._keeping and bool(known) and leaf in KEPT and (refused is not None or not payload)
        if spoiled and self.keeps:
            self._publish((device, leaf), known)
        return refused is None and not spoiled

    def complain(self, text: str, about: str) -> None:
        """Say what does not count: of a topic once in a while, of a flood a few."""
        now = self.loop.time()
        if now - self._complained.get(about, float("-inf")) >= COMPLAIN_AGAIN and self._complaints.take(now):
            self._complained[about] = now
            while len(self._complained) > COMPLAINTS[0]:
                del self._complained[next(iter(self._complained))]
            self._say(text, about)

    def _take(self, device: str, leaf: str, payload: bytes) -> bool:
        """Keep what is found. False: it is nobody's, or of one stranger too many."""
        key = device, leaf
        if leaf not in RETAINED or not (device in self._known or self._admits(device, leaf, payload)):
            self.passed_over += bool(payload)
            return False
        if self._keeping and self.keeps and leaf in _SAID_ANEW:
            self._notice(self.found.get(key, b""), payload)
        if payload:
            self.found[key] = payload
        else:
            self.found.pop(key, None)
        return True

    def _notice(self, known: bytes, payload: bytes) -> None:
        """A command that comes while time stands still is in a new word of the window that is settled: no settlement will keep it."""
        anew = payload != known and place(known)[0] is not None and place(payload) == place(known)
        if anew and (self._said_anew is None or not self._said_anew.pending):
            self._said_anew = self.loop.call_later(SYNC_EVERY, self._keep_anew)

    def _keep_anew(self) -> None:
        self.look_again()
        self.keeper.keep()

    def keep_now(self) -> None:
        """Keep what was said anew at once: nothing more is heard."""
        if self._said_anew is not None and self._said_anew.pending:
            self._said_anew.cancel()
            self._keep_anew()

    def _admits(self, device: str, leaf: str, payload: bytes) -> bool:
        """Whether a message of a device that the home does not know has room; of one that has, whether it is online is always heard."""
        grown = len(payload) - len(self.found.get((device, leaf), b""))
        new = device not in self._strangers
        if new and (not payload or len(self._strangers) >= MAX_DEVICES or not is_name(device)):
            return False
        always = not new and leaf == "availability" and len(payload) <= _LONGEST_AVAILABILITY
        if payload and not always and sum(self._strangers.values()) + grown > STRANGERS_BYTES:
            return False
        self._strangers[device] = self._strangers.get(device, 0) + grown
        return True

    def ask_for(self, run: str, after: int) -> None:
        """Ask for the ledger records that were missed, at most once per wall second."""
        if self.loop.time() - self._asked_at >= SYNC_EVERY:
            self._asked_at = self.loop.time()
            self.client.publish(Topics(self.home, self.name).missing, write(MissingMessage(run=run, after=after)))

    def ask_for_past(self) -> None:
        """Say that what devices tell of their past is kept, and ask for what the record may lack of it."""
        mine = Topics(self.home, self.name)
        self.client.publish(mine.keeps, KEEPS_PAST, 1, True)  # noqa: FBT003
        until = self.keeper.told_until
        if until is not None:
            self.client.publish(mine.missing, write(MissingMessage(run=until[0], after=until[1], past=True)))

    def ledger(self) -> list[bytes]:
        """The last ledger records that were found, oldest first."""
        found = [payload for (_, leaf), payload in self.found.items() if leaf.startswith(LEDGER)]
        return sorted(found, key=lambda payload: place(payload)[1])

    def state(self, device: str) -> dict[str, Any]:
        """A device's last state."""
        return json_object(self.found.get((device, "state"), b""))

    # -- what survives ------------------------------------------------------------------------------------------------

    def kept(self) -> Messages:
        """The set on disk from which a start on this broker would resume; empty when there is none. Raises ConfigurationError."""
        picked = self._pick()
        return picked.messages if picked is not None else {}

    def _pick(self) -> KeptRun | None:
        return self.keeper.pick(run_of(self.found))

    def look_on(self) -> None:
        """From here on what comes is of now."""
        self._keeping = True

    def look_again(self) -> None:
        """Find out whether what was settled last is of one moment by now."""
        for (_, leaf), payload in list(self.found.items()):
            if leaf == "settlement":
                self.keeper.settled(payload, self.found)

    def put_back(self, *, yields: bool = False) -> bool:
        """Publish again what the broker lacks. True when there is anything to resume.

        The run that the broker retains decides which set that is. The broker's own words hold where they are newer and their windows can
        be booked; else all that it has of the run beyond the set is replaced by it. yields: they hold wherever they are newer: devices
        may be at work with them.
        """
        picked = self._pick()
        self.origin = picked.origin if picked is not None else None
        self.look_on()
        stored = picked.messages if picked is not None else {}
        run = run_of(stored)
        if run is not None and run_of(self.found) in (None, run):
            self._put_back(stored, back=not yields and not leads_on(stored, self.found, self.ledger()))
            self.keeper.go_on(run)
            self.ask_for_past()
            self._booked = moment(stored)
        return (CLOCK, "site") in self.found

    def _put_back(self, stored: Messages, *, back: bool) -> None:
        """back: also where the broker has something newer."""
        booked = moment(stored)
        has_site = (CLOCK, "site") in self.found
        for key in sorted(stored, key=lambda key: _BACK.index(key[1]) if key[1] in _BACK else -1):
            value, there = stored[key], self.found.get(key)
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
        self._publish(key, value)
        if value:
            self.found[key] = value
        else:
            self.found.pop(key, None)

    def _publish(self, key: tuple[str, str], value: bytes) -> None:
        self.client.publish(Topics(self.home, key[0]).at(key[1]), value, 1, True)  # noqa: FBT003

    def booked(self) -> tuple[str, int] | None:
        """Run and seq of the last window that is booked, to go on behind; where nobody kept books, of the last that was settled."""
        run = run_of(self.found)
        return self._booked if self._booked is not None and self._booked[0] == run else moment(self.found)


def _is_older(one: bytes, other: bytes) -> bool:
    (run, seq), (other_run, other_seq) = place(one), place(other)
    return run is not None and run == other_run and seq < other_seq
