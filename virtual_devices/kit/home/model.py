"""A home as data: where it stands, when it starts, which devices it has, and what will happen in it.

``virtual_devices.kit.home.file`` reads one from text; everything here is already validated.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from virtual_devices.kit.accounts import GRID, RESERVED
from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.circuits import circle
from virtual_devices.kit.device import Carries, Conditions, Connects, Produces, Settles
from virtual_devices.kit.errors import SettingError, shown, suggestion
from virtual_devices.kit.forms.changes import orders_in, settings_json, settings_of, validate_change
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.names import CLOCK, KINDS_BY_NAME
from virtual_devices.kit.settings import Partner, Settings
from virtual_devices.kit.site import Site
from virtual_devices.kit.steps import times_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from virtual_devices.kit.device import AnyDevice

MAX_DEVICES = 200
MIN_STEP, MAX_STEP = 1, 3600
STEP, LIVELY_STEP = 60, 5
"""Seconds of a step that a home file leaves open: where nobody waits for a step, and where somebody lives with it."""
FAST = 60
"""Simulated seconds per wall second from which on a step of ``STEP`` is short: a wall second at most."""
SITE_SETTINGS = ("latitude", "longitude", "altitude", "time_zone", "seed", "start")
"""Settings by which a lone clock knows its home; the home file writes them elsewhere."""


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """One device of a home.

    settings: complete and valid.  declared: JSON form of only what the home file (or an option) says.  line: in the file.  written: the same
    as it stands there, with or without units.
    """

    name: str
    kind: str
    settings: Settings
    declared: dict[str, Any]
    line: int
    written: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def device_class(self) -> type[AnyDevice]:
        """The class of its kind."""
        return catalogue.load(self.kind)

    @property
    def switchboard(self) -> bool:
        """Whether it is an inverter that only passes the grid through, as one that stands in does."""
        settings = self.device_class.switchboard if issubclass(self.device_class, Settles) else {}
        return bool(settings) and all(getattr(self.settings, name) == value for name, value in settings.items())


@dataclass(frozen=True, slots=True)
class Event:
    """Settings of a device that change at a simulated time. at: UTC seconds.  changes: JSON form."""

    at: int
    device: str
    changes: dict[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Home:
    """A home. start: UTC seconds.  step: s.  speed: simulated seconds per wall second, None as fast as possible.

    devices: the clock first, the rest as written.  events: by time.  past: events before the start, which never happen.
    left_open: which of ``start`` and ``step`` nobody has chosen: a run that goes on keeps its own, a clock that begins one chooses
    the step by its speed.  site_line: of its section ``site`` in the file.  labels: words to choose it by among others.
    """

    name: str
    site: Site
    start: int
    step: int
    speed: float | None
    devices: tuple[DeviceEntry, ...]
    events: tuple[Event, ...] = ()
    source: str = "home.yaml"
    past: tuple[Event, ...] = ()
    left_open: frozenset[str] = frozenset()
    site_line: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def real_time(self) -> bool:
        """Whether its file wants it to live at the time of day."""
        return any(getattr(entry.settings, "real_time", False) for entry in self.of("ticks"))

    def entry(self, name: str) -> DeviceEntry:
        """The device of a name. Raises SettingError with a suggestion for one that is not there."""
        for entry in self.devices:
            if entry.name == name:
                return entry
        known = [entry.name for entry in self.devices]
        raise SettingError(f"there is no device {shown(name)} in home {self.name}{suggestion(name, known)}")

    def of(self, ability: str) -> list[DeviceEntry]:
        """The devices of an ability, as written."""
        return [entry for entry in self.devices if entry.device_class.ability == ability]


def starting_at(home: Home, start: int) -> Home:
    """The home with another start (UTC seconds); events before it never happen."""
    past, events = split_events(sorted([*home.past, *home.events], key=lambda event: event.at), start)
    return replace(home, start=start, events=events, past=past, left_open=home.left_open - {"start"})


def starting_now(home: Home, now: int) -> Home:
    """The home with the time of day as its start (UTC seconds), which a run that goes on does not have to share."""
    home = starting_at(home, now)
    return replace(home, left_open=home.left_open | {"start"})


def split_events(events: Iterable[Event], start: int) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """Those before ``start``, and the others."""
    found = tuple(events)
    return tuple(event for event in found if event.at < start), tuple(event for event in found if event.at >= start)


def step_at(speed: float | None) -> int:
    """The step, in s, of a run that begins at a speed (see ``Home``) and whose home file leaves it open.

    A command comes into force with the next step: whoever lives with a home sees it within seconds, and whoever lets a year pass
    gets it in minutes.
    """
    return LIVELY_STEP if speed and speed < FAST else STEP


def partners_of(entry: DeviceEntry, names: Iterable[str]) -> dict[str, str]:
    """The partners that a device really has: setting → device, without those absent from ``names``."""
    present = set(names)
    found = {}
    for item in settings_of(entry.device_class):
        if item.partner is not None and (partner := getattr(entry.settings, item.name)) in present:
            found[item.name] = str(partner)
    return found


def order(home: Home) -> tuple[str, ...]:
    """Every device's name, partners before those that depend on them, else by name. The file's order does not matter."""
    return _sort(home.devices)[0]


def documents_needed(home: Home) -> dict[str, list[str]]:
    """The files that settings name, each with the devices that need it."""
    needed: dict[str, list[str]] = {}
    for entry in home.devices:
        for item in settings_of(entry.device_class):
            name = getattr(entry.settings, item.name)
            if item.document and name and entry.name not in needed.setdefault(str(name), []):
                needed[str(name)].append(entry.name)
    return needed


def override(home: Home, changes: Mapping[str, Mapping[str, Any]]) -> Home:
    """The home with other settings: device → setting → value. Raises SettingError, and nothing has changed then."""
    entries = {entry.name: entry for entry in home.devices}
    for name, values in changes.items():
        entry = home.entry(name)
        try:
            entries[name] = changed(entry, values)
        except SettingError as error:
            raise SettingError(f"device {name}: {error}") from None
    devices = tuple(entries.values())
    if problems := wiring_problems(devices):
        raise SettingError("; ".join(f"device {name}: {text}" for name, _, text in problems))
    clock = entries.get(CLOCK)
    if clock is None or CLOCK not in changes:
        return replace(home, devices=devices)
    step = step_of(clock.settings)
    left_open = home.left_open if step is None else home.left_open - {"step"}
    return replace(home, devices=devices, step=step or home.step, speed=speed_of(clock.settings), left_open=left_open)


def changed(entry: DeviceEntry, values: Mapping[str, Any]) -> DeviceEntry:
    """The entry with other settings, as if the home file said so. Raises SettingError."""
    if entry.device_class.ability == "ticks":
        values = clock_values(values)
        for name in SITE_SETTINGS:
            if name in values:
                raise SettingError(f"setting {name} belongs to the whole home; change it in the home file")
    for name in orders_in(entry.device_class, values):
        raise SettingError(f"{name} is an order, not a setting; send it as a command, or write an event")
    settings = validate_change(entry.device_class, entry.settings, values, live=False)
    plain = settings_json(settings)
    declared, written = entry.declared | {name: plain[name] for name in values}, {**entry.written, **values}
    return replace(entry, settings=settings, declared=declared, written=written)


def clock_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the clock as people write them: ``speed: max`` is the clock's 0."""
    return {name: 0 if name == "speed" and value == "max" else value for name, value in values.items()}


def step_of(clock: Settings) -> int | None:
    """The step that a clock's settings ask for, in s; None where they leave it open. Raises SettingError for a part of a second."""
    step = getattr(clock, "step", None)
    if step is None:
        return None
    if step != int(step) or not MIN_STEP <= step <= MAX_STEP:
        raise SettingError(f"setting step: {step} is out of range; use whole seconds, {MIN_STEP} to {MAX_STEP}")
    return int(step)


def speed_of(clock: Settings) -> float | None:
    """The speed that a clock's settings ask for; None, for the clock's 0, as fast as possible."""
    speed = float(getattr(clock, "speed", 1.0))
    return speed or None


def wiring_problems(entries: Iterable[DeviceEntry]) -> list[tuple[str, str, str]]:
    """What is wrong with how devices depend on each other: (device, setting or "", what is wrong; how to mend it)."""
    devices = {entry.name: entry for entry in entries}
    problems = []
    for entry in devices.values():
        for item in settings_of(entry.device_class):
            name = getattr(entry.settings, item.name)
            if item.partner is None or name is None:
                continue
            text = _partner_problem(entry, item.partner, str(name), devices, asked=item.name in entry.declared)
            if text:
                problems.append((entry.name, item.name, f"{item.name}: {text}"))
    problems += circuit_problems(devices.values()) + _former_name_problems(devices)
    sources = {entry.device_class.source for entry in devices.values() if issubclass(entry.device_class, Produces)}
    for entry in devices.values():
        outside = entry.name in sources and not issubclass(entry.device_class, Conditions)
        outside = outside or (entry.name == GRID and not issubclass(entry.device_class, Connects))
        if outside or entry.name in RESERVED:
            problems.append((entry.name, "", f"the ledger has an account {entry.name!r} of its own; rename the device"))
    loop = _sort(devices.values())[1]
    if loop:
        path = " → ".join([*loop, loop[0]])
        problems.append((loop[0], "", f"the wiring runs in a circle: {path}; let one of them depend on another device"))
    return problems


def _former_name_problems(devices: Mapping[str, DeviceEntry]) -> list[tuple[str, str, str]]:
    """Devices that cannot be known by the former name that they give: (device, setting, what is wrong; how to mend it)."""
    found, known = [], dict[str, str]()
    for name, entry in devices.items():
        former = entry.settings.former_name
        if not former:
            continue
        if former == name:
            text = f"{former} is what it is called now; name what it was called before, or leave it out"
        elif former in devices:
            text = f"there is a device {former!r} in this home, and its history is its own; leave it out"
        elif former in KINDS_BY_NAME and former != entry.kind:
            text = f"no device but a {former} was ever called so; name what it was called before"
        elif former in known:
            text = f"{known[former]} was called {former} too; only one of them can keep its history, leave it out of the other"
        else:
            text = ""
        known.setdefault(former, name)
        found += [(name, "former_name", f"former_name: {text}")] if text else []
    return found


def circuits_of(entries: Iterable[DeviceEntry]) -> dict[str, str]:
    """What each circuit hangs on, a port or another circuit."""
    carriers = (entry for entry in entries if issubclass(entry.device_class, Carries))
    return {entry.name: str(getattr(entry.settings, name)) for entry in carriers for name in _circuit_settings(entry)}


def circuit_problems(entries: Iterable[DeviceEntry]) -> list[tuple[str, str, str]]:
    """Devices that hang on nothing, or in a circle: (device, setting, what is wrong; how to mend it)."""
    devices = tuple(entries)
    settlers = [entry.device_class for entry in devices if issubclass(entry.device_class, Settles)]
    ports = [port for settler in settlers if issubclass(settler, Settles) for port in settler.ports]
    above, problems = circuits_of(devices), []
    for entry in devices if ports else ():
        for setting in _circuit_settings(entry):
            on = str(getattr(entry.settings, setting))
            if on not in ports and on not in above:
                known = [*ports, *(name for name in sorted(above) if name != entry.name)]
                kind = next((each.kind for each in devices if each.name == on), None)
                what = f"there is no circuit {on!r} in this home" if kind is None else f"device {on!r} is a {kind}, on which nothing can hang"
                problems.append((entry.name, setting, f"{setting}: {what}; use one of: {', '.join(known)}"))
            elif entry.name in (found := circle(entry.name, above)) and entry.name == min(found):
                text = " → ".join([*found, found[0]])
                problems.append((entry.name, setting, f"{setting}: {text} is a circle; hang one of them on {ports[0]}"))
    return problems


def _circuit_settings(entry: DeviceEntry) -> list[str]:
    return [item.name for item in settings_of(entry.device_class) if item.circuit]


def _partner_problem(
    entry: DeviceEntry, partner: Partner, name: str, devices: Mapping[str, DeviceEntry], *, asked: bool
) -> str:
    other = devices.get(name)
    fit = [
        each.name
        for each in devices.values()
        if each.name != entry.name and each.device_class.ability == partner.ability and not _lacking(each, partner)
    ]
    instead = f" or name one of: {', '.join(fit)}" if fit else ""
    if other is None:
        if not (asked or partner.required):
            return ""
        kind = "{}" if name in catalogue.kinds() else "{kind: …}"
        return f"there is no device {name!r} in this home; add `{name}: {kind}` under devices{instead}"
    if other.device_class.ability != partner.ability:
        lacks = "is no record" if partner.ability == "keeps" else f"does not give {partner.ability}"
        return f"device {name!r} is a {other.kind}, which {lacks}; name another{instead}"
    if lacking := _lacking(other, partner):
        return f"device {name!r} is a {other.kind}, which does not give {', '.join(lacking)}; name another{instead}"
    return ""


def _lacking(entry: DeviceEntry, partner: Partner) -> list[str]:
    given = entry.device_class.fields if issubclass(entry.device_class, Conditions) else {}
    return [name for name in partner.fields if name not in given]


def _sort(entries: Iterable[DeviceEntry]) -> tuple[tuple[str, ...], list[str]]:
    """Names with partners first, and the first circle found (then it is cut there)."""
    devices = {entry.name: entry for entry in entries}
    needs = {name: sorted(set(partners_of(entry, devices).values())) for name, entry in devices.items()}
    done: dict[str, None] = {}
    circle: list[str] = []

    def visit(name: str, path: list[str]) -> None:
        if name in done:
            return
        if name in path:
            circle.extend(path[path.index(name) :] if not circle else [])
            return
        for partner in needs[name]:
            visit(partner, [*path, name])
        done[name] = None

    for name in sorted(devices):
        visit(name, [])
    return tuple(done), circle


def place(home: Home, line: int) -> str:
    """Where something stands in a home's file; a home that a broker describes has no lines."""
    return f"{home.source}:{line}" if line else home.source


def between_steps(home: Home) -> list[str]:
    """Times of a home that fall between two steps: they count from the next. One line each."""
    found = []
    for event in home.events:
        late = -(event.at - home.start) % home.step
        if late:
            found.append(
                f"{place(home, event.line)}: the event at {home.site.calendar.local(event.at):%Y-%m-%d %H:%M:%S} falls "
                f"between two steps of {home.step} s and counts from the next, {late} s later; move it, or change step"
            )
    for entry in home.devices:
        for item in settings_of(entry.device_class):
            times = getattr(entry.settings, item.name)
            if not isinstance(times, DailyTimes):
                continue
            if clock := times_between(times.seconds, home.start, home.step, home.site.calendar):
                found.append(
                    f"{place(home, entry.line)}: {entry.name}.{item.name}: {clock} falls between two steps of "
                    f"{home.step} s and counts from the next; move it, or change step or start"
                )
    return found
