"""A past for a Home Assistant that runs: statistics, hour by hour, by its websocket. Its states of earlier times nobody can write from outside."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from virtual_devices.home_assistant.link import HomeAssistant
from virtual_devices.home_assistant.past.hours import Row
from virtual_devices.home_assistant.past.samples import Samples
from virtual_devices.home_assistant.past.seam import Join, KeptRow, Lift, lifted
from virtual_devices.home_assistant.past.sensors import Sensor, sensors_of
from virtual_devices.home_assistant.past.written import HomePast, Written, converted, mendings
from virtual_devices.kit.errors import BrokerError
from virtual_devices.kit.home.model import Home

ROWS = 2000
"""At most in one message."""
AT_ONCE = 20
"""Statistics that are asked for in one question."""
PATIENCE = 60.0
"""Wall seconds within which a recorder has written what it was given."""
KNOWS_MEAN_TYPE = (2025, 11)
"""The version since which ``mean_type`` stands in place of ``has_mean``."""
FIRST = "1971-01-01T00:00:00+00:00"


def write(link: HomeAssistant, home: Home, samples: Samples, begin: int, end: int, *, overwrite: bool = False) -> Written:
    """Write the past between two times (UTC seconds, whole hours) into a Home Assistant.

    overwrite: what is there of that time too.  Raises RefusedError for what it does not take, BrokerError when it is away or does not write.
    """
    sensors = [each for each in sensors_of(home, registered(link)) if each.key in samples]
    known = _metadata(link, sensors)
    report = HomePast(sensors, samples, begin, end).report()
    chosen = []
    for sensor in sensors:
        factor = converted(sensor, known[sensor.entity_id]["statistics_unit_of_measurement"]) if sensor.entity_id in known else 1.0
        if isinstance(factor, str):
            report.left_out[sensor.entity_id] = factor
            continue
        unit = known[sensor.entity_id]["statistics_unit_of_measurement"] if sensor.entity_id in known else sensor.unit
        chosen.append(replace(sensor, factor=factor, unit=unit))
    past = HomePast(chosen, samples, begin, end)
    there = kept(link, [each for each in chosen if each.entity_id in known])
    mended = mendings(chosen, there)
    report.lifted = len(mended)
    old, last = link.version() < KNOWS_MEAN_TYPE, None
    for sensor in chosen:
        for lift in mended.get(sensor.entity_id, ()):
            _lift(link, sensor, lift)
        rows = there.get(sensor.entity_id, [])
        join = past.join(sensor, rows if sensor.entity_id not in mended else lifted(rows, mended[sensor.entity_id]), overwrite=overwrite)
        _import(link, sensor, join, old=old)
        if join.lift is not None and sensor.entity_id in known:  # of what comes after it, that of this very hour too
            _lift(link, sensor, join.lift)
        report.hours[sensor.entity_id] = len(join.rows)
        report.there[sensor.entity_id] = len(past.hours(sensor)) - len(join.rows)
        last = (sensor, {row.start for row in join.rows}) if join.rows else last
    if last is not None:
        _wait(link, *last)
    return report


def registered(link: HomeAssistant) -> dict[str, Mapping[str, Any]]:
    """Entities that came by MQTT, by unique id."""
    return {each["unique_id"]: each for each in link.ask("config/entity_registry/list") if each["platform"] == "mqtt"}


def kept(link: HomeAssistant, sensors: Sequence[Sensor]) -> dict[str, list[KeptRow]]:
    """The hours that are there, by statistic, oldest first; sums in the sensor's unit."""
    found: dict[str, list[KeptRow]] = {}
    by_unit: dict[tuple[str | None, str | None], list[str]] = {}
    for sensor in sensors:
        by_unit.setdefault((sensor.unit_class, sensor.unit), []).append(sensor.entity_id)
    for (unit_class, unit), names in by_unit.items():
        units = {"units": {unit_class: unit}} if unit_class in ("power", "energy") else {}
        for begin in range(0, len(names), AT_ONCE):
            answer = link.ask(
                "recorder/statistics_during_period", start_time=FIRST, statistic_ids=names[begin : begin + AT_ONCE], period="hour", types=["sum", "mean"], **units
            )
            found |= {name: [KeptRow(int(row["start"]) // 1000, row.get("sum")) for row in rows] for name, rows in answer.items()}
    return found


def _metadata(link: HomeAssistant, sensors: Sequence[Sensor]) -> dict[str, Mapping[str, Any]]:
    """What is known of those that have statistics already."""
    names = [each.entity_id for each in sensors]
    listed = link.ask("recorder/list_statistic_ids")
    return {each["statistic_id"]: each for each in listed if each["statistic_id"] in names and each["source"] == "recorder"}


def _import(link: HomeAssistant, sensor: Sensor, join: Join, *, old: bool) -> None:
    kind: dict[str, object] = {"has_mean": not sensor.counts} if old else {"mean_type": 0 if sensor.counts else 1, "unit_class": sensor.unit_class}
    metadata = {
        "statistic_id": sensor.entity_id, "source": "recorder", "name": None, "unit_of_measurement": sensor.unit, "has_sum": sensor.counts, **kind,
    }  # fmt: skip
    for begin in range(0, len(join.rows), ROWS):
        link.ask("recorder/import_statistics", metadata=metadata, stats=[_told(row) for row in join.rows[begin : begin + ROWS]])


def _lift(link: HomeAssistant, sensor: Sensor, lift: Lift) -> None:
    link.ask(
        "recorder/adjust_sum_statistics", statistic_id=sensor.entity_id, start_time=_written(lift.start), adjustment=lift.by,
        adjustment_unit_of_measurement=sensor.unit,
    )  # fmt: skip


def _told(row: Row) -> dict[str, object]:
    values = {"mean": row.mean, "min": row.low, "max": row.high, "state": row.state, "sum": row.sum}
    return {"start": _written(row.start), **{name: value for name, value in values.items() if value is not None}}


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def _wait(link: HomeAssistant, sensor: Sensor, starts: set[int]) -> None:
    """Until the recorder, which takes one thing after the other, has written the last of it. Raises BrokerError when it does not."""
    deadline = time.monotonic() + PATIENCE
    while not starts <= {each.start for each in kept(link, [sensor]).get(sensor.entity_id, [])}:
        if time.monotonic() > deadline:
            raise BrokerError(f"{link.url} has not written what it was given within {PATIENCE:g} s; look into its log, then try again: what is there is not written twice")
        time.sleep(0.2)
