"""Where a run keeps its files: where somebody wants them, or in a folder that goes with the last object that needs it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class RunFolder:
    """The files of a run. record: what it came to, by quarters of an hour.  ledger: every transfer, None where nobody wants it."""

    def __init__(self, record: Path | None, ledger: Path | None) -> None:
        self.ledger = ledger
        if record is None:
            made = tempfile.mkdtemp(prefix="virtual-devices-")
            self._gone = weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
            record = Path(made) / "run.sqlite"
        self.record = record
