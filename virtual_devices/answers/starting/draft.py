"""A home before it is one: what somebody fills in, with remarks, and the home file that comes of it. Nothing of it is checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.answers.starting.written import RemarkedSection, remarked_text
from virtual_devices.edge.files.cities import city_of
from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.kit.forms.yaml import resolve
from virtual_devices.kit.home.wanted import free_name
from virtual_devices.kit.home.written import text_of_sections

ASKED_FIRST = frozenset((
    "capacity", "surface_tilt", "surface_azimuth", "charge_limit", "discharge_limit", "start_soc", "rated_power", "outages", "price", "feed_in_price",
    "currency", "export_limit", "circuit", "priority", "mode", "schedule", "setpoint", "volume", "persons", "profile", "scale", "solar_export",
    "battery_low_capacity", "mean_cloud_cover", "mean_temp_air", "rated_current",
))  # fmt: skip
"""Settings, of whichever kind, that somebody knows of a house; all others are there too."""
_SUMMARY = 80
"""Letters of a device's settings in a line."""
_AIR = "monthly_temp_air"
_PLACES = 2
"""Digits of a city's latitude and longitude: a kilometre."""


@dataclass(slots=True)
class DraftDevice:
    """settings: as people write them, only those that somebody sets. remarks: on settings, as comments; that of ``""`` is on the device.

    heading: a comment above it, that of the devices from here on.
    """

    name: str
    kind: str
    settings: dict[str, Any] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    heading: str = ""

    def put(self, setting: str, value: Any) -> None:
        """Set it; text as people write it, empty or None for its default. What was remarked on the value before is no longer said."""
        self.remarks.pop(setting, None)
        if value is None or value == "":
            self.settings.pop(setting, None)
        else:
            self.settings[setting] = resolve(value.strip()) if isinstance(value, str) else value

    def say(self, setting: str, value: Any, remark: str = "") -> None:
        """Set it as it is, with a remark."""
        self.settings[setting] = value
        if remark:
            self.remarks[setting] = remark

    def summary(self, titles: Mapping[str, str]) -> str:
        """The first of its settings, in a line. titles: of settings."""
        text = ", ".join(f"{titles.get(name, name).lower()} {_written(value)}" for name, value in self.settings.items())
        return text if len(text) <= _SUMMARY else text[: _SUMMARY - 1].rstrip(", ") + "…"

    @property
    def section(self) -> RemarkedSection:
        """As the home file has it."""
        kind = {} if self.kind == self.name else {"kind": self.kind}
        return RemarkedSection(self.name, kind | self.settings, self.remarks, self.heading)


@dataclass(slots=True)
class HomeDraft:
    """A home before it is one. site, clock: sections of the file, as people write them. notes: comments that the file begins with, a line each.

    remarks: on sections. files: text of those that it names, by name.
    """

    name: str = "my_home"
    site: dict[str, Any] = field(default_factory=dict)
    clock: dict[str, Any] = field(default_factory=lambda: {"start": "now"})
    seed: int = 0
    devices: list[DraftDevice] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The home file; one without any note is as short as can be."""
        if self.notes:
            told = {"home": self.name, "site": self.site, "clock": self.clock, "seed": self.seed}
            return remarked_text(told, self.remarks, [each.section for each in self.devices], self.notes)
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
        self._unsay(section)
        text = value.strip() if isinstance(value, str) else value
        if text is None or text == "":
            section.pop(key, None)
        else:
            section[key] = resolve(text) if isinstance(text, str) else text

    def _unsay(self, section: dict[str, Any]) -> None:
        """What was remarked on a section that changes."""
        for name, each in (("site", self.site), ("clock", self.clock)):
            if each is section:
                self.remarks.pop(name, None)

    def _mirror(self) -> None:
        for each in self.devices:
            facing = each.settings.get("surface_azimuth")
            if isinstance(facing, (int, float)):
                each.put("surface_azimuth", (180 - facing) % 360)

    def stand_in(self, zone: str) -> None:
        """Stand in the city of a time zone. Across the equator, what faced the sun of noon does so again."""
        self._unsay(self.site)
        self.site["time_zone"] = zone
        if (city := city_of(zone)) is not None:
            before = self.site.get("latitude")
            if isinstance(before, (int, float)) and before * city[0] < 0:
                self._mirror()
            self.site.update(latitude=round(city[0], _PLACES), longitude=round(city[1], _PLACES))
            self.site.pop("altitude", None)
            for each in self.devices:
                if _AIR in each.remarks:  # taken by the place it stood in before, and not by somebody
                    each.put(_AIR, None)


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
