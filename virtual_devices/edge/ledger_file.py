"""Ledger files: one LedgerMessage per line, JSON; compressed when the name ends in ``.gz``."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import IO, cast

from virtual_devices.edge.messages import write
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger import LedgerRecord


class LedgerFile:
    """A ledger being written. Raises ConfigurationError when the file cannot be made."""

    def __init__(self, path: Path) -> None:
        try:
            opened = gzip.open(path, "wb", 6) if path.suffix == ".gz" else path.open("wb")  # noqa: SIM115 - close() ends it
        except OSError as error:
            raise ConfigurationError(f"ledger {path} cannot be written: {error.strerror}; choose another place") from None
        self._file = cast("IO[bytes]", opened)

    def write(self, line: bytes) -> None:
        """One message as it came."""
        self._file.write(line + b"\n")

    def add(self, record: LedgerRecord) -> None:
        """One record."""
        self.write(write(record))

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
