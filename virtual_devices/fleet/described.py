"""A device as one JSON file: what a container is given beside its image.

    {"home": "cape_town", "name": "oven", "kind": "oven", "settings": {"setpoint": 200}, "events": [{"at": 1782030600, "changes": {"mode": "on"}}]}

The settings are those that the home declares, in JSON form; files that they name lie beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from virtual_devices.edge.files.write import why
from virtual_devices.edge.runtime.make import Description
from virtual_devices.kit.errors import ConfigurationError, shown, suggestion
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.members.waiting import Command

MAX_BYTES = 1 << 20
_WORDS = ("home", "name", "kind")
_KEYS = (*_WORDS, "settings", "events")
_EVENT_KEYS = ("at", "changes")


@dataclass(frozen=True, slots=True)
class DescribedDevice:
    """A device that somebody wants hosted; nothing of it is checked yet against its kind.

    settings: JSON values, or texts as people write them.  events: timed changes of these.  folder: where relative names of files begin.
    """

    home: str
    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Command, ...] = ()
    folder: Path = field(default_factory=Path.cwd)


def written(description: Description) -> str:
    """The file's text; ``read_described`` reads it back."""
    events = [{"at": event.at, "changes": event.changes} for event in description.events]
    told = {
        "home": description.home, "name": description.name, "kind": description.kind, "settings": dict(description.declared),
        **({"events": events} if events else {}),
    }  # fmt: skip
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def read_described(file: Path) -> DescribedDevice:
    """What a file says; home, name and kind are empty where it does not. Raises ConfigurationError that names the file."""
    told = _object(file)
    _known(file, told, _KEYS)
    for key in _WORDS:
        if not isinstance(told.get(key, ""), str):
            raise ConfigurationError(f"{file}: {key} {shown(told[key])} is no word; write it as text")
    settings, events = told.get("settings", {}), told.get("events", [])
    if not isinstance(settings, dict):
        raise ConfigurationError(f'{file}: settings should be an object; write {{"setpoint": 200}}')
    if not isinstance(events, list):
        raise ConfigurationError(f'{file}: events should be a list; write [{{"at": 1782030600, "changes": {{"mode": "on"}}}}]')
    return DescribedDevice(
        told.get("home", ""), told.get("name", ""), told.get("kind", ""), settings, tuple(_event(file, event) for event in events), file.parent
    )


def event_of(text: str) -> Command:
    """``2026-06-21T18:00:00+02:00 mode=on setpoint=200``, as a command line has it. Raises ConfigurationError."""
    time, *words = text.split(" ")
    changes: dict[str, Any] = dict(word.partition("=")[::2] for word in words)
    if not changes or not all(changes) or not all("=" in word for word in words):
        raise ConfigurationError(f"--event {text!r}: write 'TIME setting=value …', with the time in one word")
    return Command(changes, parse_instant(time, "UTC"))


def _object(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as source:
            content = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"--description {file} cannot be read ({why(error)}); name a JSON file") from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"--description {file} is larger than {MAX_BYTES >> 20} MiB; name the file of one device")
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"--description {file} is no JSON ({error}); mend it there") from None
    if not isinstance(told, dict):
        raise ConfigurationError(f'--description {file} should be an object; write {{"home": …, "name": …, "kind": …, "settings": {{}}}}')
    return told


def _event(file: Path, event: Any) -> Command:
    if not isinstance(event, dict):
        raise ConfigurationError(f'{file}: event {shown(event)} should be an object; write {{"at": 1782030600, "changes": {{"mode": "on"}}}}')
    _known(file, event, _EVENT_KEYS)
    at, changes = event.get("at"), event.get("changes")
    if type(at) is not int:
        raise ConfigurationError(f"{file}: an event's time is {shown(at)}; give its `at` as UTC seconds, such as 1782030600")
    if not isinstance(changes, dict) or not changes:
        raise ConfigurationError(f'{file}: the event at {at} changes nothing; write "changes": {{"mode": "on"}}')
    return Command(changes, at)


def _known(file: Path, told: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in told:
        if key not in keys:
            raise ConfigurationError(f"{file}: there is no key {shown(key)} in it{suggestion(key, list(keys))}")
