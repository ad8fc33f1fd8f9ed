"""What versions before records kept of a home: taken over once, and left beside under another name.

They kept the set of the last run in ``home.json``, its newest windows in ``home.newest`` (with checksum and length before it, since it was
overwritten in place), and of other runs in ``runs/<run>.json``.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path

from virtual_devices.edge.files.write import set_aside, why
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.kit.errors import ConfigurationError, ProtocolError
from virtual_devices.kit.members.upgrades import UpgradeStep, forward
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.kept import Messages, moment, place_of, run_of
from virtual_devices.record.runs import OWN, Runs
from virtual_devices.record.writer import REMEDY

FILE = "home.json"
NEWEST = "home.newest"
ASIDE = "runs"
TAKEN_OVER = ".imported"
"""Ends the names that the files have then."""
_VERSION = 1
_STEPS: Mapping[int, UpgradeStep] = {}
_HEAD = b"%08x %d\n"
_LONGEST_LENGTH = 12


def take_over(runs: Runs) -> None:
    """Make records of what an earlier version kept. Interrupted anywhere, the next start does the rest.

    Raises ConfigurationError for a present run that cannot be resumed; of others the files are left where they are.
    """
    folder = runs.folder
    if not any((folder / name).exists() for name in (FILE, NEWEST, ASIDE)):
        return
    for path in _aside(folder):
        with contextlib.suppress(ConfigurationError, OSError):
            of_another = path.read_bytes()
            _record(runs, _read(runs.home, path, of_another), of_another)
    present = folder / FILE
    content = _content(present)
    beside = _content(folder / NEWEST)
    if content is not None:
        kept, newest = _read(runs.home, present, content), _newest(runs.home, folder / NEWEST, beside or b"")
        (run, seq), (newest_run, newest_seq) = (moment(found) or ("", -1) for found in (kept, newest))
        _record(runs, newest if newest_run == run and newest_seq > seq else kept, content)
    for name in (ASIDE, FILE, NEWEST):
        if (folder / name).exists():
            _rename(folder / name)


def give_up(runs: Runs) -> None:
    """Leave nothing to take over: what a start would resume from, or could not read, is set aside. Raises OSError."""
    with contextlib.suppress(ConfigurationError):
        take_over(runs)
    for name in (FILE, NEWEST):
        if (runs.folder / name).exists():
            set_aside(runs.folder / name)


def _aside(folder: Path) -> list[Path]:
    """The sets of other runs, the one that was kept last at the end."""
    paths = [path for path in sorted((folder / ASIDE).glob("*.json")) if path.is_file()] if (folder / ASIDE).is_dir() else []
    return sorted(paths, key=lambda path: _number(json_object(path.read_bytes()).get("at")))


def _record(runs: Runs, messages: Messages, content: bytes) -> None:
    """Make a record of a set, unless the record of its run has one. Raises OSError."""
    run = run_of(messages)
    if run is None:
        return
    facts = json_object(content)
    broker, home_file = facts.get("broker"), facts.get("home_file")
    theirs = Runs(
        runs.folder, runs.home, broker if isinstance(broker, str) else _shown_by(messages, runs.broker), home_file if isinstance(home_file, str) else None
    )
    writer = theirs.writer(run, messages)
    try:
        if not writer.kept and writer.last is None:
            writer.write(messages, sync=True)
    finally:
        writer.close()


def _shown_by(messages: Messages, broker: str) -> str:
    """On which broker a set was kept that does not say it: only on one that is not its own a home followed the time of day."""
    checkpoint = json_object(messages.get((CLOCK, "window"), b"")).get("checkpoint")
    settings = checkpoint.get("settings") if isinstance(checkpoint, dict) else None
    real = isinstance(settings, dict) and settings.get("real_time") is True
    return (broker if broker != OWN else "another") if real else OWN


def _newest(home: str, path: Path, content: bytes) -> Messages:
    """The set that was overwritten in place; empty when there is none, or not a whole one."""
    head, _, rest = content.partition(b"\n")
    _, _, length = head.partition(b" ")
    content = rest[: int(length)] if length.isdigit() and len(length) < _LONGEST_LENGTH else b""
    return _read(home, path, content) if content and head + b"\n" == _HEAD % (zlib.crc32(content), len(content)) else {}


def _read(home: str, path: Path, content: bytes) -> Messages:
    try:
        found = forward(json.loads(content), _VERSION, _STEPS)
        if found["home"] != home:
            raise ConfigurationError(f"{path} is of home {found['home']}, this is {home}; choose another --state")
        return {place_of(device, leaf): b64decode(value, validate=True) for device, leaf, value in found["messages"]}
    except ProtocolError as error:
        raise ConfigurationError(f"{path} cannot be resumed: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); {REMEDY}") from None


def _content(path: Path) -> bytes | None:
    """What a file holds; None where there is none. Raises ConfigurationError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        remedy = REMEDY if path.is_dir() else "mend its permissions, or choose another --state"
        raise ConfigurationError(f"{path} cannot be read: {why(error)}; {remedy}") from None


def _rename(path: Path) -> None:
    """Say by its name that it was taken over; of an earlier taking over nothing is left. Raises OSError."""
    target = path.with_name(path.name + TAKEN_OVER)
    if target.exists():
        set_aside(target)
    path.rename(target)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
