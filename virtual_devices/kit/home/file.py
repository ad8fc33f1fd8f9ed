"""Reading a home from YAML text: every problem at once, each with its line and how to mend it.

The text is handed in; files are read in ``virtual_devices.edge.files.read``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import (
    CatalogueError,
    ConfigurationError,
    HomeFileError,
    SettingError,
    shown,
    suggestion,
)
from virtual_devices.kit.forms.changes import commanded, model_of, settings_of, validate_change
from virtual_devices.kit.forms.yaml import Node, YamlError, read
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.entries import (
    SECOND_CLOCK,
    kind_problem,
    name_problem,
    read_entry,
    second_ones,
    too_many,
    without_absent,
)
from virtual_devices.kit.home.labels import FORM as LABEL_FORM
from virtual_devices.kit.home.labels import MAX_LABELS, is_label
from virtual_devices.kit.home.model import (
    SITE_SETTINGS,
    STEP,
    DeviceEntry,
    Event,
    Home,
    changed,
    circuit_problems,
    speed_of,
    split_events,
    step_of,
    wiring_problems,
)
from virtual_devices.kit.instants import TIME_FORM, instant
from virtual_devices.kit.names import CLOCK, is_name
from virtual_devices.kit.quantities import Angle, Length
from virtual_devices.kit.settings import Form
from virtual_devices.kit.site import Site

SECTIONS = ("home", "labels", "site", "clock", "seed", "device_names", "devices", "events")
DEVICE_NAMES = ("plain", "with_home")
EVENT_KEYS = ("at", "device", "set")
MAX_SEED = 2**31 - 1


class SiteForm(Form):
    """The section ``site`` of a home file."""

    latitude: Annotated[Angle, Field(ge=-90, le=90)] = Field(description="north is positive")
    longitude: Annotated[Angle, Field(ge=-180, le=180)] = Field(description="east is positive")
    altitude: Annotated[Length, Field(ge=-430, le=8850)] = Field(0.0, description="above the sea")
    time_zone: str = Field(description="an IANA name such as Africa/Johannesburg")


@dataclass(slots=True)
class _HomeReader:
    """One reading of one text. now: UTC seconds for ``start: now``, or None where there is no now."""

    source: str
    now: int | None
    problems: list[tuple[int, str]] = field(default_factory=list)

    def say(self, line: int, text: str) -> None:
        self.problems.append((line, " ".join(text.split())))

    def stop(self) -> None:
        """Raise what was found so far."""
        if self.problems:
            lines = dict.fromkeys(f"{self.source}:{line}: {text}" for line, text in sorted(self.problems))
            raise HomeFileError(list(lines))

    def home(self, text: str) -> Home:
        try:
            root = read(text)
        except YamlError as error:
            self.say(error.line, error.text)
            self.stop()
            raise
        if root.kind != "map":
            self.say(root.line, "is no home; begin with `home: my_home`, then site, clock and devices")
            self.stop()
        self.repeated(root)
        self.unknown(root, SECTIONS, "section")
        name = self.name(root)
        labels = self.labels(root)
        seed = self.seed(root)
        site = self.site(root, seed)
        clock = self.clock(root)
        devices = self.devices(root)
        if clock is not None:
            devices.insert(0, clock)
        devices = self.named(root, self.wiring(root, devices))
        start = self.start(root, site.calendar) if site else None
        left_open = self.left_open(root, clock)
        from_when = None if "start" in left_open else start
        events = self.events(root, site.calendar, from_when, devices) if site and start is not None else []
        step, speed = (step_of(clock.settings), speed_of(clock.settings)) if clock else (None, 1.0)
        self.stop()
        if site is None or start is None:  # stop() has raised: what is missing was said
            raise HomeFileError([f"{self.source}:1: is no home; begin with `home: my_home`, then site, clock and devices"])
        past, coming = split_events(events, start)
        what = (tuple(devices), coming, self.source, past, left_open, root.keys["site"], labels)
        return Home(name, site, start, step or STEP, speed, *what)

    # -- what every part needs -------------------------------------------------------------------------------------

    def repeated(self, node: Node) -> None:
        for key, line in node.repeated:
            self.say(line, f"{shown(key)} is written twice (first in line {node.keys[key]}); keep one")
        for child in [*node.items, *node.map.values()]:
            self.repeated(child)

    def unknown(self, node: Node, known: tuple[str, ...], what: str) -> None:
        for key in node.map:
            if key not in known:
                self.say(node.keys[key], f"there is no {what} {shown(key)}{suggestion(key, list(known))}")

    def mapping(self, root: Node, key: str, example: str) -> Node | None:
        """A section that is a map; None, and a problem, when it is something else or missing."""
        node = root.map.get(key)
        if node is None:
            self.say(root.line, f"section {key} is missing; add `{key}: {example}`")
            return None
        if node.empty:
            return Node("map", node.line)
        if node.kind != "map":
            self.say(node.line, f"section {key} should be a map; write `{key}: {example}`")
            return None
        return node

    # -- the sections ----------------------------------------------------------------------------------------------

    def name(self, root: Node) -> str:
        node = root.map.get("home")
        if node is None:
            self.say(root.line, "the home has no name; add `home: my_home`")
            return ""
        if not isinstance(node.value, str) or not is_name(node.value):
            self.say(node.line, f"home: {name_problem(node.plain())}")
        return str(node.value)

    def labels(self, root: Node) -> dict[str, str]:
        node = root.map.get("labels")
        if node is None or node.empty:
            return {}
        if node.kind != "map":
            self.say(node.line, "section labels should be a map of words; write `labels: {region: north}`")
            return {}
        if len(node.map) > MAX_LABELS:
            self.say(node.line, f"labels: {len(node.map)} are too many; keep to {MAX_LABELS}")
        found = {}
        for key, value in node.map.items():
            text = str(value.value) if type(value.value) is int else value.value
            if not is_label(key):
                self.say(node.keys[key], f"labels: {shown(key)} is no label; use {LABEL_FORM}")
            elif not is_label(text):
                self.say(node.keys[key], f"labels.{key}: {shown(value.plain())} is no label; use {LABEL_FORM}")
            else:
                found[key] = str(text)
        return found

    def seed(self, root: Node) -> int:
        node = root.map.get("seed")
        if node is None:
            return 0
        if type(node.value) is not int or not 0 <= node.value <= MAX_SEED:
            self.say(node.line, f"seed: {shown(node.plain())} is no seed; use a whole number from 0 to {MAX_SEED}")
            return 0
        return node.value

    def site(self, root: Node, seed: int) -> Site | None:
        node = self.mapping(root, "site", "{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}")
        if node is None:
            return None
        form, problems = model_of(SiteForm, node.plain())
        for name, text in problems:
            self.say(node.keys.get(name, node.line), f"site.{name}: {text}")
        if not isinstance(form, SiteForm):
            return None
        try:
            calendar(form.time_zone)
        except ConfigurationError as error:
            self.say(node.keys["time_zone"], f"site.time_zone: {error}")
            return None
        return Site(form.latitude, form.longitude, form.altitude, form.time_zone, seed)

    def clock(self, root: Node) -> DeviceEntry | None:
        node = root.map.get("clock") or Node("map", root.line)
        if node.empty:
            node = Node("map", node.line)
        if node.kind != "map":
            self.say(node.line, f"section clock should be a map; write `clock: {{start: {TIME_FORM}, step: 60 s, speed: 60}}`")
            return None
        rest = replace(node, map={key: value for key, value in node.map.items() if key not in SITE_SETTINGS})
        for key in node.map:
            if key in SITE_SETTINGS and key != "start":
                mend = "write it as a section of its own" if key == "seed" else "write it in the section site"
                self.say(node.keys[key], f"clock: {key} does not belong here; {mend}")
        entry = self.entry(CLOCK, CLOCK, rest, "clock")
        if entry is not None:
            try:
                step_of(entry.settings)
            except SettingError as error:
                self.say(node.keys.get("step", node.line), f"clock: {error}")
                return None
        return entry

    def start(self, root: Node, local: Calendar) -> int | None:
        clock = root.map.get("clock")
        node = clock.map.get("start") if clock else None
        if node is None:
            if self.now is None and clock is not None and clock.kind != "map" and not clock.empty:
                return None  # said already
            if self.now is None:
                line = clock.line if clock else root.line
                self.say(line, f"clock.start is missing; add `clock: {{start: {TIME_FORM}}}` (local time)")
            return self.now
        if node.value == "now":
            if self.now is None:
                self.say(node.line, f"clock.start: there is no now here; give a time such as {TIME_FORM}")
            return self.now
        return self.instant(node, local, "clock.start")

    def left_open(self, root: Node, clock: DeviceEntry | None) -> frozenset[str]:
        """What the file leaves to whoever starts the home: see ``Home``."""
        section = root.map.get("clock")
        written = section.map.get("start") if section is not None else None
        found = {"start"} if written is None or written.value == "now" else set()
        if clock is not None and step_of(clock.settings) is None:
            found.add("step")
        return frozenset(found)

    def instant(self, node: Node, local: Calendar, what: str) -> int | None:
        try:
            return instant(node.value, local)
        except SettingError as error:
            self.say(node.line, f"{what}: {error}")
            return None

    def devices(self, root: Node) -> list[DeviceEntry]:
        section = self.mapping(root, "devices", "{grid: {}, oven: {}}")
        if section is None:
            return []
        if many := too_many(len(section.map)):
            self.say(section.line, many)
            return []
        found = []
        for name, node in section.map.items():
            line = section.keys[name]
            if not is_name(name):
                self.say(line, f"device {name_problem(name)}")
            elif not node.empty and node.kind != "map":
                self.say(line, f"device {name} should be a map of settings; write `{name}: {{}}`")
            elif entry := self.device(name, node, line):
                found.append(entry)
        return found

    def device(self, name: str, node: Node, line: int) -> DeviceEntry | None:
        kind_node = node.map.get("kind")
        kind = name if kind_node is None else kind_node.value
        line_of_kind = kind_node.line if kind_node else line
        if CLOCK in (name, kind):
            self.say(line, SECOND_CLOCK)
            return None
        if not isinstance(kind, str):
            self.say(line_of_kind, f"device {name}: kind {shown(kind)} is no word; see `virtual-devices kinds`")
            return None
        if problem := kind_problem(name, kind, written=kind_node is not None):
            self.say(line_of_kind if kind not in catalogue.kinds() else line, problem)
            return None
        rest = replace(node, kind="map", line=line, map={key: value for key, value in node.map.items() if key != "kind"})
        return self.entry(name, kind, rest, f"device {name}")

    def entry(self, name: str, kind: str, node: Node, where: str) -> DeviceEntry | None:
        """A device with the settings that ``node`` holds."""
        entry, problems = read_entry(name, kind, node.plain(), node.line)
        for key, text in problems:
            self.say(node.keys.get(key, node.line), f"{where}: {text}")
        return entry

    def named(self, root: Node, devices: list[DeviceEntry]) -> list[DeviceEntry]:
        """The devices, called as the home wants it, but for those that say it themselves."""
        node = root.map.get("device_names")
        if node is None:
            return devices
        if node.value not in DEVICE_NAMES:
            self.say(node.line, f"device_names: {shown(node.plain())} is none of its choices; use {' or '.join(DEVICE_NAMES)}")
        if node.value != "with_home":
            return devices
        return [entry if "with_home" in entry.declared else changed(entry, {"with_home": True}) for entry in devices]

    def wiring(self, root: Node, devices: list[DeviceEntry]) -> list[DeviceEntry]:
        """The devices with an inverter among them and absent optional partners dropped."""
        section = root.map.get("devices")
        if section is None or (section.kind != "map" and not section.empty):
            return devices
        for entry, text in second_ones(devices):
            self.say(entry.line, text)
        written = {name: node for name, node in section.map.items() if name != CLOCK}
        complete = {entry.name for entry in devices} >= set(written)
        if not any(entry.device_class.ability == "settles" for entry in devices) and complete:
            try:
                kind, settings = catalogue.switchboard()
            except CatalogueError as error:
                self.say(section.line, str(error))
                return devices
            if kind in written:
                self.say(
                    section.keys[kind],
                    f"device {kind}: this home has no inverter, and the switchboard that it gets needs that name; "
                    "rename the device",
                )
                return devices
            added = self.entry(kind, kind, Node("map", section.line), f"device {kind}")
            if added is not None:
                devices = [*devices, changed(added, settings)]
        broken = set(written) - {entry.name for entry in devices}
        for name, setting, text in wiring_problems(devices):
            node = written.get(name) if name != CLOCK else root.map.get(CLOCK)
            partner = next((getattr(each.settings, setting, None) for each in devices if each.name == name), None)
            if setting and partner in broken:
                continue  # the partner is there, its own problem was said
            line = node.keys.get(setting, section.keys.get(name, node.line)) if node else section.line
            self.say(line, f"device {name}: {text}")
        names = {entry.name for entry in devices}
        return [without_absent(entry, names) for entry in devices]

    def events(self, root: Node, local: Calendar, start: int | None, devices: list[DeviceEntry]) -> list[Event]:
        """Every event, by time. start: before which none may be; None where the home starts now, and what is over is over."""
        section = root.map.get("events")
        if section is None or section.empty:
            return []
        example = f"- {{at: {TIME_FORM}, device: oven, set: {{mode: on}}}}"
        if section.kind != "list":
            self.say(section.line, f"section events should be a list; begin each with a dash: `{example}`")
            return []
        drafts: list[tuple[int, Node]] = []
        for item in section.items:
            if item.kind != "map":
                self.say(item.line, f"an event should be a map; write `{example}`")
                continue
            self.unknown(item, EVENT_KEYS, "key")
            missing = [key for key in EVENT_KEYS if key not in item.map]
            if missing:
                self.say(item.line, f"the event has no {' and no '.join(missing)}; write `{example}`")
            elif (at := self.instant(item.map["at"], local, "event")) is not None:
                if start is not None and at < start:
                    begin = local.local(start).strftime("%Y-%m-%d %H:%M:%S")
                    self.say(item.map["at"].line, f"the event is before the home starts ({begin}); move it, or start earlier")
                drafts.append((at, item))
        drafts.sort(key=lambda draft: draft[0])
        entries = {entry.name: entry for entry in devices}
        written = root.map["devices"].map if "devices" in root.map else {}
        return [event for at, item in drafts if (event := self.event(at, item, entries, written)) is not None]

    def event(self, at: int, item: Node, entries: dict[str, DeviceEntry], written: dict[str, Node]) -> Event | None:
        """One event, checked against the device's settings as earlier events left them."""
        device, changes = item.map["device"].value, item.map["set"]
        entry = entries.get(device) if isinstance(device, str) else None
        if entry is None:
            if device not in written:
                hint = suggestion(str(device), sorted({*entries, *written}))
                self.say(item.map["device"].line, f"event: there is no device {shown(device)} in this home{hint}")
            return None
        if changes.kind != "map" or not changes.map:
            self.say(changes.line, f"event: set should be a map of settings of {entry.name}; write `set: {{setting: value}}`")
            return None
        values = changes.plain()
        try:
            settings = validate_change(entry.device_class, entry.settings, values, live=True)
        except SettingError as error:
            self.say(changes.line, f"event for {entry.name}: {error}")
            return None
        entries[entry.name] = replace(entry, settings=settings)
        if any(each.circuit and each.name in values for each in settings_of(entry.device_class)):
            for text in (text for name, _, text in circuit_problems(entries.values()) if name == entry.name):
                self.say(changes.line, f"event for {entry.name}: {text}")
        return Event(at, entry.name, commanded(entry.device_class, settings, values), item.line)


def parse(text: str, source: str = "home.yaml", *, now: int | None = None) -> Home:
    """The home that ``text`` describes.

    source: the file's name, for messages.  now: UTC seconds for ``start: now``.  Raises HomeFileError with every problem.
    """
    return _HomeReader(source, now).home(text)
