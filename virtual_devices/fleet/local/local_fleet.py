"""The fleet of a home on this machine: what is wanted, which its record keeps, and a place where that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from virtual_devices.edge.runtime.make import Description
from virtual_devices.fleet.fleet import Outcome, Revision, Running
from virtual_devices.fleet.local.possible import possible
from virtual_devices.fleet.places.place import DevicePlace, There
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.home.changing import as_declared, asked_for
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import (
    Declaration,
    Wanted,
    WantedDevice,
    counted,
    differences,
    free_name,
    scaled,
    with_device,
    without_device,
)
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.keeping.wishes import Wishes

Describe = Callable[[Home, Mapping[str, str], Collection[str]], dict[str, Description]]
"""From a home, its files and who is to run to everybody's description."""
_GONE = There(alive=False)


class Surroundings(Protocol):
    """Whoever hosts the home, and has to know which devices it has."""

    def follow(self, home: Home, documents: Mapping[str, str]) -> None:
        """These are its devices from now on. Called before any of them is started."""

    async def clear(self, names: Collection[str]) -> None:
        """These are gone, and what they left on the broker with them."""

    def permit(self, home: Home) -> None:
        """Raises SettingError for a home that would have what another on this broker has."""

    def is_guest(self, name: str) -> bool:
        """Whether a device that is not the home's is there under that name."""

    def has_left(self, name: str) -> bool:
        """Whether a device that is not there has left something on the broker."""

    def end(self) -> None:
        """End the home, once those who wait for an answer have it."""

    def said(self, name: str | None, lines: int) -> list[str]:
        """The last lines that a device has said, or the home as a whole."""


class LocalFleet:
    """See ``fleet.Fleet``. base: the home as its file says.  home: as it is now.  folder: where the names of files begin."""

    place = "local"

    def __init__(self, base: Home, home: Home, folder: Path, wishes: Wishes, there: DevicePlace, describe: Describe, around: Surroundings) -> None:
        self._base, self.home, self._folder = base, home, folder
        self._wishes, self._there, self._describe, self._around = wishes, there, describe, around
        self._described: dict[str, Description] = {}
        """Those that run, as they were started."""
        self._turn = asyncio.Lock()
        self._watchers: list[Callable[[], None]] = []

    @property
    def wanted(self) -> Wanted:
        """What is wanted."""
        return self._wishes.revisions[-1].wanted

    @property
    def revision(self) -> int:
        """Its number."""
        return self._wishes.revisions[-1].number

    def start(self, documents: Mapping[str, str]) -> None:
        """Start everybody who is to run. Whoever stands in the home's file has to: without him the home ends."""
        wanted = self.wanted
        self._described = self._to_run(self.home, documents, wanted)
        for name, description in self._described.items():
            self._there.start(description, vital=not wanted.came_live(name))

    def _to_run(self, home: Home, documents: Mapping[str, str], wanted: Wanted) -> dict[str, Description]:
        found = self._describe(home, documents, wanted.running)
        return {name: description for name, description in found.items() if name in wanted.running}

    # -- looking ------------------------------------------------------------------------------------------------------

    async def list(self) -> Sequence[Running]:
        """See ``Fleet``."""
        there = self._there.devices()
        found = []
        for name, device in sorted(self.wanted.devices.items()):
            seen = there.get(name, _GONE)
            found.append(
                Running(name, device.declaration.kind, device.replicas, seen.alive, seen.restarts, seen.since, seen.memory, seen.error)
            )
        return found

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """See ``Fleet``."""
        self._watchers.append(changed)

        def end() -> None:
            with suppress(ValueError):
                self._watchers.remove(changed)

        return end

    def tell(self) -> None:
        """Something has changed: tell those who watch."""
        for watcher in list(self._watchers):
            watcher()

    async def revisions(self) -> Sequence[Revision]:
        """See ``Fleet``."""
        return self._wishes.revisions

    async def logs(self, name: str | None, lines: int) -> Sequence[str]:
        """See ``Fleet``."""
        return self._around.said(name, lines)

    # -- wishes -------------------------------------------------------------------------------------------------------

    async def spawn(self, kind: str, name: str | None, settings: Mapping[str, Any], by: str) -> Outcome:
        """See ``Fleet``."""
        async with self._turn:
            chosen = name if name is not None else free_name(kind, lambda name: name in self.wanted.devices or self._around.is_guest(name))
            if chosen in self.wanted.devices:
                state = "is there already; remove it" if self.wanted.devices[chosen].replicas else "is switched off; switch it on"
                raise SettingError(f"device {chosen} {state}, or choose another name")
            after = with_device(self.wanted, chosen, as_declared(chosen, Declaration(kind, dict(settings))))
            return await self._become(after, by, f"{chosen} ({kind}) is started", chosen)

    async def remove(self, name: str, by: str) -> Outcome:
        """See ``Fleet``."""
        async with self._turn:
            if name not in self.wanted.devices and not self._around.is_guest(name) and self._around.has_left(name):
                await self._around.clear({name})
                return Outcome(f"what {name} had left is cleared", self.revision, name)
            self._entry(name)
            return await self._become(without_device(self.wanted, name), by, f"{name} is removed", name)

    async def scale(self, name: str, replicas: int, by: str) -> Outcome:
        """See ``Fleet``."""
        async with self._turn:
            self._entry(name)
            if replicas not in (0, 1):
                raise SettingError(f"{name}: {replicas} of a device cannot run; use 1, or 0 to switch it off")
            word = "on" if replicas else "off"
            if self.wanted.devices[name].replicas == replicas:
                return Outcome(f"{name} is switched {word} already", self.revision, name)
            return await self._become(scaled(self.wanted, name, replicas), by, f"{name} is switched {word}", name)

    async def restart(self, name: str, by: str) -> Outcome:
        """See ``Fleet``. Nothing else is wanted than before, so it is no revision."""
        async with self._turn:
            self._entry(name)
            if not self.wanted.devices[name].replicas:
                raise SettingError(f"{name} is switched off; switch it on instead")
            await self._there.end({name})
            self._there.start(self._described[name])
            self.tell()
            return Outcome(f"{name} is started again", self.revision, name)

    async def apply(self, file: Mapping[str, Declaration], by: str, *, prune: bool = True, dry_run: bool = False, live: bool = False) -> Outcome:
        """See ``Fleet``."""
        async with self._turn:
            after = asked_for(self.wanted, file, prune=prune, live=live)
            return self._would_become(after) if dry_run else await self._become(after, by)

    async def rollback(self, number: int, by: str, *, dry_run: bool = False) -> Outcome:
        """See ``Fleet``."""
        async with self._turn:
            then = next((each for each in self._wishes.revisions if each.number == number), None)
            if then is None:
                first, last = self._wishes.revisions[0].number, self.revision
                raise SettingError(f"there is no revision {number} any more, or not yet; choose {first} to {last}")
            after = replace(self.wanted, devices=then.wanted.devices)
            if dry_run:
                return self._would_become(after)
            return await self._become(after, by, f"the home is again as it was wanted in revision {number}")

    async def down(self, by: str) -> Outcome:
        """See ``Fleet``."""
        async with self._turn:
            self._around.end()
            return Outcome(f"home {self.home.name} ends; `up` goes on from there", self.revision)

    def _entry(self, name: str) -> None:
        """Raises SettingError, with a suggestion, for a device that is not wanted."""
        if name not in self.wanted.devices:
            self.home.entry(name)
            raise SettingError(f"there is no device {name!r} in home {self.home.name}")

    # -- making it so -------------------------------------------------------------------------------------------------

    def _would_become(self, after: Wanted) -> Outcome:
        """What would change. Raises VirtualDevicesError where it cannot be."""
        home, _ = possible(self._base, self.home, after, self._folder)
        self._around.permit(home)
        changes = tuple(differences(self.wanted, after))
        return Outcome(counted(changes, dry_run=True), self.revision, changes=changes)

    async def _become(self, after: Wanted, by: str, said: str | None = None, name: str | None = None) -> Outcome:
        """Be what is wished: checked, written, done, in this order. Raises VirtualDevicesError, and nothing has changed then."""
        before = self.wanted
        for new in sorted(after.devices.keys() - before.devices.keys()):
            if self._around.is_guest(new):
                raise SettingError(f"device {new} is there already, and hosted elsewhere; choose another name")
        home, documents = possible(self._base, self.home, after, self._folder)
        self._around.permit(home)
        changes = tuple(differences(before, after))
        if before == after:
            return Outcome(said or counted(changes), self.revision, name)
        described = self._to_run(home, documents, after)
        self._wishes.want(after, by)
        await self._make_so(before, home, documents, described)
        return Outcome(said or counted(changes), self.revision, name, changes)

    async def _make_so(self, before: Wanted, home: Home, documents: Mapping[str, str], described: dict[str, Description]) -> None:
        after, self.home = self.wanted, home
        other = {name for name, device in before.devices.items() if _kind(after, name) != device.declaration.kind}
        ending = {
            name for name, description in self._described.items() if name not in described or _declares(description) != _declares(described[name])
        }
        leading = {entry.name for ability in ("ticks", "settles") for entry in home.of(ability)}
        for names in (ending & leading, ending - leading):  # else the window that is open would be settled without those who left before
            await self._there.end(names)
        self._around.follow(home, documents)
        left = {name for name in after.devices if name not in before.devices and self._around.has_left(name)}
        renamed = {name for name, device in before.devices.items() if _known(device) != _known(after.devices.get(name, device))}
        if other | left | renamed:
            await self._around.clear(other | left)
        starting = [name for name in described if name not in self._described or name in ending]
        self._described = described
        for name in starting:
            self._there.start(described[name])
        self.tell()


def _kind(wanted: Wanted, name: str) -> str | None:
    return wanted.devices[name].declaration.kind if name in wanted.devices else None


def _known(device: WantedDevice) -> Any:
    """The former name by which Home Assistant knows it, if any."""
    return device.declaration.settings.get("former_name") or None


def _declares(description: Description) -> tuple[Any, ...]:
    """What a device is started anew for; whom a clock waits for is none of it."""
    declared = {name: value for name, value in description.declared.items() if description.name != CLOCK or name != "wait_for"}
    return description.kind, declared, description.compiled
