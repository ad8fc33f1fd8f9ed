"""Two homes made comparable: the second one in the first one's place, weather and time, with its batteries as full.

What was taken over is told in words; what would compare what nobody can compare is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from virtual_devices.answers.comparing.before import before
from virtual_devices.answers.simulate import Changes, with_changes
from virtual_devices.kit.errors import ConfigurationError, SettingError
from virtual_devices.kit.forms.changes import SettingField, settings_of
from virtual_devices.kit.home.model import DeviceEntry, Home, changed, documents_needed, starting_at, wiring_problems
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.site import Site

NEAR = 0.5
"""Degrees of latitude or longitude by which two descriptions of one place may differ."""
START = "start_soc"
"""Setting of a store that says how full it is at the start."""
BEFORE, CHANGED = "before", "changed"
"""Titles of a home beside itself."""
_OUTSIDE = ("connects", "carries", "consumes")
"""Abilities of what is not meant to make the difference."""
_CURRENCY = "currency"
"""Setting of a grid."""


@dataclass(frozen=True, slots=True)
class Side:
    """A home of a comparison. title: for people, a word or two.  documents: text of the files that it names, by name."""

    title: str
    home: Home
    documents: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two homes in the same weather, b held against a.

    subject: what makes the difference, at the beginning of a sentence.  several: whether that is a plural.  notes: what of b was made alike, a line each.
    """

    a: Side
    b: Side
    subject: str
    several: bool = False
    notes: tuple[str, ...] = ()

    @property
    def currency(self) -> str | None:
        """Of both; None where neither has a grid that names one."""
        return _currency(self.a.home) or _currency(self.b.home)


def of_two(a: Side, b: Side) -> Pair:
    """The second home where, when and in what weather the first one is.

    Raises ConfigurationError where they stand in other places or zones, pay in other currencies, or their weather goes by other names.
    """
    _refuse(a.home, b.home)
    home, mine, other = b.home, b.title, a.title
    notes = []
    if replace(home.site, seed=0) != replace(a.home.site, seed=0):
        notes.append(f"{mine} stands at {_place(a.home.site)}, as {other} does, not at {_place(home.site)}")
    if home.site.seed != a.home.site.seed:
        notes.append(f"{mine} has seed {a.home.site.seed}, as {other} has, not {home.site.seed}")
    home = replace(home, site=a.home.site)
    if home.start != a.home.start:
        notes.append(f"{mine} starts at {_time(a.home)}, as {other} does, not at {_time(home)}")
        home = starting_at(home, a.home.start)
    if home.step != a.home.step:
        notes.append(f"{mine} has steps of {a.home.step} s, as {other} has, not of {home.step} s")
        home = replace(home, step=a.home.step)
    home, taken = in_weather_of(home, a.home)
    documents, files = _documents(home, b, a)
    if alike := sorted({*taken, *files}):
        notes.append(f"{mine} has {' and '.join(alike)} as {other} has it")
    home, filled = _as_full(home, a.home)
    notes += [f"{mine}: {name} starts at {level:g} %, as in {other}" for name, level in filled]
    notes += _unlike(a, Side(mine, home, documents))
    return Pair(a, Side(mine, home, documents), f"{mine} instead of {other}", notes=tuple(notes))


def of_changes(a: Side, changes: Changes) -> Pair:
    """A home beside itself with other settings. Raises SettingError, and ConfigurationError for one that both have alike."""
    refuse_common(a.home, changes)
    home, documents = with_changes(a.home, a.documents, changes)
    pays, other = _currency(home), _currency(a.home)
    if pays != other:
        raise ConfigurationError(f"--set: {CHANGED} pays in {pays}, home {a.home.name} in {other}; change the currency in the home file")
    said = [f"{device}.{name} {value}" for device, values in changes.items() for name, value in values.items()]
    return Pair(a, Side(CHANGED, home, documents), " and ".join(said), several=len(said) > 1)


def of_before(b: Side) -> Pair:
    """A home beside itself before it had sun and battery, which comes first."""
    abilities = {"produces": "sun", "stores": "battery"}
    there = [word for ability, word in abilities.items() if b.home.of(ability)] or ["inverter"]
    return Pair(Side(BEFORE, before(b.home), b.documents), b, " and ".join(there), several=len(there) > 1)


def refuse_common(home: Home, changes: Changes) -> None:
    """Raise ConfigurationError where somebody changes in one home what both have alike; SettingError for a device that is not there."""
    for device, values in changes.items():
        ability = home.entry(device).device_class.ability
        if ability in ("conditions", "ticks"):
            raise ConfigurationError(f"--set {device}.{next(iter(values))}: both homes have the same {device}; change it in the home file")
        if ability == "stores" and START in values:
            raise ConfigurationError(f"--set {device}.{START}: batteries of both homes start equally full; change it in the home file")


def in_weather_of(home: Home, model: Home) -> tuple[Home, list[str]]:
    """The home with the seed, sun and weather of another, as far as both have them; and which devices that changed."""
    taken = [name for name in _shared(home, model) if _story(home, name) != _story(model, name)]
    found = replace(home, site=replace(home.site, seed=model.site.seed))
    if not taken:
        return found, []
    devices = tuple(model.entry(entry.name) if entry.name in taken else entry for entry in home.devices)
    if problems := wiring_problems(devices):
        said = "; ".join(f"device {name}: {text}" for name, _, text in problems)
        raise ConfigurationError(f"{home.source}: home {home.name} in the weather of {model.source}: {said}; call and wire it alike in both")
    events = [*(event for event in home.events if event.device not in taken), *(event for event in model.events if event.device in taken)]
    return replace(found, devices=devices, events=tuple(sorted(events, key=lambda event: event.at))), taken


def _shared(home: Home, model: Home) -> list[str]:
    """What gives conditions in both, by name."""
    names = {entry.name for entry in model.of("conditions")}
    return [entry.name for entry in home.of("conditions") if entry.name in names]


def _story(home: Home, name: str) -> tuple[Any, ...]:
    """What a device is, and what happens to it."""
    entry = home.entry(name)
    return entry.kind, entry.settings, [(event.at, event.changes) for event in home.events if event.device == name]


def _refuse(a: Home, b: Home) -> None:
    mine, theirs = f"{b.source}: home {b.name}", f"home {a.name} ({a.source})"
    if a.site.zone != b.site.zone:
        raise ConfigurationError(f"{mine} is in {b.site.zone}, {theirs} in {a.site.zone}; compare homes that stand in one place")
    if _far(a.site, b.site):
        raise ConfigurationError(f"{mine} stands at {_place(b.site)}, {theirs} at {_place(a.site)}; compare homes that stand in one place")
    pays, other = _currency(b), _currency(a)
    if pays and other and pays != other:
        raise ConfigurationError(f"{mine} pays in {pays}, {theirs} in {other}; give both one currency")
    called = {entry.kind: entry.name for entry in a.of("conditions")}
    for entry in b.of("conditions"):
        name = called.get(entry.kind, entry.name)
        if entry.name not in called.values() and name != entry.name:
            raise ConfigurationError(f"{b.source}: device {entry.name} is called {name} in {a.source}; call it alike in both, so that it is the same")


def _unlike(a: Side, b: Side) -> list[str]:
    """What is not alike in both, besides what makes and stores electricity: a difference that it makes is in the result too."""
    mine, theirs = ({entry.name: entry for ability in _OUTSIDE for entry in side.home.of(ability)} for side in (a, b))
    found = [f"only {a.title} has {', '.join(only)}" for only in [[name for name in mine if name not in theirs]] if only]
    found += [f"only {b.title} has {', '.join(only)}" for only in [[name for name in theirs if name not in mine]] if only]
    differing: dict[str, list[str]] = {}
    for name in (name for name in mine if name in theirs):
        one, other = mine[name], theirs[name]
        if one.kind != other.kind:
            found.append(f"{name} is a {one.kind} in {a.title} and a {other.kind} in {b.title}")
        elif unlike := [each.name for each in settings_of(one.device_class) if _told(one, each) != _told(other, each)]:
            differing.setdefault(", ".join(unlike), []).append(name)
    found += [f"{', '.join(names)} in {settings}" for settings, names in differing.items()]
    return [f"not alike: {text}" for text in found]


def _told(entry: DeviceEntry, item: SettingField) -> Any:
    return None if item.appearance else getattr(entry.settings, item.name)


def _far(a: Site, b: Site) -> bool:
    around = abs(a.longitude - b.longitude) % 360
    return abs(a.latitude - b.latitude) > NEAR or min(around, 360 - around) > NEAR


def _place(site: Site) -> str:
    return f"{site.latitude:g}°, {site.longitude:g}°, {site.altitude:g} m"


def _time(home: Home) -> str:
    return write_instant(home.start, home.site.zone)[:16].replace("T", " ")


def _currency(home: Home) -> str | None:
    return next((str(getattr(entry.settings, _CURRENCY, "")) or None for entry in home.of("connects")), None)


def _documents(home: Home, b: Side, a: Side) -> tuple[dict[str, str], list[str]]:
    """The files that the home names, those of sun and weather as the first one has them; and the devices for which that is another one."""
    found, shared, changed_for = dict(b.documents), set(_shared(home, a.home)), []
    for name, devices in documents_needed(home).items():
        if not (theirs := shared & set(devices)):
            continue
        if name in found and found[name] != a.documents[name]:
            if set(devices) - shared:
                raise ConfigurationError(f"{b.title} names a file {name!r} that is another one in {a.title}; give one of them another name")
            changed_for += sorted(theirs)
        found[name] = a.documents[name]
    return found, changed_for


def _as_full(home: Home, model: Home) -> tuple[Home, list[tuple[str, float]]]:
    """The home whose batteries begin as full as those of another; and which of them were changed, with their state of charge in %."""
    levels = {entry.name: float(getattr(entry.settings, START)) for entry in model.of("stores") if hasattr(entry.settings, START)}
    filled = []
    devices: list[DeviceEntry] = []
    for entry in home.devices:
        level = levels.get(entry.name, next(iter(levels.values()), None))
        devices.append(entry)
        if entry.device_class.ability == "stores" and level is not None and getattr(entry.settings, START, level) != level:
            try:
                devices[-1] = changed(entry, {START: level})
            except SettingError as error:
                raise ConfigurationError(f"{home.source}: device {entry.name}: {error}") from None
            filled.append((entry.name, level))
    return replace(home, devices=tuple(devices)), filled
