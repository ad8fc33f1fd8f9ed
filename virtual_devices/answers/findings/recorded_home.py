"""The home of a record as it was wanted to be last: for what only its devices know, such as how large an array is."""

from __future__ import annotations

from pathlib import Path

from virtual_devices.edge.files.read import read_document
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.home.changing import home_of
from virtual_devices.kit.home.model import Home, documents_needed
from virtual_devices.kit.members.house import House
from virtual_devices.record.reading.readers import Reader

_STEP = 60


def recorded_home(reader: Reader, start: int) -> Home | None:
    """The home, with the devices and settings of its last revision. start: UTC seconds.

    None where the record does not say where it stands or what it was, as one of an older version; without timed events, which no record has.
    """
    facts, revisions = reader.facts, reader.revisions
    if facts.site is None or not revisions:
        return None
    try:
        return home_of(Home(facts.home, facts.site, start, facts.step or _STEP, None, (), source=facts.home_file or facts.home), revisions[-1].wanted)
    except VirtualDevicesError:  # of another version, whose kinds or settings this one has not
        return None


def recorded_house(home: Home) -> House | None:
    """Its devices, not run. None where a file that they name is gone, or says something else by now."""
    folder = Path(home.source).parent
    try:
        return House(home, {name: read_document(name, folder) for name in documents_needed(home)})
    except VirtualDevicesError:
        return None
