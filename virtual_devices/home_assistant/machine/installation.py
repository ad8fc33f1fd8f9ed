"""A Home Assistant as it is installed: how it is started in simulated time."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.home_assistant.machine import faketime
from virtual_devices.kit.errors import ConfigurationError

FACTS = "home-assistant.json"
"""Says of a folder where in it a Home Assistant is: ``hass``, and ``root``, a folder that it is locked into, or null."""
STEERED = "faketime"
"""The file in the copy's folder that says how fast time is."""
_LOCKED = 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Installation:
    """hass: its program, as it sees it.  root: a folder that it is locked into."""

    hass: str
    root: Path | None = None

    @property
    def place(self) -> Path | None:
        """The folder in which a copy has to be for it; None for any."""
        return self.root / "srv" / "ha" if self.root else None

    def inside(self, folder: Path) -> str:
        """A folder as it sees it."""
        return f"/{folder.relative_to(self.root)}" if self.root else str(folder)

    def words(self, inside: str) -> list[str]:
        """Its command line. inside: the copy's folder, as it sees it."""
        told = faketime.steered(f"{inside}/{faketime.LOADED}", f"{inside}/{STEERED}")
        words = ["env", *(f"{name}={value}" for name, value in told.items()), self.hass, "-c", inside, "--skip-pip", "--log-no-color"]
        if self.root is None:
            return words
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _LOCKED, str(self.root), *words]

    def environment(self, inside: str, zone: str) -> dict[str, str]:
        """What it is told beside."""
        return {"PATH": f"{Path(self.hass).parent}:{_PATH}", "HOME": inside, "LANG": "C.UTF-8", "TZ": zone}


def find(named: Path | None) -> Installation:
    """The Home Assistant that somebody names: a venv, the ``hass`` in it, or a folder with ``home-assistant.json``; None: the one of the path.

    Raises ConfigurationError where there is none.
    """
    if named is None:
        found = shutil.which("hass")
        if found is None:
            raise ConfigurationError("which Home Assistant is to run? Name its venv by --home-assistant FOLDER (python -m venv, then pip install homeassistant)")
        return Installation(found)
    if (facts := named / FACTS).is_file():
        return _by_facts(named, facts)
    for program in (named, named / "bin" / "hass", named / "venv" / "bin" / "hass"):
        if program.is_file() and os.access(program, os.X_OK):
            return Installation(str(program.absolute()))
    raise ConfigurationError(f"{named} has no Home Assistant: neither bin/hass of a venv nor {FACTS} is in it; make one with python -m venv and pip install homeassistant")


def _by_facts(named: Path, file: Path) -> Installation:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return Installation(str(said["hass"]), (named / said["root"]).absolute() if said.get("root") else None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f'{file} does not say where hass is ({error}); write {{"hass": "/path/to/bin/hass", "root": null}}') from error


def container(image: str, folder: Path, start: int, speed: float) -> str:
    """The command that would run a copy in a container of an image; untried, because the official image is musl and libfaketime glibc's."""
    told = faketime.environment("/config/" + faketime.LOADED, start, speed)
    return " ".join([
        "podman", "run", "--rm", "--network", "host", "--volume", f"{folder}:/config",
        *(f"--env '{name}={value}'" for name, value in told.items()), image,
    ])  # fmt: skip
