"""Times as files of measurements write them: day or month first, seconds since 1970, by which clock.

A column is read as a whole: ``03/06/2025`` alone says nothing, a column in which ``25/06/2025`` stands does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError, shown

LOCAL, STANDARD = "local", "standard"
"""Zones of a file beside IANA names and offsets: the home's, and the home's standard time all year."""
FIRST_YEAR, LAST_YEAR = 1900, 2199
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - its difference to times without a zone is looked for
_SAMPLE = 50
_REVERSED = 3
"""Rows from which a file that goes back in time is turned round; two may be a slip."""
_MONTHS = {name: number for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
_MONTHS |= {"mai": 5, "mei": 5, "maj": 5, "mrz": 3, "mrt": 3, "okt": 10, "dez": 12, "des": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "avr": 4, "gen": 1, "mag": 5, "giu": 6, "lug": 7, "set": 9, "ott": 10}
_ACCENTS = {"mär": "mar", "aoû": "aug", "fév": "feb", "déc": "dec"}
"""Months in other languages, by their first three letters."""
_WEEKDAY = re.compile(r"^[^\W\d_]{2,10}\.?,? +(?=\d|[A-Z][a-z]{2})")
_BESIDE = re.compile(r"\s+(?:Uhr|h|hrs?)$|\[[\w/+-]+\]$|(?<=[+-]\d{4}) [A-Z]{3,5}$")
"""Words behind a time, such as a zone's name after its offset."""
_BASIC = re.compile(r"(\d{8})[T ]?(\d{2})(\d{2})(\d{2})?(Z?)")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{2})(?:\.(\d{2}))?$")
_CTIME = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) (\d{4})")
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "BST": 60, "WET": 0, "WEST": 60, "CET": 60, "MEZ": 60, "CEST": 120, "MESZ": 120, "EET": 120, "EEST": 180, "SAST": 120,
    "EDT": -240, "CDT": -300, "MDT": -360, "PDT": -420, "PST": -480, "AEST": 600, "AEDT": 660, "ACST": 570, "ACDT": 630, "AWST": 480, "NZST": 720, "NZDT": 780,
}  # fmt: skip
"""Minutes ahead of UTC of zones by their letters; EST, CST, MST and IST are left out, for they are several."""
_CLOCK = r"(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
_OFFSET = rf"\s*(?P<zone>Z|{'|'.join(_ZONES)}|(?:UTC|GMT)?[+-]\d{{2}}(?::?\d{{2}})?)?"
_YEAR_FIRST = r"(?P<y>\d{4})(?P<m1>[-/.])(?P<m>\d{1,2})(?P=m1)(?P<d>\d{1,2})"
_YEAR_LAST = r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{4}|\d{2})"
_NAMED = r"(?P<day>\d{1,2})[- .]*(?P<month>[A-Za-z]{3})[a-z]*[- ,.]*(?P<year>\d{4}|\d{2})"
_MONTH_FIRST = r"(?P<month2>[A-Za-z]{3})[a-z]*[ .]+(?P<day2>\d{1,2})[ ,]+(?P<year2>\d{4})"
_DATE = rf"(?:{_YEAR_FIRST}|{_YEAR_LAST}|{_NAMED}|{_MONTH_FIRST}|(?P<plain>\d{{8}}))"
_MOMENT = re.compile(rf"{_DATE}(?:[T ,_:]+{_CLOCK}{_OFFSET})?")
_WORD = re.compile(r"[^\W\d_]{3,}")
_LONGEST = 60
_ALONE = re.compile(_CLOCK)
_TWICE = re.compile(r"(\s0?[1-3])[AB]?(:\d{2}(?::\d{2})?)[AB]?$")
"""The hour that comes twice, marked ``2A:15`` and ``2B:15``, or ``02:15A``: the order of the rows says as much."""
_EPOCH_SECONDS = re.compile(r"(\d{9,10})(\.\d+)?")
_FINER = {16: 1000, 19: 1_000_000}
"""Digits of microseconds and nanoseconds, and how many are a millisecond."""
_DIGITS = {12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A written time. wall: without its zone.  offset: minutes ahead of UTC, None where it names none."""

    wall: datetime
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class Stamps:
    """A column of times. seconds: UTC, ascending.  reversed: whether the file has the newest first.  doubts: what may be meant otherwise.

    absolute: whether each time says its own zone.  walls: the first and the last as they are written.
    """

    seconds: list[int]
    reversed: bool
    absolute: bool
    doubts: list[str] = field(default_factory=list)
    walls: tuple[datetime, datetime] | None = None


def moment(cell: str, *, day_first: bool = True) -> Stamp | None:
    """A date, with a time of day or without; seconds or milliseconds since 1970. None for anything else."""
    text = cell.strip().strip('"')
    if "A" in text or "B" in text:
        text = _TWICE.sub(r"\1\2", text)
    if text.replace(".", "", 1).isdecimal():
        if len(text) == len("20250131"):
            return _matched(text, day_first=day_first)
        return _formed(text, _DIGITS[len(text)]) if len(text) in _DIGITS and "." not in text else _since_epoch(text)
    if text[:4].isdigit() and text[4:5] == "-":
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            delta = found.utcoffset()
            return Stamp(found.replace(tzinfo=None), None if delta is None else delta.total_seconds() / 60)
    return _matched(text, day_first=day_first)


def _since_epoch(text: str) -> Stamp | None:
    if text.isdecimal() and (len(text) == 13 or (len(text) in _FINER and text[0] == "1")):  # noqa: PLR2004 - milliseconds
        return Stamp(EPOCH + timedelta(microseconds=int(text) * 1000 // _FINER.get(len(text), 1)), 0)
    match = _EPOCH_SECONDS.fullmatch(text)
    return Stamp(EPOCH + timedelta(seconds=int(match[1]), microseconds=round(float(match[2] or 0) * 1e6)), 0) if match else None


def _formed(text: str, form: str) -> Stamp | None:
    try:
        return Stamp(datetime.strptime(text, form))  # noqa: DTZ007 - the zone comes later
    except ValueError:
        return None


def _matched(text: str, *, day_first: bool) -> Stamp | None:
    match = _MOMENT.fullmatch(text)
    if match is None or not text.isascii():
        plain = _plainly(text)
        match = _MOMENT.fullmatch(plain) if plain != text and plain.isascii() else None
        if match is None:
            return None
    if match["y"]:
        year, month, day = match["y"], match["m"], match["d"]
    elif match["a"]:
        year = match["c"]
        day, month = (match["a"], match["b"]) if day_first or match["mark"] == "." else (match["b"], match["a"])
    elif named := match["month"] or match["month2"]:
        year, month, day = match["year"] or match["year2"], str(_MONTHS.get(named.lower(), 0)), match["day"] or match["day2"]
    else:
        year, month, day = match["plain"][:4], match["plain"][4:6], match["plain"][6:]
    seconds = clock_seconds(match) if match["hour"] else 0.0
    if seconds is None:
        return None
    try:
        date = datetime(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))  # noqa: DTZ001, PLR2004 - zone later; two digits
        return Stamp(date + timedelta(seconds=seconds), _offset(match["zone"]))
    except (ValueError, OverflowError):
        return None


def _plainly(text: str) -> str:
    """A time without what people and programs write beside it, and with months in English."""
    text = text.replace("\u00a0", " ").replace("\u202f", " ")
    if not 8 <= len(text) <= _LONGEST or not any(map(str.isdigit, text)):  # noqa: PLR2004 - a date has as many
        return text
    if match := _BASIC.fullmatch(text):
        return f"{match[1]} {match[2]}:{match[3]}:{match[4] or '00'}{match[5]}"
    text = _BESIDE.sub("", _WEEKDAY.sub("", text))
    if match := _CTIME.fullmatch(text):
        return f"{match[2]} {match[1]} {match[4]} {match[3]}"
    begin, _, end = text.rpartition(" ")
    if begin and (match := _DOTTED.fullmatch(end)) and any(map(str.isdigit, begin)):
        text = f"{begin} {match[1]}:{match[2]}" + (f":{match[3]}" if match[3] else "")
    return _WORD.sub(lambda word: _ACCENTS.get(word[0][:3].lower(), word[0]), text)


def clock_seconds(match: re.Match[str]) -> float | None:
    """Seconds of the day, 24:00 included; None for a time of day that there is not."""
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - hours of half a day
            return None
        hour = hour % 12 + (12 if match["half"][0] in "Pp" else 0)
    seconds = hour * 3600 + minute * 60 + second + float(f"0.{match['part'] or 0}")
    return seconds if minute < 60 and second < 60 and seconds <= 86_400 else None  # noqa: PLR2004


def time_of_day(cell: str) -> float | None:
    """Seconds of the day that a cell such as ``18:30`` or ``6:30 PM`` says; None for anything else."""
    match = _ALONE.fullmatch(cell.strip()) if cell.isascii() else None
    return clock_seconds(match) if match else None


def _offset(zone: str | None) -> float | None:
    if not zone:
        return None
    if zone in _ZONES:
        return _ZONES[zone]
    digits = zone.removeprefix("UTC").removeprefix("GMT").replace(":", "")
    minutes = int(digits[1:3]) * 60 + int(digits[3:] or 0)
    if minutes >= 24 * 60:
        raise ValueError
    return -minutes if digits[0] == "-" else minutes


def clock_of(text: str, home: str, year: int) -> tzinfo:
    """The clock by which a file's times are: ``local``, ``standard``, an IANA name, or an offset such as ``UTC`` or ``+01:00``.

    home: the home's zone.  year: for its standard time.  Raises ConfigurationError for an unknown one.
    """
    if text == LOCAL:
        return calendar(home).zone
    if text == STANDARD:
        zone = calendar(home).zone
        offsets = [datetime(year, month, 1, tzinfo=zone).utcoffset() or timedelta() for month in (1, 7)]
        return timezone(min(offsets))
    try:
        minutes = _offset(text) if re.fullmatch(_OFFSET, text) else None
    except ValueError:
        minutes = None
    return calendar(text).zone if minutes is None else timezone(timedelta(minutes=minutes))


def read_times(
    cells: Sequence[str], where: Callable[[int], str], clock: str, home: str, *, fractions: bool = False, day_first: bool | None = None
) -> Stamps:
    """The times of a column, in order.

    where: of a row, such as ``load.csv, line 3``.  clock: of times without an offset, see ``clock_of``.  fractions: of seconds are rounded, not
    refused.  day_first: None, to find out.  Raises ConfigurationError with the row and how to mend it.
    """
    doubts: list[str] = []
    if day_first is None:
        day_first = _day_first(cells, doubts)
    found: list[Stamp] = []
    for index, cell in enumerate(cells):
        one = moment(cell, day_first=day_first)
        if one is None or not FIRST_YEAR <= one.wall.year <= LAST_YEAR:
            raise ConfigurationError(
                f"{where(index)}: {shown(cell)} is no timestamp; write it like 2025-01-31T06:00:00 or 2025-01-31T06:00:00+02:00"
            )
        if one.wall.microsecond:
            if not fractions:
                raise ConfigurationError(f"{where(index)}: {one.wall.isoformat()} has a fraction of a second; round it to whole seconds")
            one = Stamp((one.wall + timedelta(microseconds=500_000)).replace(microsecond=0), one.offset)
        found.append(one)
    back = len(found) >= _REVERSED and found[0].wall > found[-1].wall
    order = range(len(found) - 1, -1, -1) if back else range(len(found))
    seconds = _ascending([found[i] for i in order], lambda row: where(order[row]), clock, home, equal=fractions)
    walls = (found[order[0]].wall, found[order[-1]].wall) if found else None
    return Stamps(seconds, back, all(one.offset is not None for one in found), doubts, walls)


def _day_first(cells: Sequence[str], doubts: list[str]) -> bool:
    """Whether dates with their year last have the day first."""
    pairs = _open_dates(cells[:_SAMPLE]) and _open_dates(cells)
    if not pairs or any(a > 12 for a, _ in pairs):  # noqa: PLR2004 - months
        return True
    if any(b > 12 for _, b in pairs):  # noqa: PLR2004
        return False
    firsts, seconds = ({pair[place] for pair in pairs} for place in (0, 1))
    if len(firsts) != len(seconds):  # the days of a short stretch of time differ, its months do not
        return len(firsts) > len(seconds)
    a, b = min(pairs)
    if a != b:
        doubts.append(f"the dates may have the day or the month first: {a:02}/{b:02} is taken for day {a} of month {b}; write the year first to be sure")
    return True


def _open_dates(cells: Sequence[str]) -> set[tuple[int, int]]:
    """The first two numbers of dates that may be day and month, or month and day."""
    matches = (_MOMENT.fullmatch(cell.strip().strip('"')) for cell in cells)
    return {(int(match["a"]), int(match["b"])) for match in matches if match and match["a"] and match["mark"] != "."}


def _ascending(moments: Sequence[Stamp], where: Callable[[int], str], clock: str, home: str, *, equal: bool) -> list[int]:
    zone = clock_of(clock, home, moments[0].wall.year) if moments else UTC
    wall = isinstance(zone, ZoneInfo)
    last: int | None = None
    skipped: tuple[str, datetime] | None = None
    found: list[int] = []
    for row, one in enumerate(moments):
        time = int((one.wall - EPOCH).total_seconds())
        if one.offset is not None:
            time -= round(one.offset * 60)
        elif wall:
            early, late = (int((one.wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()).total_seconds()) for fold in (0, 1))
            twice = early > late and last is not None and time - early <= last
            if early < late:
                skipped = where(row), one.wall
                before = (one.wall - timedelta(seconds=1)).replace(tzinfo=zone)
                if (before.utcoffset() or timedelta()) != (before.replace(fold=1).utcoffset() or timedelta()):
                    raise _never(*skipped, home)
            time -= late if twice else early  # the hour that comes twice when the clocks go back
        else:
            time -= int((one.wall.replace(tzinfo=zone).utcoffset() or timedelta()).total_seconds())
        if last is not None and (time < last if equal else time <= last):
            if skipped is not None and one.wall - skipped[1] < timedelta(hours=3):
                raise _never(*skipped, home)
            raise ConfigurationError(
                f"{where(row)}: {one.wall.isoformat()} is not later than the line before; sort the lines, drop repeated ones, "
                "or write each time with its offset, such as +02:00"
            )
        found.append(time)
        last = time
    return found


def _never(where: str, wall: datetime, home: str) -> ConfigurationError:
    return ConfigurationError(
        f"{where}: {wall:%Y-%m-%d %H:%M} never was on the clocks of {home}, which went forward then: the file is not in local time; "
        f"say file_time_zone: {STANDARD} (standard time all year) or file_time_zone: UTC"
    )
