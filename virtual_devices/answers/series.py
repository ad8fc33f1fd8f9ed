"""The series of a run in files for other programs: written from the run's record, or from one that is kept for as long as that takes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.reading.periods import length_of

if TYPE_CHECKING:
    from virtual_devices.record.reading.series import SeriesTable

EVERY = "15min"
SAMPLED = "5min"
"""Between two samples of OpenMetrics, unless told otherwise: as long as Prometheus takes a sample for the present."""
STDOUT = Path("-")
"""Stands for standard output."""


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """What is wanted of a run's series. every: of what length periods are, see ``Reader``.  csv, parquet: where to write them; None: nowhere."""

    every: str = EVERY
    csv: Path | None = None
    parquet: Path | None = None

    def __bool__(self) -> bool:
        """Whether any is wanted."""
        return self.csv is not None or self.parquet is not None

    def check(self) -> None:
        """Before anything is simulated. Raises ConfigurationError where a file could not be written, for another ``every``, and without a library."""
        length_of(self.every)
        if self and find_spec("numpy") is None:
            raise ConfigurationError("series need numpy: pip install numpy")
        if self.parquet is not None:
            from virtual_devices.record.reading.export import needs_parquet  # noqa: PLC0415 - numpy, which other runs do without

            needs_parquet()
        for file, option in ((self.csv, "--csv"), (self.parquet, "--parquet")):
            if file is not None and file != STDOUT and (reason := refused(file)):
                raise ConfigurationError(f"series {file} cannot be written: {reason}; choose another place with {option}")

    def write(self, record: Path) -> SeriesWritten:
        """Write the files of a record, each whole or not at all. Raises nothing that the record or a disk is to blame for: that is told."""
        from virtual_devices.record.reading.export import csv_text, parquet_bytes  # noqa: PLC0415

        files = {"csv": self.csv, "parquet": self.parquet}
        wanted = {form: file for form, file in files.items() if file is not None}
        try:
            table = whole(record, self.every)
        except ConfigurationError as error:
            return SeriesWritten(None, (), tuple(f"series {file} cannot be written: {error}" for file in wanted.values()))
        written, unwritten = list[Path](), list[str]()
        for form, file in wanted.items():
            if file == STDOUT:
                continue
            try:
                write_out(file, parquet_bytes(table) if form == "parquet" else csv_text(table).encode())
            except OSError as error:
                unwritten.append(f"series {file} cannot be written: {why(error)}; nothing of them is in it")
            else:
                written.append(file)
        return SeriesWritten(table, tuple(written), tuple(unwritten))


@dataclass(frozen=True, slots=True)
class SeriesWritten:
    """What came of it. table: None where the record says nothing.  files: that were written.  unwritten: what could not be, in sentences."""

    table: SeriesTable | None
    files: tuple[Path, ...]
    unwritten: tuple[str, ...]


def whole(record: Path, every: str) -> SeriesTable:
    """All that a record says, in such periods. Raises as ``series``."""
    from virtual_devices.record.reading.asked import Asked  # noqa: PLC0415
    from virtual_devices.record.reading.history import series  # noqa: PLC0415

    return series(record, lambda times: Asked(times.first, times.end, every))


@contextlib.contextmanager
def kept(record: Path | None, *, wanted: bool) -> Iterator[Path | None]:
    """Where the record of a run goes: where somebody wants it; else, where it is needed all the same, to a place that ends with the block."""
    if record is not None or not wanted:
        yield record
        return
    with tempfile.TemporaryDirectory(prefix="virtual-devices-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / "run.sqlite"


def refused(file: Path) -> str | None:
    """Why a file could not be written, as far as that can be known before."""
    if file.is_dir():
        return "Is a directory"
    folder = file.resolve().parent
    if not folder.is_dir():
        return "No such file or directory"
    plain = file.is_file() or not file.exists()
    return None if os.access(folder if plain else file, os.W_OK) else "Permission denied"
