"""What the catalogue says of a setting that a question fills: its bounds, unit and default, and whether a value is one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.forms.changes import SettingField, model_of, settings_of
from virtual_devices.kit.home import catalogue


@lru_cache(maxsize=64)
def setting_field(kind: str, setting: str) -> SettingField:
    """A setting as its kind declares it. Raises CatalogueError for a kind, KeyError for a setting that there is not."""
    return {item.name: item for item in settings_of(catalogue.load(kind))}[setting]


def checked_value(kind: str, setting: str, value: Any, called: str = "") -> Any:
    """A value as the setting keeps it: text as people write it, or a number in its unit. Raises SettingError, which says how to mend it.

    called: what it is named in the message; else the setting's title.
    """
    settings, problems = model_of(catalogue.load(kind).settings_type, {setting: value})
    for name, text in problems:
        if name in (setting, ""):
            raise SettingError(f"{called or setting_field(kind, setting).title.lower()}: {text}")
    return getattr(settings, setting)
