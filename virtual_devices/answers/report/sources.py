"""What was assumed of each device, and where it came from: the home's file, a change while it ran, or the default of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.forms.fields import SettingField
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.model import SITE_SETTINGS
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.names import CLOCK

FILE, LIVE, DEFAULT = "home file", "set while it ran", "default"
NOT_SET = "not set"


@dataclass(frozen=True, slots=True)
class InputSetting:
    """title, description: of the setting.  text: its value, with its unit.  source: ``FILE``, ``LIVE`` or ``DEFAULT``.  document: it names a file."""

    name: str
    title: str
    text: str
    source: str
    document: bool = False


@dataclass(frozen=True, slots=True)
class DeviceInputs:
    """settings: those that somebody chose, then those at their defaults.  known: whether the kind is installed here, without which nobody knows its defaults."""

    device: str
    kind: str
    settings: tuple[InputSetting, ...]
    known: bool = True

    @property
    def chosen(self) -> tuple[InputSetting, ...]:
        """Those that somebody chose."""
        return tuple(each for each in self.settings if each.source != DEFAULT)

    @property
    def defaults(self) -> tuple[InputSetting, ...]:
        """The others."""
        return tuple(each for each in self.settings if each.source == DEFAULT)


def inputs_of(revision: Revision) -> tuple[DeviceInputs, ...]:
    """Every device of a home as it was last wanted, with all its settings."""
    wanted = revision.wanted
    found = []
    for name, device in wanted.devices.items():
        declared, kind = device.declaration.settings, device.declaration.kind
        file = wanted.file.get(name)
        fields = _fields(kind)
        own = [_input(setting, value, fields.get(setting), _source(setting, value, file.settings if file is not None else None)) for setting, value in declared.items()]
        said_elsewhere = (*SITE_SETTINGS, "step") if kind == CLOCK else ()
        others = [
            _input(setting, known.default, known, DEFAULT)
            for setting, known in fields.items()
            if setting not in declared and not known.appearance and setting not in said_elsewhere
        ]
        found.append(DeviceInputs(name, kind, (*own, *others), bool(fields)))
    return tuple(found)


def value_text(value: Any, unit: str = "") -> str:
    """A value in JSON form as people read it."""
    if value is None or (isinstance(value, str | list) and not value):
        return NOT_SET
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {value_text(each)}" for key, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(value_text(each) for each in value)
    text = f"{value:,.6g}" if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit and not isinstance(value, str) else text


def _source(setting: str, value: Any, file: Mapping[str, Any] | None) -> str:
    return FILE if file is not None and setting in file and file[setting] == value else LIVE


def _input(setting: str, value: Any, known: SettingField | None, source: str) -> InputSetting:
    if known is None:
        return InputSetting(setting, setting.replace("_", " "), value_text(value), source)
    text = PurePath(str(value)).name if known.document and value else value_text(value, known.unit)
    return InputSetting(setting, known.title, text, source, known.document and bool(value))


def _fields(kind: str) -> Mapping[str, SettingField]:
    """The settings of a kind; empty for one that is not installed here."""
    try:
        return {item.name: item for item in settings_of(catalogue.load(kind))}
    except CatalogueError:
        return {}
