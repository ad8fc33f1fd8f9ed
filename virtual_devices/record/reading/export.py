"""The table of a record for other programs: as CSV, as Parquet and as a DataFrame of pandas; the same columns in each, by the same names."""

from __future__ import annotations

import csv
import io
import json
import warnings
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.reading.series import SeriesTable

if TYPE_CHECKING:
    import pandas as pd

TIMES = ("start_utc", "end_utc", "start_local", "end_local")


def csv_text(table: SeriesTable) -> str:
    """A head, and a line for each period: times in UTC and by the home's clocks with their offset; what is not known is left empty."""
    local = calendar(table.facts.zone)
    bounds = list(zip(table.start.tolist(), table.end.tolist(), strict=True))
    written = {time: (f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}", local.local(time).isoformat()) for pair in bounds for time in pair}
    form = ",".join(column.form for column in table.columns)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([*TIMES, *(column.name for column in table.columns)])
    for (start, end), numbers in zip(bounds, zip(*(column.numbers.tolist() for column in table.columns), strict=True), strict=True):
        (begins, begins_there), (ends, ends_there) = written[start], written[end]
        text.write(f"{begins},{ends},{begins_there},{ends_there},{(form % numbers).replace('nan', '')}\n")
    return text.getvalue()


def frame(table: SeriesTable) -> pd.DataFrame:
    """Indexed by ``time``, when each period begins, by the home's clocks. ``attrs``: ``units`` by column, and the ``zone``."""
    import pandas as pd  # noqa: PLC0415 - who wants no frame does without

    times = pd.DatetimeIndex(pd.to_datetime(table.start, unit="s", utc=True), name="time").tz_convert(table.facts.zone)
    found = pd.DataFrame(_numbers(table), index=times)
    found.attrs = {"units": table.units(), "zone": table.facts.zone}
    return found


def parquet_bytes(table: SeriesTable) -> bytes:
    """As a file of Parquet: times in UTC, and those of the wall without a zone; ``units`` (JSON) and ``zone`` beside. Raises as ``needs_parquet``."""
    needs_parquet()
    import fastparquet  # noqa: PLC0415 - an extra
    import pandas as pd  # noqa: PLC0415

    times = {}
    for name, seconds in (("start", table.start), ("end", table.end)):
        utc = pd.Series(pd.to_datetime(seconds, unit="s", utc=True))
        times[f"{name}_utc"], times[f"{name}_local"] = utc, utc.dt.tz_convert(table.facts.zone).dt.tz_localize(None)
    beside = {"units": json.dumps(table.units(), ensure_ascii=False), "zone": table.facts.zone, "home": table.facts.home, "every": table.every}
    target = _Unclosed()
    whole = pd.DataFrame({name: times[name] for name in TIMES} | _numbers(table))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the library does with pandas
        fastparquet.write("", whole, compression="SNAPPY", custom_metadata=beside, open_with=lambda *_: target)
    return target.getvalue()


def needs_parquet() -> None:
    """Raises ConfigurationError where the library is not installed."""
    if find_spec("fastparquet") is None:
        raise ConfigurationError("Parquet needs fastparquet: pip install 'virtual-devices[parquet]'; or take CSV")


def _numbers(table: SeriesTable) -> dict[str, Any]:
    """By column; seconds of what is recorded are whole."""
    return {column.name: column.numbers.astype("int64") if column.name == "recorded_s" else column.numbers for column in table.columns}


class _Unclosed(io.BytesIO):
    """Bytes that stay when their writer closes them."""

    def close(self) -> None:
        pass
