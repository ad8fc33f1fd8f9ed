"""What was: the console finds the records of a home, and reads them by the record's own readers, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.fleet.keeping.finding import records_of
from virtual_devices.fleet.keeping.places import state_folder
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.names import is_name
from virtual_devices.record.files.info import home_of, info_of
from virtual_devices.record.reading.readers import Reader


@dataclass(frozen=True, slots=True)
class KeptPast:
    """A record of a home. start, end: of what is recorded, UTC seconds.  zone: of the home."""

    path: Path
    run: str
    zone: str
    start: int
    end: int


class HomeRecords:
    """Finds records. folder: a state folder, as ``up --state`` has it, or one with a state folder for each home; None: this user's own.

    Nothing here is for the loop: each question opens files.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def of(self, home: str) -> Sequence[KeptPast]:
        """Those of a home in which something is recorded, the one that was written last at the end; empty where there are none.

        A record that cannot be read is passed over: the home may be just beginning it.
        """
        return [kept for path in self._paths(home) if (kept := _kept(path)) is not None]

    def newest(self, home: str, run: str | None = None) -> KeptPast | None:
        """The one that was written last, or the one of a run; None where there is none."""
        return next((kept for path in reversed(self._paths(home)) if (kept := _kept(path)) is not None and run in (None, kept.run)), None)

    def file_folder(self, home: str) -> Path | None:
        """Where the home's file lay when it was started, beside which its settings' files are; None where that is not here, or not known."""
        kept = self.newest(home)
        try:
            file = info_of(kept.path).home_file if kept is not None else None
        except ConfigurationError:
            return None
        return Path(file).parent if file is not None and Path(file).is_file() else None

    def _paths(self, home: str) -> list[Path]:
        """Records of a home in the first folder that has any, in the order in which they were written."""
        if not is_name(home):
            return []
        return next((found for folder in self._folders(home) if (found := [path for path in records_of(folder) if home_of(path) == home])), [])

    def _folders(self, home: str) -> list[Path]:
        found = [self._folder, self._folder / home] if self._folder is not None else []
        try:
            return [*found, state_folder(home)]
        except ConfigurationError:  # nobody's home folder, as in a container
            return found


def _kept(path: Path) -> KeptPast | None:
    try:
        with Reader(path) as reader, reader.of_one_moment():
            facts, span = reader.facts, reader.span
    except ConfigurationError:
        return None
    return KeptPast(path, facts.run, facts.zone, *span) if span is not None else None
