"""What the broker has of announcements to Home Assistant: by which names it knows the home's devices, and what homes beside it announce."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from virtual_devices.edge.faces import discovery, fleet_discovery
from virtual_devices.edge.faces.announced import Announcement, announcement
from virtual_devices.edge.messages.topics import FLEET

MOST = 2000
"""Announcements that are kept; a home has 200 devices at most."""


class Announcements:
    """identities: by which name Home Assistant is to know each device that the home has now.

    found: what somebody else hears and keeps for many homes, see ``AnnouncementBoard``; None where each message comes here.
    """

    def __init__(self, home: str, found: dict[str, Announcement] | None = None) -> None:
        self._home, self._own = home, found is None
        self._found: dict[str, Announcement] = {} if found is None else found
        self.identities: Mapping[str, str] = {}

    def hear(self, topic: str, payload: bytes) -> None:
        """A message of somebody who announces, or takes it back."""
        found = announcement(topic, payload)
        if found is None:
            self._found.pop(topic, None)
        elif topic in self._found or len(self._found) < MOST:
            self._found[topic] = found

    def clear(self) -> None:
        """A broker is about to tell what it has."""
        if self._own:
            self._found.clear()

    @property
    def beside(self) -> list[Announcement]:
        """What devices of other homes announce, but for their fleets, which are all called alike."""
        return [each for each in self._found.values() if each.home != self._home and each.device != FLEET]

    def of_no_use(self, leaving: Collection[str]) -> list[str]:
        """Topics of announcements that are nobody's once some devices have left: theirs, and those of names that devices no longer go by."""
        there = {name: known for name, known in self.identities.items() if name not in leaving}
        former = {(each.device, each.known) for each in self._found.values() if each.home == self._home}
        nobodys = {*leaving, *(known for device, known in former if device in leaving or there.get(device, known) != known)} - set(there.values())
        return [of(self._home, known) for known in sorted(nobodys) for of in (discovery.topic, fleet_discovery.topic)]

    @property
    def are_otherwise(self) -> bool:
        """Whether a device that the home has is announced under a name that it no longer goes by."""
        own = (each for each in self._found.values() if each.home == self._home)
        return any(self.identities.get(each.device, each.known) != each.known for each in own)

    def awaited(self, leaving: Iterable[str]) -> set[str]:
        """Who of those that leave still stands for a device that takes its place: that has not been heard yet."""
        takes = {known: name for name, known in self.identities.items() if name != known}
        return {name for name in leaving if name in takes and not self._has_come(name, takes[name])}

    def _has_come(self, known: str, name: str) -> bool:
        found = self._found.get(discovery.topic(self._home, known))
        return found is not None and found.device == name
