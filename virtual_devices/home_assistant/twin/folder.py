"""The same of a folder in which a Home Assistant keeps what it knows: its own, or one that was unpacked from a backup."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from virtual_devices.home_assistant.backup import key_of, unpack
from virtual_devices.home_assistant.past.database import opened, version_of
from virtual_devices.home_assistant.past.sensors import FACTORS
from virtual_devices.home_assistant.twin.asking import Heard, per_kwh
from virtual_devices.home_assistant.twin.preferences import HOW, Price, meters_of
from virtual_devices.kit.errors import ConfigurationError

DATABASE = "home-assistant_v2.db"
_ROWS = """SELECT start_ts, sum, mean, min FROM statistics JOIN statistics_meta ON statistics_meta.id = statistics.metadata_id
  WHERE statistic_id = ? AND start_ts < ? ORDER BY start_ts"""
_SHOWN = """SELECT state, shared_attrs FROM states JOIN states_meta USING (metadata_id) LEFT JOIN state_attributes USING (attributes_id)
  WHERE states_meta.entity_id = ? ORDER BY last_updated_ts DESC LIMIT 1"""


def heard_in(folder: Path, begin: int, end: int) -> Heard:
    """What stands there of a time. begin, end: UTC seconds, full hours.

    Raises ConfigurationError where its Energy dashboard or its place is not set up, or its database is none.
    """
    preferences = _stored(folder, "energy", f"it has no Energy dashboard to make a twin of; {HOW}, and what sun and battery give and take")
    config = config_of(folder)
    meters = meters_of(preferences, str(folder))
    database = folder / DATABASE
    try:
        with closing(opened(database)) as source:
            version_of(source, database)
            rows = {name: _rows(source, name, begin, end) for name in (*meters.counters, *meters.levels)}
            return Heard(str(folder), meters, rows, config, _price(source, meters.price), _price(source, meters.feed_in))
    except sqlite3.Error as error:
        raise ConfigurationError(f"{database} cannot be read ({error}); put back a copy") from None


@contextmanager
def unpacked(backup: Path, key_file: Path | None) -> Iterator[Path]:
    """A backup's folder, within the block; nothing of it stays. Raises ConfigurationError as ``backup.unpack`` does."""
    with TemporaryDirectory(prefix="virtual-devices-backup-") as folder:
        unpack(backup, Path(folder), key_of(key_file), ())
        yield Path(folder)


def config_of(folder: Path) -> Mapping[str, Any]:
    """Where it stands, and its currency. Raises ConfigurationError for a folder that does not say it."""
    return _stored(folder, "core.config", "it does not say where it stands, which may stand in its configuration.yaml; ask it by --url while it runs")


def _stored(folder: Path, name: str, remedy: str) -> Mapping[str, Any]:
    file = folder / ".storage" / name
    try:
        found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))["data"]
    except FileNotFoundError:
        raise ConfigurationError(f"{file} is not there: {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{file} cannot be read ({error!r}); put back a copy") from None
    return found


def _rows(source: sqlite3.Connection, name: str, begin: int, end: int) -> list[dict[str, Any]]:
    """As a running one answers, counters in kWh. The first bar of all is its sum."""
    unit = source.execute("SELECT unit_of_measurement FROM statistics_meta WHERE statistic_id = ?", (name,)).fetchone()
    factor = 1 / FACTORS["kWh"].get(unit[0] if unit else "kWh", 1.0)
    rows, before = [], 0.0
    for start, total, mean, low in source.execute(_ROWS, (name, end)):
        if start >= begin:
            rows.append({"start": 1000 * int(start), "change": None if total is None else (total - before) * factor, "mean": mean, "min": low})
        before = total or 0.0
    return rows


def _price(source: sqlite3.Connection, price: Price) -> float | None:
    if price.number is not None or price.entity is None:
        return price.number
    shown = source.execute(_SHOWN, (price.entity,)).fetchone()
    return per_kwh(shown[0], json.loads(shown[1] or "{}")) if shown else None
