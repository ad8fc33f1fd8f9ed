"""The files of a central broker and of the shards whose homes' summaries it hears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.edge.broker.bridge import Centre, bridge_text, centre_text
from virtual_devices.edge.files.write import why
from virtual_devices.edge.messages.topics import ROOT, summary_topic
from virtual_devices.fleet.credentials.access_list import lines_of_list
from virtual_devices.fleet.credentials.identities import OWNER
from virtual_devices.fleet.credentials.make import SUFFIX
from virtual_devices.fleet.credentials.passwords import hashed, kept_password, write_private
from virtual_devices.fleet.credentials.rights import Granted
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.names import MAX_NAME, is_name

CENTRE = "centre"
"""The folder of the central broker's files; no shard is called so."""
BRIDGE = "bridge.conf"


@dataclass(frozen=True, slots=True)
class ShardFiles:
    """What ``make_shards`` wrote. bridges: by shard.  new: identities whose password is new."""

    centre: Path
    bridges: dict[str, Path]
    new: tuple[str, ...]


def shard_identity(shard: str) -> str:
    """The user that a shard is at the central broker; no name of a home holds a hyphen."""
    return f"shard-{shard}"


def centre_rights(shards: Iterable[str]) -> tuple[Granted, ...]:
    """Who may do what at the central broker: shards write summaries and hear nothing, people hear them and write nothing but what their verbs mark."""
    summaries, own = summary_topic("+"), f"{ROOT}/_cli/#"
    return (*(Granted(shard_identity(shard), (), (summaries,)) for shard in shards), Granted(OWNER, (summaries, own), (own,)))


def centre_list(shards: Iterable[str]) -> str:
    """The same as mosquitto's access list."""
    return lines_of_list("who may write what at the central broker of many homes; made by: virtual-devices shards", centre_rights(shards))


def make_shards(shards: Iterable[str], centre: Centre, folder: Path) -> ShardFiles:
    """Write the central broker's ``mosquitto.conf``, ``passwords`` and ``acl``, and a bridge for each shard; passwords that are there are kept.

    Raises ConfigurationError for a shard's name that is none, or is given twice, and where the folder cannot be written.
    """
    names = tuple(shards)
    for name in names:
        if not is_name(name) or name == CENTRE or names.count(name) > 1:
            raise ConfigurationError(
                f"{shown(name)} is no name of a shard here: write small letters, digits and _, a letter first, {MAX_NAME} characters at most, "
                f"each once, and none {CENTRE}"
            )
    new, passwords, bridges = [], {}, {}
    place = folder / CENTRE
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        for identity in (*map(shard_identity, names), OWNER):
            path = place / f"{identity}{SUFFIX}"
            if not path.exists():
                new.append(identity)
            passwords[identity] = kept_password(path)
        write_private(place / "passwords", "".join(f"{each}:{hashed(password)}\n" for each, password in passwords.items()))
        write_private(place / "acl", centre_list(names))
        write_private(place / "mosquitto.conf", centre_text())
        for name in names:
            (folder / name).mkdir(exist_ok=True, mode=0o700)
            bridges[name] = folder / name / BRIDGE
            write_private(bridges[name], bridge_text(name, shard_identity(name), passwords[shard_identity(name)], centre))
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used: {why(error)}; choose another --out") from None
    return ShardFiles(place, bridges, tuple(new))
