"""What automations did: from what the copy wrote down, from its log, and from the record of the home."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from virtual_devices.edge.murmur import printable
from virtual_devices.home_assistant.machine.local import BASES
from virtual_devices.record.store.happenings import Happening

_LINE = re.compile(r"^\d{4}-\d\d-\d\d \S+ (WARNING|ERROR|CRITICAL) \([^)]*\) \[([^\]]+)\] (.*)")
_LOGGER = "homeassistant.components.automation"
_HOUSE = BASES - {"calendar", "camera", "image", "weather", "air_quality"} | {"homeassistant", "mqtt"}
"""Domains whose actions may reach a device."""
_AFTER = 3
"""Steps within which a command comes into force."""


@dataclass(slots=True)
class Firing:
    """time: simulated UTC seconds.  why: what triggered it.  calls: actions, in words.  commands: what reached devices of the home."""

    time: float
    why: str
    calls: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Automation:
    """One of them. name: as people call it.  state: on, off or unavailable.  complaints: what the log says of it."""

    entity: str
    name: str
    state: str
    firings: list[Firing] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@dataclass(slots=True)
class WrittenDown:
    """What the copy wrote down.

    started: simulated time at which it ran.  calls: (time, action, data, context).  stands_in: actions that do nothing.  notices: those of them
    that were called: (time, action, message).
    """

    started: float | None = None
    firings: dict[str, list[Firing]] = field(default_factory=dict)
    calls: list[tuple[float, str, dict[str, Any], str]] = field(default_factory=list)
    stands_in: list[str] = field(default_factory=list)
    notices: list[tuple[float, str, str]] = field(default_factory=list)
    by_context: dict[str, Firing] = field(default_factory=dict)


def told(lines: Iterable[str], start: float, end: float) -> WrittenDown:
    """Read what the copy wrote down between two simulated times; what cannot be read, such as a last half line, is passed over."""
    found = WrittenDown()
    for line in lines:
        try:
            event = json.loads(line)
            kind, time, context, data = event["kind"], float(event["time"]), str(event["context"]), dict(event["data"])
        except (ValueError, KeyError, TypeError):
            continue
        if kind == "started":
            found.started = time
        elif kind == "stands_in":
            found.stands_in.append(str(data.get("action")))
        elif start <= time <= end:
            _take(found, kind, time, context, data)
    return found


def _take(found: WrittenDown, kind: str, time: float, context: str, data: dict[str, Any]) -> None:
    if kind == "automation_triggered":
        firing = Firing(time, _plain(data.get("source")))
        found.firings.setdefault(str(data.get("entity_id")), []).append(firing)
        found.by_context[context] = firing
    elif kind == "call_service":
        action = f"{data.get('domain')}.{data.get('service')}"
        said = data.get("service_data") or {}
        if context in found.by_context:
            found.by_context[context].calls.append(_in_words(action, said))
        if action in found.stands_in:
            found.notices.append((time, action, _plain(said.get("message") or said.get("title") or "")))
        found.calls.append((time, action, dict(said), context))


def _in_words(action: str, said: Mapping[str, Any]) -> str:
    entities = said.get("entity_id") or said.get("device_id") or said.get("area_id") or []
    names = ", ".join(entities) if isinstance(entities, list) else str(entities)
    rest = ", ".join(f"{key}={_plain(value)}" for key, value in said.items() if key not in ("entity_id", "device_id", "area_id"))
    return printable(" ".join(part for part in (action, names, f"({rest})" if rest else "") if part))


def _plain(value: Any) -> str:
    text = printable(" ".join(str(value).split())) if value is not None else ""
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - about a line


def attribute(found: WrittenDown, happenings: Iterable[Happening], devices: Mapping[str, str], step: int) -> list[Happening]:
    """Say of each automation's firing which commands reached the home through it; those are returned that nobody is known to have given.

    devices: of the home, by entity.  A command belongs to the last call before it that names one of its device's entities, or to the last
    that names none of the home's (an area, a script) in that time.
    """
    house = [(time, _targets(said), context) for time, action, said, context in found.calls if action.partition(".")[0] in _HOUSE]
    orphans = []
    for each in happenings:
        near = [call for call in house if -step <= each.time - call[0] <= _AFTER * step]
        exact = [call for call in near if any(devices.get(entity) == each.device for entity in call[1])]
        open_ended = [call for call in near if not any(entity in devices for entity in call[1])]
        firing = next((firing for call in reversed(exact or open_ended) if (firing := found.by_context.get(call[2]))), None)
        if firing is None:
            orphans.append(each)
        else:
            changes = each.what.get("changes")
            words = ", ".join(f"{key}={_plain(value)}" for key, value in changes.items()) if isinstance(changes, Mapping) else ""
            firing.commands.append(f"{each.device} {words}".strip())
    return orphans


def _targets(said: Mapping[str, Any]) -> list[str]:
    entities = said.get("entity_id") or []
    return [str(entity) for entity in entities] if isinstance(entities, list) else [str(entities)]


def automations(states: Sequence[Mapping[str, Any]], found: WrittenDown, log: str) -> list[Automation]:
    """Every automation of the copy, those too that never fired."""
    shown = {state["entity_id"]: state for state in states if str(state.get("entity_id")).startswith("automation.")}
    complaints = _complaints(log)
    made = []
    for entity in sorted({*shown, *found.firings}):
        state = shown.get(entity, {})
        name = state.get("attributes", {}).get("friendly_name") or entity
        made.append(Automation(entity, printable(str(name)), str(state.get("state", "gone")), found.firings.get(entity, []), complaints.get(entity, [])))
    return made


def _complaints(log: str) -> dict[str, list[str]]:
    """What the log says of each automation, by entity; of one thing it says again and again, once."""
    found: dict[str, list[str]] = {}
    for line in log.splitlines():
        match = _LINE.match(line)
        if match and match[2].startswith(f"{_LOGGER}.") and match[1] != "WARNING":
            said = found.setdefault(f"automation.{match[2].removeprefix(_LOGGER + '.')}", [])
            if match[3] not in said:
                said.append(match[3])
    return found


def problems(log: str) -> list[str]:
    """What the log says in errors of automations as a whole, such as one that is written wrong."""
    lines = [match for line in log.splitlines() if (match := _LINE.match(line))]
    return sorted({match[3] for match in lines if match[1] != "WARNING" and match[2] in (_LOGGER, "homeassistant.components.script")})


def events(file: Path) -> list[str]:
    """Lines that the copy wrote."""
    try:
        return file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
