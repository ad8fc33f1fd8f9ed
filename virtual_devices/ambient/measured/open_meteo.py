"""Open-Meteo's answers, as JSON or CSV, by the hour or the quarter of an hour: radiation is the mean of the time before a label."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from virtual_devices.ambient._sky import HOUR
from virtual_devices.ambient.measured.weather_year import WeatherYear, year_of
from virtual_devices.kit.errors import ConfigurationError

SPEEDS = {"km/h": 1 / 3.6, "kmh": 1 / 3.6, "m/s": 1.0, "ms": 1.0, "mph": 0.44704, "mp/h": 0.44704, "kn": 1852 / 3600}
"""Metres per second of one."""
_WANTED = {"ghi": "shortwave_radiation", "dhi": "diffuse_radiation", "temp_air": "temperature_2m", "wind_speed": "wind_speed_10m"}
_ASK = f"ask Open-Meteo for hourly={','.join(_WANTED.values())}"
_HEADING = re.compile(r"(.*?)\s*\(([^)]*)\)\s*")
_QUARTERS = 4


def is_open_meteo(text: str) -> bool:
    """Whether a text is of Open-Meteo."""
    return (text.startswith("{") and '"utc_offset_seconds"' in text[:2000]) or text.startswith("latitude,longitude,elevation,utc_offset_seconds")


def read_open_meteo(text: str) -> WeatherYear:
    """Its year. Raises ConfigurationError for what it was not asked for."""
    content = json.loads(text) if text.startswith("{") else _of_csv(text)
    parts = 1
    rows, units = content.get("hourly"), content.get("hourly_units") or {}
    if rows is None and "minutely_15" in content:
        rows, units, parts = content["minutely_15"], content.get("minutely_15_units") or {}, _QUARTERS
    if rows is None:
        raise ConfigurationError(f"it has no hours; {_ASK}")
    if "diffuse_radiation" not in rows and "direct_radiation" in rows and "shortwave_radiation" in rows:
        rows = {**rows, "diffuse_radiation": _less(rows["shortwave_radiation"], rows["direct_radiation"])}
    if "wind_speed_10m" not in rows and "windspeed_10m" in rows:
        rows, units = {**rows, "wind_speed_10m": rows["windspeed_10m"]}, {**units, "wind_speed_10m": units.get("windspeed_10m", "km/h")}
    if missing := [name for key, name in _WANTED.items() if name not in rows and key != "dhi"]:
        raise ConfigurationError(f"it has no {' and no '.join(missing)}; {_ASK}")
    data = pd.DataFrame({key: np.array(rows[name], np.float64) for key, name in _WANTED.items() if name in rows})
    data["wind_speed"] *= _speed(units)
    if str(units.get("temperature_2m", "")).endswith("F"):
        data["temp_air"] = (data["temp_air"] - 32.0) / 1.8
    offset = float(content.get("utc_offset_seconds", 0))
    # radiation is the mean of the time before a label, temperature and wind are those at the label
    data.index = _labels(rows["time"], offset).tz_localize("UTC") - pd.Timedelta(hours=1) / parts
    if parts == 1:
        return year_of(data, offset, 0, HOUR, content)
    return year_of(_means(data), offset, 0, HOUR // 2, content)


def _labels(times: list[Any], offset: float) -> pd.DatetimeIndex:
    if times and isinstance(times[0], (int, float)):
        return pd.DatetimeIndex(pd.to_datetime(np.array(times, np.float64) + offset, unit="s"))
    return pd.DatetimeIndex(pd.to_datetime(times))


def _means(data: pd.DataFrame) -> pd.DataFrame:
    index = pd.DatetimeIndex(data.index)
    return data.groupby(index.floor("h")).mean()


def _of_csv(text: str) -> dict[str, Any]:
    """The same answer as CSV: facts of the place, a blank line, the rows."""
    facts, _, rest = text.partition("\n\n")
    names, values = (next(csv.reader([line])) for line in facts.split("\n")[:2])
    place = {name: value for name, value in zip(names, values, strict=False) if name in ("latitude", "longitude", "utc_offset_seconds")}
    rows = list(csv.reader(rest.partition("\n\n")[0].splitlines()))
    matches = [_HEADING.fullmatch(head) for head in rows[0]]
    heads = [match[1] if match else head for match, head in zip(matches, rows[0], strict=True)]
    units = {head: match[2] for head, match in zip(heads, matches, strict=True) if match}
    columns = {head: [row[j] if head == "time" else float(row[j] or "nan") for row in rows[1:]] for j, head in enumerate(heads)}
    return {**place, "hourly": columns, "hourly_units": units}


def _less(whole: list[Any], part: list[Any]) -> list[float]:
    return [float("nan") if None in (a, b) else max(0.0, a - b) for a, b in zip(whole, part, strict=True)]


def _speed(units: Mapping[str, Any]) -> float:
    unit = str(units.get("wind_speed_10m", "km/h")).lower()
    if unit not in SPEEDS:
        raise ConfigurationError(f"the unit {unit!r} of the wind is not known; ask Open-Meteo for wind_speed_unit=ms")
    return SPEEDS[unit]
