"""Trying a home out before it is started: every device is made, and all of them take one step together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from virtual_devices.kit.errors import HomeFileError, VirtualDevicesError
from virtual_devices.kit.home.model import DeviceEntry, Home, between_steps, documents_needed, place
from virtual_devices.kit.members.house import House, member_of
from virtual_devices.kit.steps import full_hour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.kit.members.member import Member


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A home that can start. members: as they were made.  notes: what its devices say is worth knowing, one line each.

    past: what it is too late for, as it starts now; one line each.  unfit: what does not fit the start that it declares, one line each with its
    place: it matters only where the home begins there, and does not go on with an earlier run.
    """

    home: Home
    members: Mapping[str, Member]
    notes: list[str]
    past: list[str]
    unfit: list[str] = field(default_factory=list)

    def past_at(self, time: int) -> list[str]:
        """What it is too late for, as it goes on at ``time`` (UTC seconds); one line each."""
        return [f"{entry.name}: {text}" for entry in self.home.devices for text in self.members[entry.name].device.past(entry.settings, time)]

    def warnings(self) -> list[str]:
        """What is allowed, but hardly meant; one line each. It may take a second: calendars are looked through for a year."""
        return warnings(self.home, self.members)


def warnings(home: Home, members: Mapping[str, Member], start: int | None = None) -> list[str]:
    """What is allowed in a home, but hardly meant; one line each. It may take a second: calendars are looked through for a year.

    members: of its devices.  start: UTC seconds from which its steps are counted, None: the home's own; where nobody chose one, a full hour.
    """
    if start is None and "start" in home.left_open:
        start = full_hour(home.start, home.site.calendar)
    home = home if start is None else replace(home, start=start)
    return between_steps(home) + [
        f"{place(home, entry.line)}: device {entry.name}: {text}"
        for entry in home.devices
        for text in members[entry.name].device.warnings(entry.settings, home.start, home.step)
    ]


def rehearse(home: Home, documents: Mapping[str, str], *, now: bool = False, resumable: bool = False) -> Rehearsal:
    """Find what only shows when devices are at work, such as a file of the wrong form.

    now: it starts at the time of day, so that what does not cover its start is told in ``past``, not refused.
    resumable: it may go on with an earlier run; what only does not fit its start is then in ``unfit``.  Raises HomeFileError with file and
    line of every device that cannot start.
    """
    members: dict[str, Member] = {}
    problems, unfit, notes, past = [], [], [], _past_events(home)
    for entry in home.devices:
        try:
            member = members[entry.name] = member_of(home, entry, documents)
            if now:
                past += [f"{entry.name}: {text}" for text in member.device.past(entry.settings, home.start)]
                continue
        except VirtualDevicesError as error:
            problems.append(_told(home, entry, error))
            continue
        try:
            notes += [f"{entry.name}: {note}" for note in member.device.notes(entry.settings, home.start)]
        except VirtualDevicesError as error:
            unfit.append(_told(home, entry, error))
    problems += [] if resumable else unfit
    if problems:
        raise HomeFileError(problems)
    try:
        House(home, made=members).step(1)
    except VirtualDevicesError as error:
        raise HomeFileError([f"{_where(home, str(error))}: {_line(error)}"]) from error
    return Rehearsal(home, members, notes, past, unfit)


def _past_events(home: Home) -> list[str]:
    if not home.past:
        return []
    last, local = home.past[-1], home.site.calendar
    many = "1 event lies" if len(home.past) == 1 else f"{len(home.past)} events lie"
    many = f"{many} before the start ({local.local(home.start):%Y-%m-%d %H:%M}) and will not happen"
    return [f"{many}; the last was for {last.device}, {local.local(last.at):%Y-%m-%d %H:%M}"]


def _where(home: Home, text: str) -> str:
    """File and line of the device whose file an error speaks of, else of the file as a whole."""
    for name, devices in documents_needed(home).items():
        if name in text:
            return f"{home.source}:{home.entry(devices[0]).line}: device {devices[0]}"
    return f"{home.source}:1"


def _told(home: Home, entry: DeviceEntry, error: Exception) -> str:
    return f"{home.source}:{entry.line}: device {entry.name}: {_line(error)}"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
