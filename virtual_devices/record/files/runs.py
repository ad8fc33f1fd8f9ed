"""The records in a home's state folder: which run a home resumes, and which were given up.

Each run has a record of its own, ``<run>.sqlite``, which says on which broker and from which home file it was kept. So a home that is
played on one's own broker and on its owner's has both, and neither meets the other's.

The run that a broker retains decides. Where it retains none, that is the run that was last kept on this broker. A run that was given up
(``--fresh``) keeps its books and has nothing to go on from.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from virtual_devices.edge.files.write import set_aside
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.record.store.database import BESIDE, open_to_read, open_to_write, reading, transaction
from virtual_devices.record.store.kept import Messages, site_facts
from virtual_devices.record.store.lines import WHOLE_FOR
from virtual_devices.record.store.revisions import revisions_of
from virtual_devices.record.store.writer import REMEDY, RecordWriter, facts_of, kept_of

SUFFIX = ".sqlite"
OWN = "own"
"""The home's own broker, whichever port it has."""
MOST_RUNS = 100
"""Records that a folder keeps; of more the one that was written longest ago goes."""
_RUN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def broker_of(endpoint: Endpoint | None) -> str:
    """What a broker is known by in the folder; None is the home's own."""
    return OWN if endpoint is None else f"{endpoint.host.lower()}:{endpoint.port}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a set is from. broker: as ``broker_of`` names it.  home_file: of the run; None where nobody said.  at: UTC seconds."""

    broker: str
    home_file: str | None
    at: int


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What a record gives to go on from. messages: empty where the run was given up, and in a copy beside the run's own record."""

    path: Path
    origin: Origin
    messages: Messages = field(default_factory=dict)


class OfAnotherError(ConfigurationError):
    """A record that is whole, and that this home does not go on from: of another home, or of a run under another name."""


class Runs:
    """The records of a home in a folder.

    broker: the present one.  home_file: the present one; both go into the record that is written.  whole_for: see ``RecordWriter``.
    """

    def __init__(
        self, folder: Path, home: str, broker: str = OWN, home_file: str | None = None, *, whole_for: int = WHOLE_FOR
    ) -> None:
        self.folder, self.home, self.broker, self.home_file = folder, home, broker, home_file
        self._whole_for = whole_for

    def pick(self, run: str | None) -> KeptRun | None:
        """The run to resume; None when there is none.

        run: what the broker retains; None for nothing.  Raises ConfigurationError where its record cannot be read; where the broker does not
        say which it is, and no other can be resumed, that may be any.
        """
        if run is not None:
            path = self.path(run) if _is_name(run) else None
            return self._read(path) if path is not None and path.exists() else None
        mine: list[tuple[int, float, KeptRun]] = []
        broken: ConfigurationError | None = None
        for path in self.paths():
            written = written_at(path)  # before a log that was left is brought into it
            try:
                kept = self._read(path)
            except ConfigurationError as error:
                broken = error
            else:
                if kept.origin.broker == self.broker and kept.messages:
                    mine.append((kept.origin.at, written, kept))
        if not mine and broken is not None:
            raise broken
        return max(mine, key=lambda item: item[:2])[2] if mine else None

    def revisions(self, run: str | None) -> tuple[Revision, ...]:
        """What the home was wanted to be in a run; where that is not known, or None, in the one on this broker that knows it last.

        Raises ConfigurationError for a record that cannot be read and is this very run's; others that cannot are passed over.
        """
        if run is not None and _is_name(run) and self.path(run).exists() and (found := self._revisions(self.path(run))):
            return found
        return max(self._known_revisions().values(), key=lambda each: each[-1].time, default=())

    def want(self, revisions: Sequence[Revision]) -> bool:
        """Write what the home is wanted to be while there is no run yet: to the record that knows it last. False: there is none. Raises OSError."""
        known = self._known_revisions()
        if not known:
            return False
        path = max(known, key=lambda each: known[each][-1].time)
        writer = RecordWriter(path, self.home, path.stem)
        try:
            writer.want(revisions)
        finally:
            writer.close()
        return True

    def _known_revisions(self) -> dict[Path, tuple[Revision, ...]]:
        """Of each run on this broker whose record says so."""
        known = {}
        for path in self.paths():
            with contextlib.suppress(ConfigurationError):
                if found := self._revisions(path):
                    known[path] = found
        return known

    def _revisions(self, path: Path) -> tuple[Revision, ...]:
        with _opened(path) as connection, reading(path, REMEDY):
            facts = facts_of(connection)
            mine = facts.get("home", self.home) == self.home and facts.get("run", path.stem) == path.stem and _origin(facts).broker == self.broker
            return revisions_of(connection) if mine else ()

    def path(self, run: str) -> Path:
        """Where the record of a run is."""
        return self.folder / f"{run}{SUFFIX}"

    def paths(self) -> list[Path]:
        """Every record of the folder."""
        return sorted(self.folder.glob(f"*{SUFFIX}")) if self.folder.is_dir() else []

    def writer(self, run: str, messages: Messages | None = None) -> RecordWriter:
        """The record of a run, to write to; messages: what is retained of it, where that is known.

        Raises as ``RecordWriter``, and ConfigurationError for a run that is no name of a file.
        """
        if not _is_name(run):
            raise ConfigurationError(f"the run {run[:40]!r} cannot be recorded: its name is none of ours; {REMEDY}")
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts = {"broker": self.broker, "home_file": self.home_file, **site_facts(messages or {})}
        writer = RecordWriter(self.path(run), self.home, run, facts, whole_for=self._whole_for)
        self.prune(run)
        return writer

    def give_up_others(self, run: str) -> None:
        """Leave nothing that a start would resume another run from; what cannot be read stays as it is. Raises OSError."""
        for path in self.paths():
            with contextlib.suppress(ConfigurationError):
                if path.stem != run and self._read(path).messages:
                    self._clear(path)

    def give_up(self) -> None:
        """Leave nothing that a start on this broker would resume from, nor what cannot be read: that is set aside. Books stay.

        What another home has here is not touched. Raises OSError where the folder does not let go.
        """
        for path in self.paths():
            try:
                kept = self._read(path)
                if kept.origin.broker == self.broker and kept.messages:
                    self._clear(path)
            except OfAnotherError:
                continue
            except ConfigurationError:
                _set_aside(path)

    def prune(self, present: str) -> None:
        """The last runs stay."""
        with contextlib.suppress(OSError):
            paths = sorted((path for path in self.paths() if path.stem != present), key=written_at)
            for path in paths[: max(0, len(paths) + 1 - MOST_RUNS)]:
                for suffix in BESIDE:
                    path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _clear(self, path: Path) -> None:
        with contextlib.closing(open_to_write(path, REMEDY)) as connection, reading(path, REMEDY), transaction(connection, synced=True):
            connection.execute("DELETE FROM kept")

    def _read(self, path: Path) -> KeptRun:
        with _opened(path) as connection:
            facts = facts_of(connection)
            if facts.get("home", self.home) != self.home:
                raise OfAnotherError(f"{path} is of home {facts['home']}, this is {self.home}; choose another --state")
            origin, run = _origin(facts), facts.get("run", path.stem)
            if run == path.stem:
                return KeptRun(path, origin, kept_of(connection, path))
            if origin.broker == self.broker and not (_is_name(run) and self.path(run).exists()):
                raise OfAnotherError(f"{path} is of run {run}; name it {run}{SUFFIX}, or keep it in another folder")
            return KeptRun(path, origin)  # a copy: who resumed from it would go on with other windows than are in the run's books


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """To write, since older tables are brought forward; a folder that takes nothing lets one read. Nothing is made where there is none."""
    try:
        connection = open_to_write(path, REMEDY) if path.exists() else open_to_read(path, REMEDY)
    except OSError:
        connection = open_to_read(path, REMEDY)
    with contextlib.closing(connection):
        yield connection


def _is_name(run: object) -> bool:
    """Whether a run can be the name of a file."""
    return isinstance(run, str) and _RUN.fullmatch(run) is not None


def _origin(facts: dict[str, Any]) -> Origin:
    broker, home_file, at = facts.get("broker"), facts.get("home_file"), facts.get("at")
    return Origin(
        broker if isinstance(broker, str) else OWN, home_file if isinstance(home_file, str) else None, at if isinstance(at, int) else 0
    )


def written_at(path: Path) -> float:
    """When a record was last written to, by the clock of its disk. An empty log is what whoever only reads leaves beside it."""
    times = [0.0]
    for suffix in BESIDE[:2]:
        with contextlib.suppress(OSError):
            found = path.with_name(path.name + suffix).stat()
            times.append(found.st_mtime if found.st_size else 0.0)
    return max(times)


def _set_aside(path: Path) -> None:
    aside = set_aside(path)
    for suffix in BESIDE[1:]:
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
