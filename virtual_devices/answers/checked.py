"""What is wrong with a home, what is hardly meant, and what was understood of it: before it is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.answers.first_day import FirstDay, first_day
from virtual_devices.edge.files.cities import city_of
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.home.doubts import doubts
from virtual_devices.kit.home.model import Home, place
from virtual_devices.kit.members.rehearsal import Rehearsal, rehearse

_SHOWN = 6
"""Most loads that are named."""


@dataclass(frozen=True, slots=True)
class CheckedHome:
    """A home that can be started. warnings: what is allowed, but hardly meant, one line each with its place."""

    home: Home
    rehearsal: Rehearsal
    day: FirstDay
    warnings: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """In a sentence that it is fine."""
        home = self.home
        begin = home.site.calendar.local(home.start).isoformat(sep=" ")
        events = f", {len(home.events)} events" if home.events else ""
        return f"{home.source}: home {home.name} is fine: {len(home.devices)} devices{events}, starts {begin}"

    def lines(self) -> list[tuple[int, str]]:
        """What was understood, each with the line in which it stands; 0 for the home as a whole."""
        home, site, day = self.home, self.home.site, self.day
        north, east = "N" if site.latitude >= 0 else "S", "E" if site.longitude >= 0 else "W"
        lines = [(home.site_line, f"place: {abs(site.latitude):g}° {north}, {abs(site.longitude):g}° {east}, {site.altitude:g} m, {site.zone}; steps of {home.step} s")]
        for entry in home.devices:
            said = [note.removeprefix(f"{entry.name}: ") for note in self.rehearsal.notes if note.startswith(f"{entry.name}: ")]
            lines += [(entry.line, f"{entry.name}: {text}") for text in said]
        lines += [(0, text) for text in circuits(home)]
        for what, energies in (("panels", day.made), ("household", day.drawn)):
            if energies:
                lines.append((0, f"{what}: about {sum(energies.values()):.1f} kWh on the first day{_named(energies)}"))
        return lines


def checked(home: Home, documents: Mapping[str, str]) -> CheckedHome:
    """Try it out for a step, and roughly for a day. documents: text of the files that it names, by name. Raises HomeFileError with every problem."""
    rehearsal = rehearse(home, documents)
    day = first_day(home, documents)
    warnings = (*doubts(home, city_of(home.site.zone)), *(f"{place(home, 0)}: {text}" for text in day.doubts), *rehearsal.warnings())
    return CheckedHome(home, rehearsal, day, warnings)


def circuits(home: Home) -> list[str]:
    """What hangs on each circuit."""
    found: dict[str, list[str]] = {}
    for entry in home.devices:
        for item in settings_of(entry.device_class):
            if item.circuit:
                found.setdefault(str(getattr(entry.settings, item.name)), []).append(entry.name)
    return [f"on {circuit}: {', '.join(names)}" for circuit, names in sorted(found.items())]


def _named(energies: Mapping[str, float]) -> str:
    """The largest of several, by name."""
    items = sorted(energies.items(), key=lambda item: -item[1])
    if len(items) < 2:  # noqa: PLR2004 - one needs no name
        return ""
    more = ", …" if len(items) > _SHOWN else ""
    return f" ({', '.join(f'{name} {energy:.1f}' for name, energy in items[:_SHOWN])}{more})"
