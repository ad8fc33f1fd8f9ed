"""A backup of a Home Assistant, unpacked: a tar with ``backup.json`` and, packed again and perhaps encrypted, the folder of its configuration."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from virtual_devices.edge.files.write import why
from virtual_devices.kit.errors import ConfigurationError

LARGEST = 8 << 30
"""Bytes that a configuration may have, unpacked."""
_LONGEST_KEY = 4096
_DATA = "data"
"""The folder inside that is the configuration."""


def unpack(file: Path, folder: Path, key: str | None, leave_out: tuple[str, ...]) -> None:
    """Put the configuration of a backup into a folder that is there and empty.

    key: the encryption key, as its owner was given it.  leave_out: names of files at the top that are not wanted.
    Raises ConfigurationError where it is no backup, is damaged, needs a key, or needs another.
    """
    if not file.is_file():
        raise ConfigurationError(f"there is no backup {file}; download one from Settings, System, Backups")
    try:
        with tarfile.open(file, "r:") as outer:
            _unpack(file, outer, folder, key, leave_out)
    except tarfile.TarError as error:
        raise ConfigurationError(f"{file} is no backup of a Home Assistant ({error}); take the .tar that Settings, System, Backups gives") from error
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be unpacked: {why(error)}") from error


def key_of(file: Path | None) -> str | None:
    """The key in a file, its first line. Raises ConfigurationError."""
    if file is None:
        return None
    try:
        with file.open(encoding="utf-8") as source:
            lines = source.read(_LONGEST_KEY).split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--key-file {file} cannot be read ({error}); name a text file with the key") from None
    if not lines[0].strip():
        raise ConfigurationError(f"--key-file {file} is empty; its first line should be the key of the backup")
    return lines[0].strip()


def _unpack(file: Path, outer: tarfile.TarFile, folder: Path, key: str | None, leave_out: tuple[str, ...]) -> None:
    members = {os.path.normpath(member.name): member for member in outer.getmembers() if member.isfile()}
    facts = _facts(file, outer, members)
    packed = bool(facts.get("compressed", True))
    name = f"homeassistant.tar{'.gz' if packed else ''}"
    if name not in members:
        raise ConfigurationError(f"{file} holds no configuration ({name}); make a backup with the settings of Home Assistant in it")
    if facts.get("protected") and key is None:
        raise ConfigurationError(f"{file} is encrypted; give its key by --key-file (Settings, System, Backups shows it, and the emergency kit has it)")
    inner = outer.extractfile(members[name])
    if inner is None:
        raise ConfigurationError(f"{file}: {name} cannot be read; take another backup")
    if facts.get("protected"):
        _encrypted(file, inner, folder, key, leave_out, packed=packed)
        return
    try:
        with tarfile.open(fileobj=inner, mode="r:gz" if packed else "r:") as tar:
            _take_out(file, tar, folder, leave_out)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ConfigurationError(f"{file}: {name} is damaged ({error}); take another backup") from error


def _facts(file: Path, outer: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> dict[str, Any]:
    found = outer.extractfile(members["backup.json"]) if "backup.json" in members else None
    try:
        facts = json.loads(found.read(1 << 20)) if found is not None else None
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        raise ConfigurationError(f"{file} is no backup of a Home Assistant: no backup.json in it says what it is")
    return facts


def _encrypted(file: Path, inner: IO[bytes], folder: Path, key: str | None, leave_out: tuple[str, ...], *, packed: bool) -> None:
    if importlib.util.find_spec("securetar") is None:
        raise ConfigurationError("an encrypted backup needs securetar: pip install 'virtual-devices[home-assistant]'")
    import securetar  # noqa: PLC0415 - only encrypted backups need it

    try:
        with securetar.SecureTarFile(fileobj=inner, gzip=packed, password=key) as tar:
            _take_out(file, tar, folder, leave_out)
    except (securetar.SecureTarError, tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise ConfigurationError(f"{file} does not open with this key ({error}); is it the one that this backup was made with?") from error


def _take_out(file: Path, tar: tarfile.TarFile, folder: Path, leave_out: tuple[str, ...]) -> None:
    """All files below ``data/``, by their content alone: no link, owner or mode comes along, so nothing can lead out of the folder."""
    size = 0
    for member, place in _wanted(tar, leave_out):
        size += member.size
        if size > LARGEST:
            raise ConfigurationError(f"{file} is more than {LARGEST >> 30} GB unpacked; make a backup without media")
        target, content = folder / place, tar.extractfile(member)
        if content is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)


def _wanted(tar: tarfile.TarFile, leave_out: tuple[str, ...]) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """Files of the configuration, and where in it each of them is."""
    for member in tar:
        parts = PurePosixPath(os.path.normpath(member.name)).parts
        if len(parts) > 1 and parts[0] == _DATA and parts[1] not in leave_out and member.isfile():
            yield member, PurePosixPath(*parts[1:])
