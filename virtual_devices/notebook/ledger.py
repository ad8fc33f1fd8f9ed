"""The ledger of a run: every joule that moved, window by window, or as a frame step by step."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import TYPE_CHECKING

from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.notebook.folder import RunFolder
from virtual_devices.record.reading.readers import Reader

if TYPE_CHECKING:
    import pandas as pd


class RunLedger:
    """Every transfer of a run; iterate over it for its windows, oldest first.

    Each is a LedgerRecord: ``span`` (``start`` in UTC seconds, ``step`` in s, ``steps``), ``edges`` (from whom to whom) and ``energy`` (for
    each edge the mJ of every step), ``demand`` and ``available`` (mJ of every step by load and by array), ``digest``.

    digest: SHA-256 over every step of the run; equal ledgers have equal digests.
    """

    def __init__(self, folder: RunFolder, zone: str, digest: str) -> None:
        self._folder, self._zone, self.digest = folder, zone, digest

    def __iter__(self) -> Iterator[LedgerRecord]:
        """Raises ConfigurationError where the run is longer than its record keeps windows whole, and nobody wanted a ledger."""
        return self._of_file() if self._folder.ledger is not None else self._of_record()

    def frame(self) -> pd.DataFrame:
        """A line for each step, indexed by ``time``, when it begins by the home's clocks; columns ``source>sink``, mJ. Raises as iteration does."""
        import pandas as pd  # noqa: PLC0415 - who wants no frame does without

        parts = []
        for each in self:
            seconds = range(each.span.start, each.span.end, each.span.step)
            columns = {f"{source}>{sink}": column for (source, sink), column in zip(each.edges, each.energy, strict=True)}
            parts.append(pd.DataFrame(columns, index=pd.Index(seconds)))
        whole = pd.concat(parts).fillna(0).astype("int64")
        whole.index = pd.DatetimeIndex(pd.to_datetime(whole.index, unit="s", utc=True), name="time").tz_convert(self._zone)
        return whole

    def __repr__(self) -> str:
        """In short."""
        return f"<ledger with digest {self.digest}>"

    def _of_file(self) -> Iterator[LedgerRecord]:
        path = self._folder.ledger
        assert path is not None  # noqa: S101 - asked before
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as file:
            yield from map(read_ledger, file)

    def _of_record(self) -> Iterator[LedgerRecord]:
        with Reader(self._folder.record) as reader:
            count = 0
            for count, each in enumerate(reader.windows(), 1):
                if count == 1 and reader.span is not None and each.span.start != reader.span[0]:
                    raise ConfigurationError(
                        'the record keeps the windows of the last 30 days whole; for all of them name a file: run("365d", ledger="year.jsonl.gz")'
                    )
                yield each
