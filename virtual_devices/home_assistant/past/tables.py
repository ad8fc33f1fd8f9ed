"""The tables of a recorder's database, written as Home Assistant does."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from virtual_devices.home_assistant.past.hours import FIVE, HOUR, Row
from virtual_devices.home_assistant.past.samples import Sample
from virtual_devices.home_assistant.past.seam import Join, KeptRow, Lift
from virtual_devices.home_assistant.past.sensors import Sensor
from virtual_devices.kit.ledger.quarters import QUARTER

DIP = 0.9
"""Part of what a meter showed below which it has begun anew, as Home Assistant sees it."""
UNIT_CLASSES_SINCE = 53
_INSERT = "INSERT OR REPLACE INTO {} (created_ts, metadata_id, start_ts, mean, min, max, state, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FNV, _PRIME = 0x811C9DC5, 0x01000193


def statistic(copy: sqlite3.Connection, name: str) -> tuple[int | None, str | None]:
    """Number and unit of a statistic; None where there is none."""
    found = copy.execute("SELECT id, unit_of_measurement FROM statistics_meta WHERE statistic_id = ?", (name,)).fetchone()
    return (int(found[0]), found[1]) if found else (None, None)


def add_statistic(copy: sqlite3.Connection, version: int, sensor: Sensor) -> int:
    """Its number."""
    values: dict[str, object] = {
        "statistic_id": sensor.entity_id, "source": "recorder", "unit_of_measurement": sensor.unit, "has_sum": sensor.counts,
        "mean_type": 0 if sensor.counts else 1,
    }  # fmt: skip
    values |= {"unit_class": sensor.unit_class} if version >= UNIT_CLASSES_SINCE else {"has_mean": not sensor.counts}
    return _add(copy, "statistics_meta", values)


def kept(copy: sqlite3.Connection, identity: int) -> list[KeptRow]:
    """The hours that are there, oldest first; the one that its first five minutes are of, where no hour is over."""
    rows = copy.execute("SELECT start_ts, sum FROM statistics WHERE metadata_id = ? ORDER BY start_ts", (identity,)).fetchall()
    first = None if rows else copy.execute("SELECT min(start_ts) FROM statistics_short_term WHERE metadata_id = ?", (identity,)).fetchone()[0]
    return [KeptRow(int(first) // HOUR * HOUR)] if first is not None else [KeptRow(int(start), total) for start, total in rows]


def lift(copy: sqlite3.Connection, identity: int, by: Lift) -> None:
    """Add to the sums of a statistic."""
    for table in ("statistics", "statistics_short_term"):
        copy.execute(f"UPDATE {table} SET sum = sum + ? WHERE metadata_id = ? AND start_ts >= ?", (by.by, identity, by.start))  # noqa: S608 - names of ours


def write_hours(copy: sqlite3.Connection, identity: int, join: Join) -> None:
    """The hours of a statistic; those after them join."""
    if join.lift is not None:
        lift(copy, identity, join.lift)
    _insert(copy, "statistics", identity, join.rows)


def write_short(copy: sqlite3.Connection, identity: int, rows: Sequence[Row], join: Join, *, overwrite: bool) -> int:
    """The five minutes of the hours that were written; how many. What is there stays, unless it is to be overwritten."""
    first = None if overwrite else copy.execute("SELECT min(start_ts) FROM statistics_short_term WHERE metadata_id = ?", (identity,)).fetchone()[0]
    hours = {row.start for row in join.rows}
    chosen = [
        row if row.sum is None else Row(row.start, state=row.state, sum=row.sum + join.shift)
        for row in rows
        if row.start // HOUR * HOUR in hours and (first is None or row.start < first)
    ]
    _insert(copy, "statistics_short_term", identity, chosen)
    return len(chosen)


def first_state(copy: sqlite3.Connection, entity: str) -> float | None:
    """The oldest number that an entity showed; None where it never did."""
    rows = copy.execute(
        "SELECT state FROM states JOIN states_meta USING (metadata_id) WHERE states_meta.entity_id = ? ORDER BY last_updated_ts LIMIT 20", (entity,)
    )
    return next((number for (text,) in rows if (number := _number(text)) is not None), None)


def write_states(copy: sqlite3.Connection, sensor: Sensor, samples: Sequence[Sample], begin: int, end: int, *, overwrite: bool) -> int:
    """What an entity showed, where it changed; how many. A power stands from the begin of a quarter-hour, all else from its end."""
    found = copy.execute("SELECT metadata_id FROM states_meta WHERE entity_id = ?", (sensor.entity_id,)).fetchone()
    identity = found[0] if found else _add(copy, "states_meta", {"entity_id": sensor.entity_id})
    if overwrite:
        _clear_states(copy, identity, begin, end)
    else:
        first = copy.execute("SELECT min(last_updated_ts) FROM states WHERE metadata_id = ?", (identity,)).fetchone()[0]
        end = end if first is None else min(end, int(first))
    power = sensor.device_class == "power"
    attributes = _attributes(copy, sensor, identity)
    rows, before = [], ""
    for each in samples:
        moment, text = (each.start, _text(each.mean)) if power else (each.start + QUARTER, _text(each.last))
        if begin <= moment < end and text != before:
            rows.append((text, moment, attributes, identity))
            before = text
    copy.executemany("INSERT INTO states (state, last_updated_ts, attributes_id, metadata_id, origin_idx) VALUES (?, ?, ?, ?, 0)", rows)
    return len(rows)


def compiled_until(copy: sqlite3.Connection, end: int) -> None:
    """Say that statistics are made until then, so that Home Assistant does not make them of these states once more."""
    run = datetime.fromtimestamp(end - FIVE, UTC).strftime("%Y-%m-%d %H:%M:%S.000000")
    newest = copy.execute("SELECT max(start) FROM statistics_runs").fetchone()[0]
    if newest is None or newest < run:
        copy.execute("INSERT INTO statistics_runs (start) VALUES (?)", (run,))


def _clear_states(copy: sqlite3.Connection, identity: int, begin: int, end: int) -> None:
    those = "SELECT state_id FROM states WHERE metadata_id = ? AND last_updated_ts >= ? AND last_updated_ts < ?"
    copy.execute(f"UPDATE states SET old_state_id = NULL WHERE old_state_id IN ({those})", (identity, begin, end))  # noqa: S608 - a text of ours
    copy.execute(f"DELETE FROM states WHERE state_id IN ({those})", (identity, begin, end))  # noqa: S608 - as above


def _attributes(copy: sqlite3.Connection, sensor: Sensor, identity: int) -> int:
    """The number of what stands beside the states: what stood there last, where something did."""
    found = copy.execute(
        "SELECT attributes_id FROM states WHERE metadata_id = ? AND attributes_id IS NOT NULL ORDER BY last_updated_ts DESC LIMIT 1", (identity,)
    ).fetchone()
    if found:
        return int(found[0])
    text = json.dumps(sensor.attributes, separators=(",", ":"), ensure_ascii=False)
    return _add(copy, "state_attributes", {"hash": _hash(text.encode()), "shared_attrs": text})


def _hash(content: bytes) -> int:
    """FNV-1a of 32 bits, by which Home Assistant finds attributes again."""
    found = _FNV
    for byte in content:
        found = (found ^ byte) * _PRIME & 0xFFFFFFFF
    return found


def _insert(copy: sqlite3.Connection, table: str, identity: int, rows: Sequence[Row]) -> None:
    now = time.time()
    copy.executemany(_INSERT.format(table), [(now, identity, float(each.start), each.mean, each.low, each.high, each.state, each.sum) for each in rows])


def _add(copy: sqlite3.Connection, table: str, values: dict[str, object]) -> int:
    names = ", ".join(values)
    done = copy.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))  # noqa: S608 - names of ours
    return int(done.lastrowid or 0)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _text(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
