"""What a home and its devices have said, in files of its state folder: they stay small, and a disk that is full stops nobody."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from virtual_devices.kit.errors import ConfigurationError

MOST_BYTES = 1 << 20
"""Of a log; a longer one begins anew, and the one before is kept beside it."""
HOME = "home.log"


class Logs:
    """The logs of one home. folder: where they lie, made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def say(self, text: str) -> None:
        """A line, or several, of the home's own log, each with the time by the wall."""
        with suppress(OSError):
            file = self._ready()
            now = datetime.now(UTC).isoformat(timespec="seconds")
            with file.open("a", encoding="utf-8", errors="replace") as log:
                log.writelines(f"{now} {line}\n" for line in text.splitlines())

    def _ready(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.folder / HOME
        if file.exists() and file.stat().st_size > MOST_BYTES:
            file.replace(file.with_suffix(".log.1"))
        return file

    def read(self, device: str | None, lines: int) -> list[str]:
        """The last lines, or the last that a device has said.

        Raises ConfigurationError where nothing was ever said.
        """
        if not self.folder.is_dir():
            raise ConfigurationError(f"there are no logs in {self.folder}; name the home, or the folder that `up --state` was given")
        found: list[str] = []
        for file in (self.folder / f"{HOME}.1", self.folder / HOME):
            with suppress(FileNotFoundError):
                found += file.read_text(encoding="utf-8", errors="replace").splitlines()
        if device is not None:
            found = [line for line in found if line.partition(" ")[2].startswith(f"{device}: ")]
        return found[-lines:]


def logs_of(state: Path) -> Logs:
    """The logs of a home by its state folder."""
    return Logs(state / "logs")
