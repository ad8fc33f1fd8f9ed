"""A run that is over, and what it came to: in findings, in a frame, as a picture, and transfer by transfer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from virtual_devices.answers.series import EVERY, whole
from virtual_devices.notebook.folder import RunFolder
from virtual_devices.notebook.ledger import RunLedger
from virtual_devices.record.reading.export import frame
from virtual_devices.record.reading.series import SeriesTable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class NotebookRun:
    """A run of a home, as ``vd.Home.run`` gives it."""

    def __init__(self, home: str, zone: str, result: Mapping[str, Any], folder: RunFolder) -> None:
        self._home, self._zone, self._result, self._folder = home, zone, result, folder

    @property
    def record(self) -> Path:
        """The file that keeps what the run came to, for ``virtual-devices history``, ``why`` and ``report``; a temporary one goes with the run."""
        return self._folder.record

    @property
    def ledger(self) -> RunLedger:
        """Every transfer, and its digest."""
        return RunLedger(self._folder, self._zone, self._result["windows"], self._result["ledger_sha256"])

    def frame(self, every: str = EVERY) -> pd.DataFrame:
        """A line for each period, indexed by ``time``, when it begins by the home's clocks; the columns of ``simulate --csv``.

        every: ``15min``, ``1h`` or another part of a day, ``day`` or ``month``.  Columns end in their unit (``_kwh``, ``_w``, ``_s``), or are
        readings; ``frame.attrs["units"]`` has the units of all.  Raises ConfigurationError for another ``every``.
        """
        return frame(self._table(every))

    def plot(self, every: str = EVERY) -> Figure:
        """A picture of the run, kW and %: where power came from and went, what batteries held; outages are shaded. every: as of ``frame``.

        Raises ConfigurationError where matplotlib is not installed.
        """
        from virtual_devices.notebook.plot import figure  # noqa: PLC0415 - an extra

        return figure(self._home, self.frame(every))

    def _table(self, every: str) -> SeriesTable:
        return whole(self._folder.record, every)
