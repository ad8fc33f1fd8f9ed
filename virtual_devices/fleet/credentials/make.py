"""The files of a home's broker and of everybody on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.edge.broker.container import container_text, dynamic_text
from virtual_devices.edge.broker.settings import Version
from virtual_devices.edge.files.write import why
from virtual_devices.fleet.credentials.access_list import acl
from virtual_devices.fleet.credentials.identities import identities
from virtual_devices.fleet.credentials.passwords import hashed, kept_password, write_private
from virtual_devices.fleet.credentials.rights import granted
from virtual_devices.fleet.credentials.roles import security_text
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home

SUFFIX = ".password"
SECURITY_FILE = "dynamic-security.json"


@dataclass(frozen=True, slots=True)
class NewCredentials:
    """What ``make`` wrote. new: identities whose password is new."""

    folder: Path
    identities: tuple[str, ...]
    new: tuple[str, ...]


def make(home: Home, folder: Path, broker: Version | None = None, *, also: Iterable[str] = (), dynamic: bool = False) -> NewCredentials:
    """Write what a broker needs, and one file with the plain password of each identity; what is there is kept.

    broker: also a container's ``mosquitto.conf``, for this version of mosquitto.  also: names of devices that may join later.
    dynamic: ``dynamic-security.json`` in place of ``passwords`` and ``acl``.  Raises ConfigurationError when the folder cannot be
    written, or one of ``also`` is no name.
    """
    also = tuple(also)
    everybody = identities(home, also)
    new = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        passwords = {}
        for each in everybody:
            path = folder / f"{each}{SUFFIX}"
            if not path.exists():
                new.append(each)
            passwords[each] = kept_password(path)
        if dynamic:
            write_private(folder / SECURITY_FILE, security_text(home.name, granted(home, also), passwords))
        else:
            write_private(folder / "passwords", "".join(f"{each}:{hashed(password)}\n" for each, password in passwords.items()))
            write_private(folder / "acl", acl(home, also))
        if broker is not None:
            write_private(folder / "mosquitto.conf", dynamic_text(broker) if dynamic else container_text(broker))
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used: {why(error)}; choose another --out") from None
    return NewCredentials(folder, everybody, tuple(new))


def listed_in(folder: Path, home: str) -> dict[str, str]:
    """Passwords of a home's devices by name, from the files that ``make`` wrote. Raises ConfigurationError when they cannot be read."""
    begin = f"{home}."
    try:
        paths = sorted(folder.glob(f"{begin}*{SUFFIX}"))
        return {path.name.removeprefix(begin).removesuffix(SUFFIX): kept_password(path) for path in paths}
    except OSError as error:
        raise ConfigurationError(f"the passwords in {folder} cannot be read: {why(error)}; see to it that their owner runs this") from None
