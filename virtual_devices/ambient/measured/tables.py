"""Other tables of weather: Solcast's, whose rows name the begin or the end of their time, and NASA POWER's, whose rows begin at their hour."""

from __future__ import annotations

import io
import re
from typing import Any

import pandas as pd

from virtual_devices.ambient._sky import HOUR
from virtual_devices.ambient.measured.weather_year import WeatherYear, year_of
from virtual_devices.kit.errors import ConfigurationError

_SOLCAST = {
    "ghi": "ghi", "dni": "dni", "dhi": "dhi", "air_temp": "temp_air", "airtemp": "temp_air", "wind_speed_10m": "wind_speed", "windspeed10m": "wind_speed"
}  # fmt: skip
_POWER = {"ALLSKY_SFC_SW_DWN": "ghi", "ALLSKY_SFC_SW_DIFF": "dhi", "ALLSKY_SFC_SW_DNI": "dni", "T2M": "temp_air", "WS10M": "wind_speed", "WS2M": "wind_speed"}
_PLACE = re.compile(r"latitude\s+(-?[\d.]+)\s+longitude\s+(-?[\d.]+)", re.IGNORECASE)
_PERIODS = {"PT5M": 5, "PT10M": 10, "PT15M": 15, "PT20M": 20, "PT30M": 30, "PT60M": 60, "PT1H": 60}
_NOWHERE = {"latitude": float("nan"), "longitude": float("nan")}


def is_table(text: str) -> bool:
    """Whether a text is one of these."""
    return "-END HEADER-" in text[:6000] or _is_solcast(text)


def _is_solcast(text: str) -> bool:
    heads = [head.strip().lower() for head in text.partition("\n")[0].split(",")]
    return "ghi" in heads and bool({"period_end", "periodend", "period_start", "periodstart"} & set(heads))


def read_table(text: str) -> WeatherYear:
    """Its year. Raises ConfigurationError for what it was not asked for."""
    return _read_solcast(text) if _is_solcast(text) else _read_power(text)


def hourly(data: Any) -> Any:
    """Means of the hours in which rows stand; an hour of several years stays apart."""
    columns = [name for name in ("ghi", "dhi", "dni", "temp_air", "wind_speed") if name in data]
    hours = data.index.tz_localize(None).floor("h")
    means = data[columns].astype(float).groupby(hours).mean()
    means.index = means.index.tz_localize("UTC")
    return means


def _complete(data: pd.DataFrame, ask: str) -> None:
    if missing := [name for name in ("ghi", "temp_air", "wind_speed") if name not in data]:
        raise ConfigurationError(f"it has no {' and no '.join(missing)}; {ask}")


def _read_solcast(text: str) -> WeatherYear:
    table = pd.read_csv(io.StringIO(text))
    table.columns = [str(head).strip().lower() for head in table.columns]
    data = pd.DataFrame({name: table[head].astype(float) for head, name in _SOLCAST.items() if head in table})
    _complete(data, "download it with ghi, dhi, air_temp and wind_speed_10m")
    period = str(table["period"].iloc[0]).upper() if "period" in table else "PT60M"
    if period not in _PERIODS:
        raise ConfigurationError(f"its period {period!r} is not known; download it by the hour (PT60M)")
    ends = next((head for head in ("period_end", "periodend") if head in table), None)
    begins = next((head for head in ("period_start", "periodstart") if head in table), None)
    times = pd.DatetimeIndex(pd.to_datetime(table[begins or ends], utc=True))
    if begins is None:
        times -= pd.Timedelta(minutes=_PERIODS[period])
    data.index = times
    return year_of(hourly(data), 0, 0, HOUR // 2, _NOWHERE)


def _read_power(text: str) -> WeatherYear:
    head, _, rows = text.partition("-END HEADER-")
    table = pd.read_csv(io.StringIO(rows.lstrip("\n")))
    data = pd.DataFrame({name: table[column].astype(float) for column, name in _POWER.items() if column in table})
    _complete(data, "download it by the hour with ALLSKY_SFC_SW_DWN, ALLSKY_SFC_SW_DIFF, T2M and WS10M")
    if "HR" not in table:
        raise ConfigurationError("it has no hours; download it by the hour")
    where = _PLACE.search(head)
    if where is None:
        raise ConfigurationError("its heading names no latitude and longitude; download it once more")
    if re.search(r"MJ|kWh?-hr/m", head):
        raise ConfigurationError("it is not in W/m² or Wh/m²; download it by the hour, for renewable energy")
    parts = {"year": table["YEAR"], "month": table["MO"], "day": table["DY"], "hour": table["HR"]}
    data.index = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame(parts))).tz_localize("UTC")
    place = {"latitude": float(where[1]), "longitude": float(where[2])}
    # local solar time there is that of the 15° around a place
    offset = 0.0 if re.search(r"\bUTC\b", head) else round(place["longitude"] / 15.0) * HOUR
    return year_of(data, offset, 0, HOUR // 2, place)
