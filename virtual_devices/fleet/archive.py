"""What survives a broker: the newest consistent set of a home's retained messages, on disk, and put back when missing.

Which sets are consistent, so that a home resumes from one moment, never from two, ``moments`` knows; one is kept when its
window is booked. So a ledger file holds all that a home goes on behind; what it holds beyond that is cut off then.
Once per wall second and at the end it is replaced whole (write, wait for the disk, rename): that survives a power cut. The
windows between go into a second file, overwritten in place, so that a killed host loses none and no window waits for the
disk, as it would at every rename. A second file that was cut short is known by its checksum and does not count.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import orjson

from virtual_devices import __version__
from virtual_devices.edge import discovery
from virtual_devices.edge.bucket import Bucket
from virtual_devices.edge.endpoint import Endpoint
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages import ErrorMessage, MissingMessage, write
from virtual_devices.edge.mqtt import Client
from virtual_devices.edge.recalling import json_object, place
from virtual_devices.edge.topics import CLOCK, HOST, LEDGER, PLACES, Topics, is_name, split
from virtual_devices.edge.writing import RETRY_EVERY, Trouble, set_aside, why, write_whole
from virtual_devices.fleet.claim import Claim, unreachable
from virtual_devices.fleet.clearing import withdraw
from virtual_devices.fleet.gate import Gate
from virtual_devices.fleet.moments import KEPT, Booked, Messages, Moments, always
from virtual_devices.fleet.run_files import OWN, Origin, RunFiles, run_of
from virtual_devices.kit.errors import ConfigurationError, ProtocolError
from virtual_devices.kit.home import MAX_DEVICES
from virtual_devices.kit.upgrades import Step, forward

SYNC_EVERY = 1.0
"""Wall seconds between two waits for the disk."""
REMIND_AFTER = 8.0
"""Wall seconds after which a device has not come back with its broker: longer than the longest pause between two attempts."""
LEAVES = ("about", "availability", "state", *KEPT)
"""Leaves that are retained."""
FILE = "home.json"
NEWEST = "home.newest"
_VERSION = 1
_LONGEST_LENGTH = 12
_HEAD = b"%08x %d\n"
"""Before what is overwritten in place: its checksum and length; what an earlier, longer one left may follow."""
_STEPS: Mapping[int, Step] = {}
"""From each older version of the file to the next."""
COMPLAINTS = (50, 1.0)
"""Complaints at once and per wall second."""
_CONNECT_TIMEOUT = 15.0
_ACKNOWLEDGED_WITHIN = 5.0
_STRANGERS_BYTES = 16 << 20
"""Most bytes that are kept of devices that the home does not know; of their names as many as a home may have devices."""
_RETAINED = frozenset((*LEAVES, *(f"{LEDGER}{place}" for place in range(PLACES))))
_LONGEST_AVAILABILITY = 16


class Archive:
    """The host's own client on the bus.

    received: told (device, leaf, payload) of every message of the home that counts.  booked: see ``Moments``.  gate: decides which do.
    found: retained messages seen so far, by (device, leaf); of devices that are not ``known``, which may be anybody's invention, so many
    only.  say: told once when the home's state cannot be kept, and when it can be again.  claim: the right to host the home, taken
    before anything is said; None where nobody asks for it.  broker, home_file: what a set is kept with, see ``RunFiles``.
    """

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        home: str,
        folder: Path,
        received: Callable[[str, str, bytes], None],
        booked: Booked = always,
        gate: Gate | None = None,
        *,
        known: Collection[str] = (),
        say: Callable[[str], None] = lambda _: None,
        claim: Claim | None = None,
        broker: str = OWN,
        home_file: str | None = None,
    ) -> None:
        self._gate, self._complaints = gate, Bucket(*COMPLAINTS)
        self.loop, self.home, self.folder = loop, home, folder
        self._runs = RunFiles(folder, broker, home_file, self._read)
        self.origin: Origin | None = None
        """Where the set is from that was put back, or could have been."""
        self._known = frozenset((*known, HOST))
        self._strangers: dict[str, int] = {}
        """Bytes of each device that the home does not know."""
        self.passed_over = 0
        """Messages that were not kept, of more strangers than there is room for."""
        self._trouble = Trouble(
            say,
            lambda reason: f"the state of home {home} cannot be kept in {folder}: {reason}; it goes on, and tries again",
            f"the state of home {home} is kept again in {folder}",
        )
        self._again: Timer | None = None
        self.found: dict[tuple[str, str], bytes] = {}
        self._received = received
        self._moments = Moments(booked)
        self._synced = self._keeping = False
        self._before: dict[tuple[str, str], bytes] = {}
        self._rest: dict[tuple[str, str], bytes] = {}
        """What nobody resumes from, of before the broker came back; told again when everybody had time to."""
        self._rest_due: Timer | None = None
        self._refused = ""
        self._consistent: Messages | None = None
        self._saved: Messages | None = None
        self._newest: FileIO | None = None
        self._synced_at = self._asked_at = 0.0
        self._sync, self._mark = Topics(home, HOST).sync, secrets.token_hex(6).encode()
        self._claim = claim
        self.client = Client(
            loop, endpoint, discovery.identifier(home, HOST), on_message=self._message, on_connect=self._connected,
            on_refused=self._on_refused, will=claim.will if claim is not None else None,
            on_disconnect=claim.disconnected if claim is not None else None,
        )  # fmt: skip
        if claim is not None:
            claim.serve(self.client)
        every = Topics(home, "+")
        self.client.subscribe((every.ledger, 1), (every.error, 1), (every.applied, 1), (every.missing, 0))
        self.client.subscribe(*((every.at(leaf), 0) for leaf in LEAVES))
        self.client.subscribe((self._sync, 0))  # last: what is retained comes before it

    def open(self) -> None:
        """Connect and take in what the broker retains.

        Raises BrokerError when it does not answer, and AlreadyRunningError where another host has the home.
        """
        if self._claim is not None:
            self._claim.take(_CONNECT_TIMEOUT)
        self.client.connect()
        self.loop.run(until=lambda: self._synced or bool(self._refused), timeout=_CONNECT_TIMEOUT)
        if self._refused or not self._synced:
            raise unreachable(self.client, self._refused)

    def _on_refused(self, reason: str) -> None:
        self._refused = reason

    def _connected(self) -> None:
        if self._synced:  # the broker came back, maybe with an empty memory
            self._before = {**self._rest, **self._before, **self.found}  # the newest of each
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
                self.client.publish(Topics(self.home, device).at(leaf), value, 1, True)  # noqa: FBT003
                self.found[device, leaf] = value

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == self._sync and payload == self._mark:
            self._synced = True
            self._remind()
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
            self._moments.settled(payload, self.found, self.loop.time())
        self._received(device, leaf, payload)
        if self._moments:
            self._keep()

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
        """Say on the host's own error topic what does not count; of a flood a few."""
        if self._complaints.take(self.loop.time()):
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
        if leaf not in _RETAINED or not (device in self._known or self._admits(device, leaf, payload)):
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
        if device not in self._strangers:
            if not payload or len(self._strangers) >= MAX_DEVICES or not is_name(device):
                return False
        elif leaf == "availability" and len(payload) <= _LONGEST_AVAILABILITY:
            return True
        if payload and sum(self._strangers.values()) + grown > _STRANGERS_BYTES:
            return False
        self._strangers[device] = self._strangers.get(device, 0) + grown
        return True

    # -- what survives ------------------------------------------------------------------------------------------------

    def _keep(self) -> None:
        newest = self._moments.take(self.loop.time())
        if newest is not None:
            self._consistent = newest
            if self._again is None or not self._again.pending:  # else it is tried again soon, however many windows pass
                self.save(sync=self.loop.time() - self._synced_at >= SYNC_EVERY)

    def save(self, *, sync: bool = True) -> None:
        """Write the newest consistent set. sync: wait until it is on the disk."""
        if self._consistent is None or (self._consistent is self._saved and not sync):
            return
        content = self._written(self._consistent, self._runs.facts())
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            another = self._runs.begin(run_of(self._consistent), self.load, self._written)
            (self._replace if sync or another else self._overwrite)(content)
            if another:
                self._runs.prune()
        except OSError as error:
            self._trouble.failed(error)
            if self._again is None or not self._again.pending:
                self._again = self.loop.call_later(RETRY_EVERY, self.save)
            return
        self._trouble.over()
        self._saved = self._consistent

    def _written(self, messages: Messages, facts: Mapping[str, Any]) -> bytes:
        """A set as a file has it."""
        content = {
            "version": _VERSION,
            "program": __version__,
            "home": self.home,
            **facts,
            "messages": [[device, leaf, b64encode(value).decode()] for (device, leaf), value in messages.items()],
        }
        return orjson.dumps(content)

    @property
    def unkept(self) -> str | None:
        """Why the newest consistent set could not be written, in a sentence; None: it is."""
        if self._trouble.reason is None:
            return None
        return f"the state of home {self.home} is not kept in {self.folder}: {self._trouble.reason}; it will go on from an earlier moment"

    def _replace(self, content: bytes) -> None:
        write_whole(self.folder / FILE, content, sync=True)
        self._synced_at = self.loop.time()

    def _overwrite(self, content: bytes) -> None:
        """Without a buffer: what could not be written must not follow later, at another place."""
        if self._newest is None:
            self._newest = (self.folder / NEWEST).open("wb", buffering=0)
        self._newest.seek(0)
        rest = memoryview(_HEAD % (zlib.crc32(content), len(content)) + content)
        while rest:
            rest = rest[self._newest.write(rest) :]

    def _forget_files(self) -> None:
        """What a start on this broker would resume from, and what cannot be read. Raises ConfigurationError where the folder does not let go."""
        try:
            mine = self._runs.is_mine(self.load())
        except ConfigurationError:
            mine = True
        try:
            if mine:
                self._remove_newest()
                _away(self.folder / FILE)
            self._runs.forget()
        except OSError as error:
            raise ConfigurationError(f"{error.filename}: an earlier state cannot be removed: {why(error)}; choose another --state") from None
        self._consistent = self._saved = None
        self._moments.forget()

    def _remove_newest(self) -> None:
        if self._newest is not None:
            self._newest.close()
            self._newest = None
        _away(self.folder / NEWEST)

    def load(self) -> dict[tuple[str, str], bytes]:
        """The set on disk; empty when there is none. Raises ConfigurationError for a file that cannot be resumed."""
        path = self.folder / FILE
        content, beside = _content(path), _content(self.folder / NEWEST)
        if content is None:
            return {}
        kept, newest = self._read(path, content), self._read_newest(beside or b"")
        (run, seq), (newest_run, newest_seq) = (_moment(found) or ("", -1) for found in (kept, newest))
        return newest if newest_run == run and newest_seq > seq else kept

    def _read_newest(self, content: bytes) -> dict[tuple[str, str], bytes]:
        """The set that was overwritten in place; empty when there is none, or not a whole one."""
        head, _, rest = content.partition(b"\n")
        _, _, length = head.partition(b" ")
        content = rest[: int(length)] if length.isdigit() and len(length) < _LONGEST_LENGTH else b""
        return self._read(self.folder / NEWEST, content) if content and head + b"\n" == _HEAD % (zlib.crc32(content), len(content)) else {}

    def _read(self, path: Path, content: bytes) -> dict[tuple[str, str], bytes]:
        try:
            found = forward(json.loads(content), _VERSION, _STEPS)
            if found["home"] != self.home:
                raise ConfigurationError(f"{path} is of home {found['home']}, this is {self.home}; choose another --state")
            return {_place(device, leaf): b64decode(value, validate=True) for device, leaf, value in found["messages"]}
        except ProtocolError as error:
            raise ConfigurationError(f"{path} cannot be resumed: {error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigurationError(f"{path} cannot be read ({error}); start with --fresh") from None

    def kept(self) -> dict[tuple[str, str], bytes]:
        """The set on disk from which a start on this broker would resume; empty when there is none."""
        return self._runs.pick(run_of(self.found), self.load())[0]

    def put_back(self) -> bool:
        """Publish again what the broker lacks; of the same run the higher seq wins. True when there is anything to resume.

        The run that the broker retains decides which set that is.
        """
        stored, self.origin = self._runs.pick(run_of(self.found), self.load())
        self._keeping = True
        run, _ = place(self.found.get((CLOCK, "site")))
        for key, value in stored.items():
            there = self.found.get(key)
            if run is not None and key[1] == "site":
                continue
            same = run is None or place(stored.get((CLOCK, "site")))[0] == run
            if same and (there is None or place(value)[1] > place(there)[1]):
                self.client.publish(Topics(self.home, key[0]).at(key[1]), value, 1, True)  # noqa: FBT003
                self.found[key] = value
        return (CLOCK, "site") in self.found

    def forget(self, devices: set[str] | None = None) -> int:
        """Clear what the home (or some of its devices) retained; how many topics that were. Not from a callback.

        Their discovery goes first, so that Home Assistant looks at nothing that is gone.
        """
        cleared = 0
        names = {device for device, _ in self.found} if devices is None else devices
        withdraw(self.loop, self.client, [discovery.topic(self.home, name) for name in sorted(names)], _ACKNOWLEDGED_WITHIN)
        plain = [(name, f"reading/{reading}") for name in names if (state := self.state(name)).get("plain_readings") for reading in state]
        for device, leaf in [*self.found, *plain]:
            if device in names:
                self.client.publish(Topics(self.home, device).at(leaf), b"", 1, True)  # noqa: FBT003
                cleared += self.found.pop((device, leaf), None) is not None
                self._strangers.pop(device, None)
        if devices is None:
            self._forget_files()
        return cleared

    def start_afresh(self) -> None:
        """Clear what a resume would begin from; names and entities stay."""
        for device, leaf in list(self.found):
            if leaf in KEPT or leaf.startswith(LEDGER):
                self.client.publish(Topics(self.home, device).at(leaf), b"", 1, True)  # noqa: FBT003
                del self.found[device, leaf]
        self._forget_files()

    def settle_down(self) -> None:
        """Wait until the broker has everything that was published here."""
        self.client.flush(5.0)

    def leave(self) -> None:
        """Hear and claim no more."""
        if self._claim is not None:
            self._claim.release()
        self.client.disconnect()

    def close(self) -> None:
        """Leave and save."""
        self.leave()
        self._keep()
        self.save()
        if self._again is not None:
            self._again.cancel()
        if self._trouble.reason is None:  # else the second file may have what the first lacks
            with contextlib.suppress(OSError):
                self._remove_newest()

    def ask_for(self, run: str, after: int) -> None:
        """Ask for the ledger records that were missed, at most once per wall second."""
        if self.loop.time() - self._asked_at >= SYNC_EVERY:
            self._asked_at = self.loop.time()
            self.client.publish(Topics(self.home, HOST).missing, write(MissingMessage(run=run, after=after)))

    def ledger(self) -> list[bytes]:
        """The last ledger records that were found, oldest first."""
        found = [payload for (_, leaf), payload in self.found.items() if leaf.startswith(LEDGER)]
        return sorted(found, key=lambda payload: place(payload)[1])

    def settled(self) -> tuple[str, int] | None:
        """Run and seq of the last settlement that was found; None before the first."""
        return _moment(self.found)

    def state(self, device: str) -> dict[str, Any]:
        """A device's last state."""
        return json_object(self.found.get((device, "state"), b""))


def _moment(messages: Mapping[tuple[str, str], bytes]) -> tuple[str, int] | None:
    """Run and seq of the last settlement among them."""
    found = [place(payload) for (_, leaf), payload in messages.items() if leaf == "settlement"]
    return max(((run, seq) for run, seq in found if run is not None), key=lambda item: item[1], default=None)


def _content(path: Path) -> bytes | None:
    """What a file holds; None where there is none. Raises ConfigurationError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        remedy = "start with --fresh" if path.is_dir() else "mend its permissions, or choose another --state"
        raise ConfigurationError(f"{path} cannot be read: {why(error)}; {remedy}") from None


def _away(path: Path) -> None:
    """Remove a file; what else bears its name is set aside. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        set_aside(path)
    else:
        path.unlink(missing_ok=True)


def _place(device: Any, leaf: Any) -> tuple[str, str]:
    """Where a kept message belongs. Raises ValueError for what is no name of a topic here: nobody shall publish to it."""
    if not (isinstance(device, str) and is_name(device) and leaf in _RETAINED):
        raise ValueError(f"it holds a message of {str(device)[:40]!r} {str(leaf)[:40]!r}, which is nobody's")
    return device, leaf


def _is_older(one: bytes, other: bytes) -> bool:
    (run, seq), (other_run, other_seq) = place(one), place(other)
    return run is not None and run == other_run and seq < other_seq
