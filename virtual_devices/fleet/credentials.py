"""Who may do what at a broker that others reach: identities, passwords and mosquitto's files.

Every device is a user of its own, ``<home>.<device>`` (no name holds a dot), and may write below its own name only; the record that the
clock's ``books`` names also puts back what a broker forgets of the others. The home's host is ``<home>``, Home Assistant ``homeassistant``, people ``owner``.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.edge.broker.settings import Version, container_text
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.files.write import why, write_whole
from virtual_devices.edge.messages.topics import HA_STATUS, ROOT, Topics
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.store.kept import LEAVES

ASSISTANT, OWNER = "homeassistant", "owner"
_ANYBODY = """
# who has no name, where such a listener is open: a health probe may ask whether the broker lives
topic readwrite probe"""
_ITERATIONS = 10_000
_SALT_BYTES = 12
_PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True)
class NewCredentials:
    """What ``make`` wrote. new: identities whose password is new."""

    folder: Path
    identities: tuple[str, ...]
    new: tuple[str, ...]


def identities(home: Home) -> tuple[str, ...]:
    """Everybody who may connect to a home's broker."""
    return (home.name, *(f"{home.name}.{entry.name}" for entry in home.devices), ASSISTANT, OWNER)


def acl(home: Home) -> str:
    """mosquitto's access list: each device writes below its own name and announces itself, and nobody else."""
    everything = f"{ROOT}/{home.name}/#"
    every = Topics(home.name, "+")
    books = getattr(home.entry(CLOCK).settings, "books", None)
    put_back = {books: [every.at(leaf) for leaf in LEAVES]}
    sections = [
        f"# who may write what in home {home.name}; made by: virtual-devices credentials",
        _ANYBODY,
        _section(
            home.name,
            readwrite=[everything],
            write=[discovery.topic(home.name, entry.name) for entry in home.devices],
            read=["homeassistant/device/+/config", HA_STATUS],
        ),
    ]
    sections += [
        _section(
            f"{home.name}.{entry.name}",
            read=[everything, HA_STATUS],
            write=[f"{ROOT}/{home.name}/{entry.name}/#", discovery.topic(home.name, entry.name), *put_back.get(entry.name, [])],
        )
        for entry in home.devices
    ]
    commands = Topics("+", "+").command
    for person in (ASSISTANT, OWNER):
        status = [HA_STATUS] if person == ASSISTANT else [f"{ROOT}/_cli/#"]
        sections.append(_section(person, read=[f"{ROOT}/#", "homeassistant/#"], write=[commands, f"{commands}/+", *status]))
    return "\n".join(sections)


def make(home: Home, folder: Path, broker: Version | None = None) -> NewCredentials:
    """Write ``passwords``, ``acl`` and one file with the plain password of each identity; what is there is kept.

    broker: also a container's ``mosquitto.conf``, for this version of mosquitto.  Raises ConfigurationError when the folder cannot be written.
    """
    new = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = []
        for identity in identities(home):
            path = folder / f"{identity}.password"
            if not path.exists():
                new.append(identity)
            lines.append(f"{identity}:{hashed(_kept_password(path))}\n")
        _write(folder / "passwords", "".join(lines))
        _write(folder / "acl", acl(home))
        if broker is not None:
            _write(folder / "mosquitto.conf", container_text(broker))
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used: {why(error)}; choose another --out") from None
    return NewCredentials(folder, identities(home), tuple(new))


def password_path(folder: Path) -> Path:
    """Where the password of a home's own broker is."""
    return folder / "password"


def hashed_path(folder: Path) -> Path:
    """The same, as mosquitto takes it."""
    return folder / "passwords"


def of_home(folder: Path, home: str) -> str:
    """The password of a home's own broker, made once. Raises ConfigurationError when it cannot be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        password = _kept_password(password_path(folder))
        _write(hashed_path(folder), f"{home}:{hashed(password)}\n")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used: {why(error)}; choose another --state") from None
    return password


def hashed(password: str) -> str:
    """A password as mosquitto's password file has it: PBKDF2 with HMAC-SHA512 (its type 7)."""
    salt = secrets.token_bytes(_SALT_BYTES)
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"


def _kept_password(path: Path) -> str:
    """The password in a file; one that is empty, as a full disk may have left it, is made anew."""
    if not path.exists() or not path.read_bytes().strip():
        _write(path, secrets.token_urlsafe(_PASSWORD_BYTES) + "\n")
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text; remove it to get a new password, or put the password there") from None


def _write(path: Path, text: str) -> None:
    """Whole, and for its owner only from the first moment."""
    write_whole(path, text.encode(), private=True)


def _section(user: str, **rights: list[str]) -> str:
    lines = [f"\nuser {user}"]
    for right, topics in rights.items():
        lines += [f"topic {right} {topic}" for topic in topics]
    return "\n".join(lines)
