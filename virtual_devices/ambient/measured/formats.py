"""Reading weather files: TMY3, EPW and PVGIS by pvlib, the tables of NSRDB and SAM; others in ``open_meteo`` and ``tables``.

The format is seen from the text. What matters is when the light was that a row speaks of: each format has its own habit.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import pandas as pd
import pvlib

from virtual_devices.ambient._sky import HOUR
from virtual_devices.ambient.measured.open_meteo import SPEEDS, is_open_meteo, read_open_meteo
from virtual_devices.ambient.measured.tables import hourly, is_table, read_table
from virtual_devices.ambient.measured.weather_year import WeatherYear, year_of
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.foreign import foreign

KNOWN = "use TMY3, EPW, PVGIS hourly or TMY as CSV or JSON, NSRDB, SAM, Solcast or NASA POWER CSV, or Open-Meteo"
_OFFSET = re.compile(r"Irradiance Time Offset \(h\)\s*:\s*(-?[\d.]+)", re.IGNORECASE)
_SAM = {
    "ghi": ("ghi", "gh", "global", "global horizontal", "global horizontal irradiance"),
    "dni": ("dni", "dn", "beam", "direct normal", "direct normal irradiance"),
    "dhi": ("dhi", "df", "diffuse", "diffuse horizontal", "diffuse horizontal irradiance"),
    "temp_air": ("temperature", "tdry", "dry-bulb", "dry bulb", "dry bulb temperature", "air temperature", "temp", "t2m"),
    "wind_speed": ("wind speed", "wspd", "wind velocity", "windspeed"),
}  # fmt: skip
"""How columns are called in the tables of NSRDB and SAM, in small letters, without units."""
_FLAT = "fetch PVGIS hourly data with slope 0, radiation components and a fixed mounting, or its typical year (TMY)"
_PLACE = {"latitude": ("latitude", "lat"), "longitude": ("longitude", "lon", "long"), "tz": ("time zone", "timezone", "tz")}
_FAHRENHEIT = re.compile(r"[(\[]\s*°?\s*F\s*[)\]]")


def read_weather(text: str, name: str) -> WeatherYear:
    """Read a weather file's text. Raises ConfigurationError when it is of no known format, incomplete or implausible."""
    problem = foreign(text)
    if problem is not None:
        raise ConfigurationError(f"weather file {name!r}: {problem}")
    text = text.lstrip("\ufeff \r\n").replace("\r\n", "\n").replace("\r", "\n")
    reader = _reader(text)
    if reader is None:
        raise ConfigurationError(
            f"weather file {name!r}: the format is not known; {KNOWN}"
        )
    try:
        year = reader(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"weather file {name!r}: {error}") from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError, pd.errors.ParserError, csv.Error) as error:
        raise ConfigurationError(f"weather file {name!r} is damaged ({_brief(error)}); fetch it again") from error
    return year


def _brief(error: Exception) -> str:
    """An error's words on one line, and not endless."""
    return " ".join(str(error).split())[:200]


def _reader(text: str) -> Callable[[str], WeatherYear] | None:
    head = text[:2000]
    if is_open_meteo(text):
        return read_open_meteo
    if head.startswith("{"):
        return _read_pvgis_tmy if '"tmy_hourly"' in text else _read_pvgis_hourly if '"hourly"' in text else None
    for begin, reader in (("LOCATION,", _read_epw), ("Latitude (decimal degrees)", _read_pvgis_tmy if "month,year" in head else _read_pvgis_hourly)):
        if head.startswith(begin):
            return reader
    if "Date (MM/DD/YYYY)" in head:
        return _read_tmy3
    return _read_sam if _sam_heading(text) is not None else read_table if is_table(text) else None


def _plain_heading(text: str) -> io.StringIO:
    """The text with commas in quoted cells of its first line taken out: pvlib cuts that line at every comma."""
    first, _, rest = text.partition("\n")
    cells = next(csv.reader([first]), [])
    return io.StringIO(",".join(cell.replace(",", " ").strip() for cell in cells) + "\n" + rest)


def _read_tmy3(text: str) -> WeatherYear:
    # a label is the end of its hour: irradiance is the mean up to it, temperature and wind are read at it
    data, meta = pvlib.iotools.read_tmy3(_plain_heading(text))
    data.index -= pd.Timedelta(hours=1)
    return year_of(data, meta["TZ"] * HOUR, 0, HOUR, meta)


def _read_epw(text: str) -> WeatherYear:
    data, meta = pvlib.iotools.read_epw(_plain_heading(text))
    late = _OFFSET.search(text[:4000])
    if late:
        # by PVGIS: label and offset together are the time of a satellite's picture in UTC, whatever zone the file names
        return year_of(data, 0, round((1.0 + float(late[1])) * HOUR) - HOUR // 2, 0, meta)
    if (data["hour"].diff() == 0).any():  # several rows in an hour, each the mean up to its label
        return year_of(hourly(data), meta["TZ"] * HOUR, 0, HOUR // 2, meta)
    # as TMY3, but pvlib has moved the labels to the beginning of their hour
    return year_of(data, meta["TZ"] * HOUR, 0, HOUR, meta)


def _read_pvgis_tmy(text: str) -> WeatherYear:
    if text.startswith("{"):
        data, meta = pvlib.iotools.read_pvgis_tmy(io.StringIO(_with_meta(text)), pvgis_format="json")
        place = {**meta["inputs"]["location"]}
    else:
        data, meta = pvlib.iotools.read_pvgis_tmy(io.BytesIO(text.encode()), pvgis_format="csv")
        place = {**meta["inputs"]}
    late = float(place.get("irradiance time offset", place.get("irradiance_time_offset", 0.0)))
    # a satellite's picture at one instant stands for the hour around it
    return year_of(data, 0, round(late * HOUR) - HOUR // 2, 0, place)


def _with_meta(text: str) -> str:
    """The JSON with the descriptions that pvlib asks for."""
    content = json.loads(text)
    content.setdefault("meta", {}).setdefault("inputs", {})
    return json.dumps(content)


def _read_pvgis_hourly(text: str) -> WeatherYear:
    if text.startswith("{"):
        data, meta = pvlib.iotools.read_pvgis_hourly(io.StringIO(_with_meta(text)), pvgis_format="json")
        place = {**meta["inputs"]["location"]}
        fixed = meta["inputs"].get("mounting_system", {}).get("fixed")
        if fixed is None:
            raise ConfigurationError(f"it is for modules that follow the sun; {_FLAT}")
        slope = float(fixed.get("slope", {}).get("value", 90.0))
    else:
        data, meta = pvlib.iotools.read_pvgis_hourly(io.StringIO(text), pvgis_format="csv")
        place = {**meta["inputs"]}
        slope = float(str(place.get("Slope", "90")).split()[0])
    if slope != 0.0:
        raise ConfigurationError(f"it is for a tilted plane ({slope:g}°); {_FLAT}")
    if "poa_direct" in data:
        data["dhi"] = data["poa_sky_diffuse"].astype(float)
        data["ghi"] = data["dhi"] + data["poa_direct"].astype(float)
    else:
        data["ghi"] = data["poa_global"].astype(float)
    minute = int(data.index[0].minute)
    data.index = data.index.floor("h")
    return year_of(data, 0, minute * 60 - HOUR // 2, minute * 60, place)


# -- NSRDB and SAM ----------------------------------------------------------------------------------------------------------


def _sam_heading(text: str) -> tuple[dict[str, str], list[str], int] | None:
    """Facts of the place, names of the columns, and the number of lines above the rows; None for another format."""
    lines = text.split("\n", 3)[:3]
    if len(lines) < 3:  # noqa: PLR2004 - names, values, columns
        return None
    try:
        names, values, columns = (next(csv.reader([line.rstrip("\r")])) for line in lines)
    except (csv.Error, StopIteration):
        return None
    facts = {_bare(name): value.strip() for name, value in zip(names, values, strict=False) if name.strip()}
    bare = [_bare(name) for name in columns]
    place = all(any(name in facts for name in names_of) for names_of in (_PLACE["latitude"], _PLACE["longitude"]))
    return (facts, bare, 3) if place and any(name in bare for name in _SAM["ghi"] + _SAM["dhi"]) else None


def _bare(name: str) -> str:
    """A heading in small letters, without its unit."""
    return re.sub(r"\s*[(\[].*", "", name.strip().lower()).replace("_", " ")


def _factor(head: str) -> float:
    """From the unit of a heading to W/m² or m/s."""
    unit = head.lower()
    return 1000.0 if "kw" in unit else next((factor for name, factor in SPEEDS.items() if f"({name})" in unit or f"[{name}]" in unit), 1.0)


def _read_sam(text: str) -> WeatherYear:
    heading = _sam_heading(text)
    if heading is None:
        raise ConfigurationError(KNOWN)
    facts, columns, above = heading
    heads = dict(zip(columns, next(csv.reader([text.split("\n", 3)[2]])), strict=False))
    place = {key: float(next(facts[name] for name in names if name in facts)) for key, names in _PLACE.items() if any(name in facts for name in names)}
    table = pd.read_csv(io.StringIO(text), header=None, skiprows=above, usecols=range(len([name for name in columns if name])), skipinitialspace=True)
    table.columns = columns[: len(table.columns)]
    found = {key: next((name for name in names if name in columns), None) for key, names in _SAM.items()}
    if missing := [key for key in ("temp_air", "wind_speed") if found[key] is None]:
        raise ConfigurationError(f"it has no column {' and no column '.join(missing)}; download it with them")
    if sum(found[key] is not None for key in ("ghi", "dni", "dhi")) < (1 if found["ghi"] else 2):
        raise ConfigurationError("it has no column ghi; download it with global light")
    data = pd.DataFrame({key: table[name].astype(float) * _factor(heads[name]) for key, name in found.items() if name is not None})
    if found["temp_air"] is not None and _FAHRENHEIT.search(heads[found["temp_air"]]):
        data["temp_air"] = (data["temp_air"] - 32.0) / 1.8
    hour = table["hour"].astype(int)
    hour = hour - 1 if hour.min() == 1 and hour.max() == 24 else hour  # noqa: PLR2004 - hours from 1
    minute = table["minute"].astype(float) if "minute" in columns else None
    parts = {"year": table["year"].astype(int) if "year" in columns else 2001, "month": table["month"], "day": table["day"], "hour": hour}
    data.index = pd.DatetimeIndex(pd.to_datetime(pd.DataFrame(parts))).tz_localize("UTC")
    # a row is what was at its minute; where the table has no minutes, the mean of its hour
    middle = 30.0 if minute is None else float(minute[: 24 * len(minute.unique())].mean())
    return year_of(hourly(data), place.get("tz", 0.0) * HOUR, round(middle * 60) - HOUR // 2, round(middle * 60), place)
