"""A past in a copy of a recorder's database: states and statistics, as Home Assistant 2025.4 and 2026.11 write them into SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from virtual_devices.home_assistant.past import tables
from virtual_devices.home_assistant.past.samples import Samples
from virtual_devices.home_assistant.past.sensors import Sensor, sensors_of
from virtual_devices.home_assistant.past.written import HomePast, Written, converted, mendings
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home

VERSIONS = {50: "2025.4", 53: "2026.11"}
"""Of the schema, and which Home Assistant has it."""


def write(database: Path, out: Path, home: Home, samples: Samples, begin: int, end: int, *, overwrite: bool = False) -> Written:
    """Copy a database, and write the past between two times (UTC seconds, whole hours) into the copy, which is there whole or not at all.

    Ids are those of the registry of entities that lies beside the database, in ``.storage``; without one, those that the home asks for.
    overwrite: what is there of that time too.  Raises ConfigurationError for what is no such database, or a place that cannot be written.
    """
    if out.exists():
        raise ConfigurationError(f"{out} is there already; name another file with --out, or remove it")
    partial = out.with_name(out.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with closing(opened(database)) as source:
            version = version_of(source, database)
            with closing(sqlite3.connect(partial)) as copy:
                source.backup(copy)
                with copy:
                    report = _written(copy, version, home, registry_beside(database), samples, begin, end, overwrite=overwrite)
        partial.rename(out)
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(f"{database} cannot be copied to {out} with a past ({error}); name a recorder's database and a place with room") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return report


def registry_beside(database: Path) -> dict[str, Mapping[str, Any]]:
    """Entities that came by MQTT, by unique id. Raises ConfigurationError for a registry that is none."""
    file = database.parent / ".storage" / "core.entity_registry"
    try:
        entities = json.loads(file.read_text("utf-8"))["data"]["entities"]
        return {each["unique_id"]: each for each in entities if each["platform"] == "mqtt"}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{file} cannot be read ({error!r}); put back a copy, or move the database away from it") from None


def opened(database: Path) -> sqlite3.Connection:
    """A database, to be read only. Raises ConfigurationError where there is none."""
    if not database.is_file():
        raise ConfigurationError(f"{database} is no file; name a home-assistant_v2.db")
    return sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)


def version_of(source: sqlite3.Connection, database: Path) -> int:
    """Of its schema. Raises ConfigurationError for one that nobody here has seen."""
    try:
        found = source.execute("SELECT schema_version FROM schema_changes ORDER BY change_id DESC LIMIT 1").fetchone()
    except sqlite3.Error as error:
        raise ConfigurationError(f"{database} is no recorder's database ({error}); name the home-assistant_v2.db of a Home Assistant that has run") from None
    version = found[0] if found else None
    if version not in VERSIONS:
        known = " and ".join(f"{number} ({name})" for number, name in VERSIONS.items())
        raise ConfigurationError(
            f"{database} has version {version} of the recorder's schema; known are {known}: write into a running Home Assistant by --url, or let one of these open the database first"
        )
    return int(version)


def _written(
    copy: sqlite3.Connection, version: int, home: Home, registered: Mapping[str, Mapping[str, Any]], samples: Samples, begin: int, end: int, *, overwrite: bool
) -> Written:
    sensors = [each for each in sensors_of(home, registered) if each.key in samples]
    report = HomePast(sensors, samples, begin, end).report()
    report.lifted = _mend(copy, sensors)
    for sensor in sensors:
        meta, unit = tables.statistic(copy, sensor.entity_id)
        factor = converted(sensor, unit) if meta is not None else 1.0
        if isinstance(factor, str):
            report.left_out[sensor.entity_id] = factor
            continue
        told = sensor if meta is None else replace(sensor, factor=factor, unit=unit)
        _sensor(copy, version, meta, told, sensor, samples, report, overwrite=overwrite)
    tables.compiled_until(copy, end)
    return report


def _mend(copy: sqlite3.Connection, sensors: Sequence[Sensor]) -> int:
    """Join what Home Assistant counted anew after an earlier past; how many sensors."""
    known = {each.entity_id: meta for each in sensors if each.counts and (meta := tables.statistic(copy, each.entity_id)[0]) is not None}
    mended = mendings(sensors, {name: tables.kept(copy, meta) for name, meta in known.items()})
    for name, lifts in mended.items():
        for each in lifts:
            tables.lift(copy, known[name], each)
    return len(mended)


def _sensor(
    copy: sqlite3.Connection, version: int, meta: int | None, sensor: Sensor, shown: Sensor, samples: Samples, report: Written, *, overwrite: bool
) -> None:
    """One sensor. shown: with the unit of its states."""
    past = HomePast([sensor], _meeting(copy, sensor, samples), report.begin, report.end)
    identity = tables.add_statistic(copy, version, sensor) if meta is None else meta
    join = past.join(sensor, tables.kept(copy, identity), overwrite=overwrite)
    tables.write_hours(copy, identity, join)
    report.short += tables.write_short(copy, identity, past.five_minutes(sensor), join, overwrite=overwrite)
    report.states += tables.write_states(copy, shown, HomePast([shown], past.samples, report.begin, report.end).of(shown), report.begin, report.end, overwrite=overwrite)
    report.hours[sensor.entity_id] = len(join.rows)
    report.there[sensor.entity_id] = len(past.hours(sensor)) - len(join.rows)


def _meeting(copy: sqlite3.Connection, sensor: Sensor, samples: Samples) -> Samples:
    """A counter that ends where the first state that is recorded begins, unless that is a meter that began anew."""
    first = tables.first_state(copy, sensor.entity_id) if sensor.counts else None
    known = samples[sensor.key]
    if first is None or not known or first < tables.DIP * known[-1].last:
        return samples
    lift = first - known[-1].last
    return {**samples, sensor.key: [replace(each, last=each.last + lift) for each in known]}
