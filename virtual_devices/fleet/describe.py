"""From a home to the descriptions of its devices, and to the command line that hosts one of them elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.make import Description
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.forms.changes import settings_of, validate_change
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.waiting import Command
from virtual_devices.kit.names import CLOCK


def descriptions(
    home: Home, documents: Mapping[str, str], *, real_time: bool = False, compiled: bool = False, records: Path | None = None,
    running: Collection[str] | None = None,
) -> dict[str, Description]:  # fmt: skip
    """Every device of a home, by name. The clock's also says where the home stands and whom it waits for.

    running: those that are to run, whom the clock waits for; None: all.
    records: the folder in which records that name none have theirs; None: each finds it where it runs.
    """
    found = {}
    for entry in home.devices:
        events = tuple(Command(event.changes, event.at) for event in home.events if event.device == entry.name)
        wanted = {str(getattr(entry.settings, item.name)) for item in settings_of(entry.device_class) if item.document}
        texts = {name: text for name, text in documents.items() if name in wanted}
        fast = compiled and entry.device_class.ability == "settles"
        found[entry.name] = Description(home.name, entry.name, entry.kind, entry.settings, entry.declared, events, texts, fast)
    if records is not None:
        for entry in home.of("keeps"):
            if not getattr(entry.settings, "folder", ""):
                found[entry.name] = _declaring(found[entry.name], entry.device_class, {"folder": str(records / entry.name)})
    clock = found[CLOCK]
    place: dict[str, Any] = {
        "latitude": home.site.latitude,
        "longitude": home.site.longitude,
        "altitude": home.site.altitude,
        "time_zone": home.site.zone,
        "seed": home.site.seed,
        "start": home.start,
        "step": None if "step" in home.left_open else home.step,
        "speed": home.speed or 0,
        "real_time": real_time,
        "settler": next((entry.name for entry in home.of("settles")), ""),
        "wait_for": ",".join(sorted(name for name in found if name != CLOCK and (running is None or name in running))),
    }
    found[CLOCK] = _declaring(clock, home.entry(CLOCK).device_class, place)
    return found


def _declaring(description: Description, device_class: type[AnyDevice], changes: Mapping[str, Any]) -> Description:
    """With more settings, as if the home file said so."""
    settings = validate_change(device_class, description.settings, changes, live=False)
    return replace(description, settings=settings, declared={**description.declared, **changes})


def command_line(
    description: Description, broker: Endpoint, *, fresh: bool = False, duration: int | None = None, until: int | None = None
) -> list[str]:
    """The command that hosts one device in a process of its own, as a container does."""
    words = [sys.executable, "-P", "-m", "virtual_devices", *run_words(description), *broker_words(broker)]
    if fresh:
        words.append("--fresh")
    if duration is not None:
        words += ["--for", f"{duration}s"]
    if until is not None:
        words += ["--until", str(until)]
    return words


def broker_words(broker: Endpoint) -> list[str]:
    """Options that name a broker to a process of ours; a password goes by its environment."""
    words = ["--broker", broker.url]
    for option in ("cafile", "certfile", "keyfile"):
        file = getattr(broker, option)
        if file is not None:
            words += [f"--{option}", str(Path(file).resolve())]
    return words


def run_words(description: Description) -> list[str]:
    """`run` and all that it is told of the device itself: not where the broker is, nor how to begin."""
    words = ["run", description.kind, "--home", description.home, "--name", description.name]
    for name, value in description.declared.items():
        if value is not None:
            words += ["--set", f"{name}={_text(value)}"]
    for event in description.events:
        when = datetime.fromtimestamp(event.at or 0, UTC).isoformat()
        words += ["--event", " ".join([when, *(f"{name}={_text(value)}" for name, value in event.changes.items())])]
    if description.compiled:
        words.append("--compiled")
    return words


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
