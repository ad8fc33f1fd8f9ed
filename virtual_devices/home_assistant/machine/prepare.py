"""A copy that is ready to run: cut off from the outside, at the home's place, with the home's broker, marked as a copy."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtual_devices.edge.broker.start import free_port
from virtual_devices.edge.files.write import why
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.home_assistant.backup import key_of
from virtual_devices.home_assistant.machine import companion, storage, yaml_cut
from virtual_devices.home_assistant.machine.copying import copy
from virtual_devices.home_assistant.machine.installation import Installation
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home

LOOPBACK = "127.0.0.1"
"""Where all of it listens."""


@dataclass(frozen=True, slots=True)
class Original:
    """Whose configuration: a folder, or a backup, with the file that holds its key. keep: integrations that stay though they reach outside."""

    config: Path | None = None
    backup: Path | None = None
    key_file: Path | None = None
    keep: frozenset[str] = frozenset()
    keep_history: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """folder: of the copy, from outside.  inside: as Home Assistant sees it.  cut: what was taken out, for the report."""

    folder: Path
    inside: str
    port: int
    token: str
    cut: dict[str, list[str]]


def working_folder(installation: Installation) -> Path:
    """A new folder that nobody else may look into. Raises ConfigurationError."""
    try:
        place = installation.place
        if place is not None:
            place.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="time-machine-", dir=place))
    except OSError as error:
        raise ConfigurationError(f"no folder can be made for the copy: {why(error)}") from error


def prepare(source: Original, home: Home, broker: Endpoint, work: Path, installation: Installation, speed: float) -> Copy:
    """Make the copy in a working folder. Raises ConfigurationError."""
    folder = work / "config"
    folder.mkdir()
    copy(source.config, source.backup, folder, key=key_of(source.key_file), keep_history=source.keep_history)
    stored = folder / ".storage"
    stored.mkdir(exist_ok=True)
    storage.remove_what_reports(stored)
    entries = storage.cut_entries(stored, broker, source.keep)
    token, port = storage.let_in(stored), free_port(LOOPBACK)
    actions = companion.asked_for(folder)
    companion.put_in(folder)
    try:
        work_on = yaml_cut.Cutting(folder.absolute(), source.keep, _core(home, stored))
        yaml_cut.cut(work_on, _own(home, port, speed, actions))
    except OSError as error:
        raise ConfigurationError(f"the copy cannot be written: {why(error)}") from error
    cut = {"integrations": entries, "yaml": sorted(f"{name} ({count})" if count > 1 else name for name, count in work_on.domains.items())}
    return Copy(folder, installation.inside(folder), port, token, cut)


def _core(home: Home, stored: Path) -> dict[str, Any]:
    """The place of the home, and a name that says what it is."""
    site = home.site
    name = storage.location_name(stored) or home.name
    return {
        "name": f"COPY of {name}", "latitude": site.latitude, "longitude": site.longitude, "elevation": round(site.altitude), "time_zone": site.zone,
    }  # fmt: skip


def _own(home: Home, port: int, speed: float, actions: list[str]) -> dict[str, Any]:
    """Parts of configuration.yaml that are ours."""
    banner = (
        f"A copy, in the simulated time of the home {home.name}, {speed:g} times as fast as life. Nothing that you do here reaches your own house; "
        "integrations that reach outside are disabled, and notifications are not sent."
    )
    return {
        "http": {"server_host": LOOPBACK, "server_port": port},
        "recorder": {"commit_interval": max(5, round(speed))},
        companion.DOMAIN: companion.configuration(banner, actions),
    }


def clear_away(work: Path) -> None:
    """Remove a working folder, with all secrets in it."""
    shutil.rmtree(work, ignore_errors=True)
    if os.path.lexists(work):
        raise ConfigurationError(f"{work} holds a copy of a configuration and could not be removed whole; remove it yourself")
