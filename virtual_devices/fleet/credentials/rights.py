"""Which rights each identity has, as plain data: the one table that the access list and the broker's roles are made of.

A device may write below its own name only; the record that the clock's ``books`` names also puts back what a broker forgets of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtual_devices.edge.faces import discovery
from virtual_devices.edge.messages.topics import HA_STATUS, LEDGER, ROOT, Topics, summary_topic
from virtual_devices.fleet.credentials.identities import ASSISTANT, FLEET, OWNER, devices_of, identity
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.store.kept import LEAVES

_ANNOUNCED = f"{discovery.PREFIX}/device/+/config"
_LEFT = (*LEAVES, "face", "ahead", "keeps", "reading/+", f"{LEDGER}+", "flow")
"""Leaves that a broker retains of a device: what is to be cleared of one that is removed."""
_ANYWHERE = Topics("+", "+")
_COMMANDS = (_ANYWHERE.command, f"{_ANYWHERE.command}/+", _ANYWHERE.at("get"))
"""What every device answers to."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What an identity may read and write: topic filters."""

    identity: str
    read: tuple[str, ...]
    write: tuple[str, ...]


def granted(home: Home, also: Iterable[str] = ()) -> tuple[Granted, ...]:
    """The table of a home; ``also`` as in ``devices_of``."""
    devices, books = devices_of(home, also), books_of(home)
    known = {entry.name: entry.settings.former_name for entry in home.devices}
    return (
        of_host(home.name, (*devices, *filter(None, known.values()), FLEET)),
        *(of_device(home.name, name, puts_back=name == books, former=known.get(name, "")) for name in devices),
        of_fleet(home.name),
        of_assistant(),
        of_owner(),
    )


def books_of(home: Home) -> str | None:
    """The record that the clock waits for; None where it waits for none."""
    books = getattr(home.entry(CLOCK).settings, "books", None)
    return str(books) if books else None


def of_host(home: str, devices: Sequence[str]) -> Granted:
    """Who hosts a home speaks for all of it. devices: their former names too, by which Home Assistant knows some."""
    everything = _everything(home)
    return Granted(home, (everything, _ANNOUNCED, HA_STATUS), (everything, *(discovery.topic(home, name) for name in devices)))


def of_device(home: str, name: str, *, puts_back: bool = False, former: str = "") -> Granted:
    """A device writes below its own name. puts_back: also what is retained of the others.  former: the name by which Home Assistant knows it."""
    every = Topics(home, "+")
    others = tuple(every.at(leaf) for leaf in LEAVES) if puts_back else ()
    announces = tuple(discovery.topic(home, known) for known in dict.fromkeys([name, former or name]))
    return Granted(identity(home, name), (_everything(home), HA_STATUS), (Topics(home, name).at("#"), *announces, *others))


def of_fleet(home: str) -> Granted:
    """The fleet speaks below its own name and tells what its home comes to, stops devices, answers who has a name wrong, and clears what those that are removed have left.

    No broker tells clearing from writing, and none knows a filter for a part of a level: ``virtual-<home>-+`` is not to be had, so it
    may write every device's discovery. Who that device will be is not known ahead.
    """
    every = Topics(home, "+")
    write = (Topics(home, FLEET).at("#"), summary_topic(home), every.at("stop"), every.error, *(every.at(leaf) for leaf in _LEFT), _ANNOUNCED)
    return Granted(identity(home, FLEET), (_everything(home), _ANNOUNCED, HA_STATUS), write)


def of_assistant() -> Granted:
    """Home Assistant commands devices and asks the fleet."""
    return _person(ASSISTANT, HA_STATUS)


def of_owner() -> Granted:
    """People do, too; their verbs mark what they ask for."""
    return _person(OWNER, f"{ROOT}/_cli/#")


def _person(name: str, own: str) -> Granted:
    # a right of its own: who may merely switch (`set`) does not ask the fleet for other devices
    asks = Topics("+", FLEET).at("request")
    return Granted(name, (f"{ROOT}/#", f"{discovery.PREFIX}/#"), (*_COMMANDS, asks, own))


def _everything(home: str) -> str:
    return f"{ROOT}/{home}/#"
