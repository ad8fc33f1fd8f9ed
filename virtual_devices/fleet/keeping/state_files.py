"""A home's state folder: the set of messages that it goes on from, whole in one file, and newer ones in a second.

Once per wall second and at the end the first is replaced whole (write, wait for the disk, rename): that survives a power cut. The
windows between go into the second, overwritten in place, so that a killed host loses none and no window waits for the disk, as it
would at every rename. A second file that was cut short is known by its checksum and does not count.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import orjson

from virtual_devices import __version__
from virtual_devices.edge.files.write import set_aside, why, write_whole
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.topics import LEDGER, PLACES
from virtual_devices.fleet.keeping.moments import KEPT, Messages
from virtual_devices.fleet.keeping.run_files import FILE, RunFiles, run_of
from virtual_devices.kit.errors import ConfigurationError, ProtocolError
from virtual_devices.kit.members.upgrades import UpgradeStep, forward
from virtual_devices.kit.names import is_name

LEAVES = ("about", "availability", "state", *KEPT)
"""Leaves that are retained."""
RETAINED = frozenset((*LEAVES, *(f"{LEDGER}{place}" for place in range(PLACES))))
NEWEST = "home.newest"
_VERSION = 1
_HEAD = b"%08x %d\n"
"""Before what is overwritten in place: its checksum and length; what an earlier, longer one left may follow."""
_STEPS: Mapping[int, UpgradeStep] = {}
"""From each older version of the file to the next."""
_LONGEST_LENGTH = 12


class StateFiles:
    """The files of a home in a folder.

    broker, home_file: what a set is kept with, see ``RunFiles``.
    """

    def __init__(self, folder: Path, home: str, broker: str, home_file: str | None) -> None:
        self.folder, self.home = folder, home
        self.runs = RunFiles(folder, broker, home_file, self._read)
        self._newest: FileIO | None = None

    def write(self, messages: Messages, *, sync: bool) -> bool:
        """Keep a set. sync: wait until it is on the disk. Whether it was waited for. Raises OSError."""
        content = self._written(messages, self.runs.facts())
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        another = self.runs.begin(run_of(messages), self.load, self._written)
        if not sync and not another:
            self.overwrite(content)
            return False
        write_whole(self.folder / FILE, content, sync=True)
        if another:
            self.runs.prune()
        return True

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

    def overwrite(self, content: bytes) -> None:
        """Without a buffer: what could not be written must not follow later, at another place."""
        if self._newest is None:
            self._newest = (self.folder / NEWEST).open("wb", buffering=0)
        self._newest.seek(0)
        rest = memoryview(_HEAD % (zlib.crc32(content), len(content)) + content)
        while rest:
            rest = rest[self._newest.write(rest) :]

    def forget(self) -> None:
        """What a start on this broker would resume from, and what cannot be read. Raises ConfigurationError where the folder does not let go."""
        try:
            mine = self.runs.is_mine(self.load())
        except ConfigurationError:
            mine = True
        try:
            if mine:
                self.remove_newest()
                _away(self.folder / FILE)
            self.runs.forget()
        except OSError as error:
            raise ConfigurationError(f"{error.filename}: an earlier state cannot be removed: {why(error)}; choose another --state") from None

    def remove_newest(self) -> None:
        """Let the second file go: the first has all that it has. Raises OSError."""
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
        kept, newest = self._read(path, content), self.read_newest(beside or b"")
        (run, seq), (newest_run, newest_seq) = (moment(found) or ("", -1) for found in (kept, newest))
        return newest if newest_run == run and newest_seq > seq else kept

    def read_newest(self, content: bytes) -> dict[tuple[str, str], bytes]:
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


def moment(messages: Mapping[tuple[str, str], bytes]) -> tuple[str, int] | None:
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
    if not (isinstance(device, str) and is_name(device) and leaf in RETAINED):
        raise ValueError(f"it holds a message of {str(device)[:40]!r} {str(leaf)[:40]!r}, which is nobody's")
    return device, leaf
