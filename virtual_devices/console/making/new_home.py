"""A home that is being made: a draft of what somebody fills in, and the home file that comes of it. No page, and no bus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.edge.faces.kinds import every_kind
from virtual_devices.edge.files import examples
from virtual_devices.edge.files.cities import city_of, zones
from virtual_devices.edge.files.read import SHIPPED
from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.forms.yaml import resolve
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home, documents_needed
from virtual_devices.kit.home.wanted import free_name
from virtual_devices.kit.home.written import text_of_sections
from virtual_devices.kit.names import CLOCK

ASKED_FIRST = frozenset((
    "capacity", "surface_tilt", "surface_azimuth", "charge_limit", "discharge_limit", "start_soc", "rated_power", "outages", "price", "feed_in_price",
    "currency", "export_limit", "circuit", "priority", "mode", "schedule", "setpoint", "volume", "persons", "profile", "scale", "solar_export",
    "battery_low_capacity", "mean_cloud_cover", "mean_temp_air", "rated_current",
))  # fmt: skip
"""Settings, of whichever kind, that somebody knows of a house; all others are there too."""
_SUMMARY = 80
"""Letters of a device's settings in a line."""
_PLACES = 2
"""Digits of a city's latitude and longitude: a kilometre."""


@dataclass(slots=True)
class DraftDevice:
    """settings: as people write them, only those that somebody sets."""

    name: str
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)

    def put(self, setting: str, value: Any) -> None:
        """Set it; text as people write it, empty or None for its default."""
        if value is None or value == "":
            self.settings.pop(setting, None)
        else:
            self.settings[setting] = resolve(value.strip()) if isinstance(value, str) else value

    def summary(self, titles: Mapping[str, str]) -> str:
        """The first of its settings, in a line. titles: of settings."""
        text = ", ".join(f"{titles.get(name, name).lower()} {_written(value)}" for name, value in self.settings.items())
        return text if len(text) <= _SUMMARY else text[: _SUMMARY - 1].rstrip(", ") + "…"


@dataclass(slots=True)
class HomeDraft:
    """A home before it is one; nothing of it is checked. site, clock: sections of the file, as people write them."""

    name: str = "my_home"
    site: dict[str, Any] = field(default_factory=dict)
    clock: dict[str, Any] = field(default_factory=lambda: {"start": "now"})
    seed: int = 0
    devices: list[DraftDevice] = field(default_factory=list)

    def text(self) -> str:
        """The home file."""
        devices = {each.name: ({} if each.kind == each.name else {"kind": each.kind}) | each.settings for each in self.devices}
        return text_of_sections({"home": self.name, "site": self.site, "clock": self.clock, "seed": self.seed, "devices": devices})

    def names(self) -> set[str]:
        """Of its devices."""
        return {each.name for each in self.devices}

    def add(self, kind: str) -> DraftDevice:
        """One device more, called after its kind."""
        made = DraftDevice(free_name(kind, self.names().__contains__), kind)
        self.devices.append(made)
        return made

    def put(self, section: dict[str, Any], key: str, value: Any) -> None:
        """Set something of the site or the clock, as ``DraftDevice.put`` does."""
        text = value.strip() if isinstance(value, str) else value
        if text is None or text == "":
            section.pop(key, None)
        else:
            section[key] = resolve(text) if isinstance(text, str) else text

    def _mirror(self) -> None:
        for each in self.devices:
            facing = each.settings.get("surface_azimuth")
            if isinstance(facing, (int, float)):
                each.settings["surface_azimuth"] = (180 - facing) % 360

    def stand_in(self, zone: str) -> None:
        """Stand in the city of a time zone. Across the equator, what faced the sun of noon does so again."""
        self.site["time_zone"] = zone
        if (city := city_of(zone)) is not None:
            before = self.site.get("latitude")
            if isinstance(before, (int, float)) and before * city[0] < 0:
                self._mirror()
            self.site.update(latitude=round(city[0], _PLACES), longitude=round(city[1], _PLACES))
            self.site.pop("altitude", None)


@dataclass(frozen=True, slots=True)
class Beginning:
    """An example that a new home may begin from. title: what it shows."""

    name: str
    title: str
    draft: HomeDraft


@dataclass(frozen=True, slots=True)
class Beginnings:
    """All that a form for a new home needs. zones: names of time zones."""

    kinds: Mapping[str, KindForm]
    examples: tuple[Beginning, ...]
    zones: tuple[str, ...]


def beginnings(now: int) -> Beginnings:
    """What there is to begin from; examples that name files of their own are not among it. now: UTC seconds."""
    found = []
    for name in examples.names():
        try:
            home = parse(examples.example(name).read_text("utf-8"), now=now)
        except VirtualDevicesError:
            continue  # of a kind that is not installed here
        if all(each.startswith(SHIPPED) for each in documents_needed(home)):
            found.append(Beginning(name, examples.title(name), draft_of(home)))
    found.sort(key=lambda each: each.name != examples.DEFAULT)
    return Beginnings({form.kind: form for form in every_kind().kinds}, tuple(found), zones())


def draft_of(home: Home) -> HomeDraft:
    """A draft of a home that there is; it begins now, and without its events."""
    site = home.site
    place = {"latitude": site.latitude, "longitude": site.longitude, "altitude": f"{site.altitude:g} m", "time_zone": site.zone}
    devices = [DraftDevice(entry.name, entry.kind, dict(entry.written)) for entry in home.devices if entry.name != CLOCK]
    return HomeDraft(home.name, place, {"start": "now"}, site.seed, devices)


def first_settings(form: KindForm, settings: Iterable[str] = ()) -> list[str]:
    """Settings of a kind that are asked first: those that one knows, has to give, or has given; in its own order."""
    given = {*settings, *form.settings.get("required", ()), *ASKED_FIRST}
    return [name for name in form.settings.get("properties", {}) if name in given]


def further_settings(form: KindForm, settings: Iterable[str] = ()) -> list[str]:
    """All others, but for files: a form has none to give."""
    first = set(first_settings(form, settings))
    return [name for name, schema in form.settings.get("properties", {}).items() if name not in first and not schema.get("x-file")]


def _written(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
