"""A run that is over, and what it came to: in findings, in a frame, as a picture, and transfer by transfer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.series import EVERY, whole
from virtual_devices.notebook.folder import RunFolder
from virtual_devices.notebook.html import lines_of, table
from virtual_devices.notebook.ledger import RunLedger
from virtual_devices.record.reading.export import frame
from virtual_devices.record.reading.series import SeriesTable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class NotebookRun:
    """A run of a home that is over, as ``vd.Home.run`` gives it.

    summary: what it came to, energies in kWh, powers in W, shares 0 to 1, money in the grid's currency; None where nobody knows.
    """

    def __init__(self, summary: Findings, folder: RunFolder) -> None:
        self.summary, self._folder = summary, folder

    @property
    def record(self) -> Path:
        """The file that keeps what the run came to, for ``virtual-devices history``, ``why`` and ``report``; a temporary one goes with the run."""
        return self._folder.record

    @property
    def ledger(self) -> RunLedger:
        """Every transfer, and its digest."""
        return RunLedger(self._folder, self.summary.zone, self.summary.digest or "")

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

        return figure(self.summary.home, self.frame(every))

    def __repr__(self) -> str:
        """In short."""
        return f"<run of {self.summary.home} from {self.summary.start[:16]} to {self.summary.end[:16]}>"

    def _repr_html_(self) -> str:
        """The first answers."""
        found = self.summary
        return table(f"{found.home}, {found.start[:16].replace('T', ' ')} to {found.end[:16].replace('T', ' ')} ({found.zone})", (), lines_of(found))

    def _table(self, every: str) -> SeriesTable:
        return whole(self._folder.record, every)
