"""Which run a state folder resumes: one set of messages for each run, not one for each name of a home.

The set of the run that was kept last is in the folder itself, where the archive writes it; it says on which broker and from
which home file it was kept. Before another run is written there it is copied to ``runs/<run>.json``, in the same form. So a home
that is played on one's own broker and on its owner's has both, and neither meets the other's.

The run that a broker retains decides. Where it retains none, that is the run that was last kept on this broker.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from virtual_devices.edge.files.write import write_whole
from virtual_devices.edge.messages.retained import json_object, place
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.keeping.moments import Messages
from virtual_devices.kit.names import CLOCK

FILE = "home.json"
RUNS = "runs"
KEPT = 8
"""Runs that are kept beside the present one; of more the one that was kept longest ago goes."""
OWN = "own"
"""The home's own broker, whichever port it has."""
_RUN = re.compile(r"[A-Za-z0-9_-]{1,64}")

StateReader = Callable[[Path, bytes], dict[tuple[str, str], bytes]]


def broker_of(endpoint: Endpoint | None) -> str:
    """What a broker is known by in the folder; None is the home's own."""
    return OWN if endpoint is None else f"{endpoint.host.lower()}:{endpoint.port}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set is from. broker: as ``broker_of`` names it.  home_file: of the run; None where nobody said.  at: UTC seconds."""

    broker: str
    home_file: str | None
    at: int


def run_of(messages: Messages) -> str | None:
    """The run of a set, as its clock would find it."""
    run, _ = place(messages.get((CLOCK, "site")))
    found = (place(value)[0] for (_, leaf), value in messages.items() if leaf in ("settlement", "window"))
    return run or next((run for run in found if run is not None), None)


class RunFiles:
    """The sets of a folder.

    broker: the present one.  home_file: the present one.  read: a set's messages from a file's content; raises
    ConfigurationError. run: of the set in the folder itself, once that is known.
    """

    def __init__(self, folder: Path, broker: str, home_file: str | None, read: StateReader) -> None:
        self.folder, self.broker, self.home_file = folder, broker, home_file
        self._read = read
        self.run: str | None = None

    def pick(self, run: str | None, here: dict[tuple[str, str], bytes]) -> tuple[dict[tuple[str, str], bytes], Origin | None]:
        """The set to resume from, and where it is from; empty when there is none.

        run: what the broker retains; None for nothing.  here: the set in the folder itself.
        """
        self.run = run_of(here)
        origin = self._origin(self.folder / FILE, here) if here else None
        if here and (self.run == run if run is not None else origin is not None and origin.broker == self.broker):
            return here, origin
        if run is not None:
            paths = [self._path(run)] if _RUN.fullmatch(run) else []
        else:
            mine = [(origin.at, path) for path in self._aside() if (origin := self._origin(path, {})).broker == self.broker]
            paths = [path for _, path in sorted(mine, reverse=True)]
        for path in paths:
            if path.is_file():
                content = path.read_bytes()
                messages = self._read(path, content)
                return messages, self._origin(path, messages)
        return {}, None

    def facts(self) -> dict[str, Any]:
        """What is written beside the messages of the present run."""
        return {"broker": self.broker, "home_file": self.home_file, "at": int(time.time())}

    def begin(self, run: str | None, here: Callable[[], Messages], write: Callable[[Messages, dict[str, Any]], bytes]) -> bool:
        """Make room for a run in the folder itself: what another run has there is set aside. Whether that was so.

        here: reads the set in the folder itself.  write: a set, with its facts, as a file has it.  Raises OSError.
        """
        if run == self.run or run is None:
            return False
        before = here()
        former = run_of(before)
        if former is not None and former != run and _RUN.fullmatch(former):
            (self.folder / RUNS).mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(self._path(former), write(before, asdict(self._origin(self.folder / FILE, before))), sync=True)
        self.run = run
        return former is not None and former != run

    def prune(self) -> None:
        """The run that is in the folder itself is not needed twice; of the others the last ones stay."""
        paths = [path for path in self._aside() if path.stem != self.run]
        old = sorted(paths, key=lambda path: self._origin(path, {}).at)[:-KEPT]
        for path in [*old, *(path for path in self._aside() if path.stem == self.run)]:
            path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what a start on this broker would resume from; what was kept on others stays."""
        for path in self._aside():
            if self._origin(path, {}).broker == self.broker:
                path.unlink(missing_ok=True)

    def is_mine(self, here: Messages) -> bool:
        """Whether the set in the folder itself was kept on this broker."""
        return self._origin(self.folder / FILE, here).broker == self.broker

    def _path(self, run: str) -> Path:
        return self.folder / RUNS / f"{run}.json"

    def _aside(self) -> list[Path]:
        return sorted((self.folder / RUNS).glob("*.json")) if (self.folder / RUNS).is_dir() else []

    def _origin(self, path: Path, messages: Messages) -> Origin:
        """Where a file's set is from; of one that does not say, what its messages show."""
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            content = None
        content = content if isinstance(content, dict) else {}
        broker, home_file, at = content.get("broker"), content.get("home_file"), content.get("at")
        return Origin(
            broker if isinstance(broker, str) else _shown_by(messages, self.broker),
            home_file if isinstance(home_file, str) else None,
            at if isinstance(at, int) else 0,
        )


def _shown_by(messages: Messages, broker: str) -> str:
    """On which broker a set was kept that does not say it: only on one that is not its own a home followed the time of day."""
    checkpoint = json_object(messages.get((CLOCK, "window"), b"")).get("checkpoint")
    settings = checkpoint.get("settings") if isinstance(checkpoint, dict) else None
    real = isinstance(settings, dict) and settings.get("real_time") is True
    return (broker if broker != OWN else "another") if real else OWN
