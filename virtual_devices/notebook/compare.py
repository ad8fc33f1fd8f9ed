"""Two homes beside each other, for notebooks: ``vd.compare``, which takes ``vd.Home`` as well as files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, SupportsIndex

from virtual_devices.answers.comparing import asking
from virtual_devices.answers.comparing.comparison import Comparison
from virtual_devices.answers.comparing.money import Investment
from virtual_devices.answers.comparing.pairing import Side
from virtual_devices.answers.comparing.running import SEEDS, Progress
from virtual_devices.notebook.home import NotebookHome

Compared = NotebookHome | str | Path


def compare(
    a: Compared,
    b: Compared | None = None,
    duration: str | float | SupportsIndex | timedelta = "1y",
    *,
    changes: Mapping[str, Any] | None = None,
    before: bool = False,
    price: str | Path | Investment | None = None,
    seeds: int = SEEDS,
    start: str | date | datetime | None = None,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Two homes in the same weather, from the same start: what b saves against a, in money and kWh, in each year of weather.

    a, b: a ``vd.Home``, a home file, or an example by its name. Without b, ``a`` with ``changes`` is held against ``a``; without changes too, or with
    ``before``, ``a`` against itself before it had sun and battery.  duration: such as ``7d``, seconds or a timedelta.  changes: ``{"battery.capacity":
    "20 kWh"}``.  price: a price file, see docs/compare.md.  seeds: years of weather.  start: local time.  workers: processes, None for as many as
    there are cores, which a script has to ask for under ``if __name__ == "__main__"``.

    Raises ConfigurationError, HomeFileError and SettingError for what cannot be compared, VirtualDevicesError where an audit finds something.
    """
    return asking.compare(
        _side(a), _side(b) if b is not None else None, duration,
        changes=changes, before=before, price=price, seeds=seeds, start=start, workers=workers, progress=progress,
    )  # fmt: skip


def _side(home: Compared) -> Side | str | Path:
    return Side(home.name, home.model, dict(home.documents)) if isinstance(home, NotebookHome) else home
