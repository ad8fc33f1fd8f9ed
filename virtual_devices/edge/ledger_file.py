"""Ledger files: one LedgerMessage per line, JSON; compressed when the name ends in ``.gz``."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import IO, cast

import orjson

from virtual_devices.edge.ledger_messages import ledger_bytes
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger import LedgerRecord


class LedgerFile:
    """A ledger being written.

    after: (run, seq) up to which a file that is there already counts; it goes on behind that, and what a killed writer
    left beyond it, whole or torn, is cut off. None, or a file of another run: it begins anew.  last: seq of the last record
    that it keeps; 0 where a writer was killed before its first, None where there was no file of this run.
    Raises ConfigurationError when the file cannot be made.
    """

    def __init__(self, path: Path, after: tuple[str, int] | None = None) -> None:
        try:
            there = after is not None and path.is_file()
            kept = _kept(path, *after) if after is not None and there else []
            self.last: int | None = orjson.loads(kept[-1])["seq"] if kept else 0 if there and not path.stat().st_size else None
            opened = gzip.open(path, "wb", 6) if path.suffix == ".gz" else path.open("wb")  # noqa: SIM115 - close() ends it
            opened.writelines(kept)
            opened.flush()
        except OSError as error:
            raise ConfigurationError(f"ledger {path} cannot be written: {error.strerror}; choose another place") from None
        self._file = cast("IO[bytes]", opened)

    def write(self, line: bytes) -> None:
        """One message as it came; it is out of this process's hands at once, so that a kill loses nothing."""
        self._file.write(line + b"\n")
        self._file.flush()

    def add(self, record: LedgerRecord) -> None:
        """One record."""
        self.write(ledger_bytes(record))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def _kept(path: Path, run: str, seq: int) -> list[bytes]:
    """The lines of a run up to a window; what cannot be read ends them."""
    kept: list[bytes] = []
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for line in file:
                record = orjson.loads(line)
                if not line.endswith(b"\n") or record["run"] != run or record["seq"] > seq:
                    break
                kept.append(line)
    except (EOFError, gzip.BadGzipFile, zlib.error, orjson.JSONDecodeError, KeyError, TypeError):
        pass
    return kept
