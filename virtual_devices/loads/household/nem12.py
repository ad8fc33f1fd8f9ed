"""NEM12: interval readings as Australian distributors and retailers give them, a record for each day and register, by market time all year."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.tables import is_missing, number
from virtual_devices.loads.household.series import Series, listed
from virtual_devices.loads.household.units import MJ_PER_WH, UNITS, Unit

MARKET_TIME = "+10:00"
DAY = 1440
_LENGTHS = (1, 5, 10, 15, 30, 60)
_ONCE_MORE = "download the file once more"
_DRAWN = "E"
"""Registers of what a house drew begin so; B is what it gave, Q and K are reactive."""


@dataclass(slots=True)
class _Register:
    """meter: its number (NMI).  minutes: of an interval.  days: values in kWh, None where none is."""

    meter: str
    name: str
    unit: Unit | None
    minutes: int
    line: int
    days: dict[str, list[float | None]] = field(default_factory=dict)


def is_nem12(text: str) -> bool:
    """Whether a text is made of such records."""
    first, _, rest = text.lstrip("\ufeff \r\n").partition("\n")
    return first.startswith(("100,NEM1", '"100","NEM1')) or (first.startswith("200,") and "300," in rest[:2000])


def read_nem12(text: str, name: str, wanted: str | None) -> Series:
    """What the house drew by all its registers. wanted: a register or a meter, where there are several. Raises ConfigurationError."""
    registers = _registers(text, name)
    drawn = [each for each in registers if each.days and each.unit and each.unit.energy and each.name.upper().startswith(_DRAWN)]
    names = sorted({each.name for each in registers} | {each.meter for each in registers})
    if wanted is not None:
        drawn = [each for each in registers if each.days and each.unit and wanted in (each.name, each.meter)]
        drawn = [each for each in drawn if each.name == wanted or each.name.upper().startswith(_DRAWN)]
    if not drawn:
        raise ConfigurationError(f"{name}: it has no register of energy that the house drew (E1, E2 …), only {listed(names)}; name one with file_column, or ask for the import")
    meters = sorted({each.meter for each in drawn})
    if len(meters) > 1:
        raise ConfigurationError(f"{name}: say which meter is the household's, with file_column: {', '.join(meters)}")
    return _series(drawn)


def _registers(text: str, name: str) -> list[_Register]:
    found: list[_Register] = []
    for line, record in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        cells = [cell.strip().strip('"') for cell in record.split(",")]
        where = f"{name}, line {line}"
        if cells[0] == "100" and len(cells) > 1 and cells[1].upper() != "NEM12":
            raise ConfigurationError(f"{where}: it is {cells[1]}, with readings months apart; ask your distributor for interval data, NEM12")
        if cells[0] == "200":
            found.append(_register(cells, line, where))
        elif cells[0] == "300":
            if not found:
                raise ConfigurationError(f"{where}: readings without a register (200) above them; {_ONCE_MORE}")
            day, values = _day(cells, found[-1], where)
            found[-1].days[day] = values  # what comes later is newer
    return found


def _register(cells: list[str], line: int, where: str) -> _Register:
    if len(cells) < 9 or not cells[8].isdecimal() or int(cells[8]) not in _LENGTHS:  # noqa: PLR2004 - fields up to the length
        raise ConfigurationError(f"{where}: a register (200) has its unit and the minutes of its intervals in fields 8 and 9; {_ONCE_MORE}")
    return _Register(cells[1], cells[4] or cells[3], UNITS.get(cells[7].lower()), int(cells[8]), line)


def _day(cells: list[str], register: _Register, where: str) -> tuple[str, list[float | None]]:
    many = DAY // register.minutes
    try:
        day = f"{datetime.strptime(cells[1], '%Y%m%d'):%Y-%m-%d}"  # noqa: DTZ007 - a date
    except (ValueError, IndexError):
        raise ConfigurationError(f"{where}: {shown(cells[1] if len(cells) > 1 else '')} is no day such as 20250131; {_ONCE_MORE}") from None
    if len(cells) < many + 2:
        raise ConfigurationError(f"{where}: it has {len(cells) - 2} of the {many} values of a day; {_ONCE_MORE}")
    values: list[float | None] = []
    for cell in cells[2 : many + 2]:
        value = number(cell, ".")
        if value is None and not is_missing(cell):
            raise ConfigurationError(f"{where}: {shown(cell)} is no value; {_ONCE_MORE}")
        values.append(value)
    return day, values


def _series(drawn: list[_Register]) -> Series:
    """The sum of registers, by the longest of their intervals."""
    longest = max(each.minutes for each in drawn)
    sums: dict[str, float | None] = {}
    lines: dict[str, int] = {}
    days: dict[str, set[str]] = defaultdict(set)
    for each in drawn:
        factor = each.unit.factor / MJ_PER_WH / 1000 if each.unit else 1.0
        many = longest // each.minutes
        for day, values in each.days.items():
            days[each.name].add(day)
            for i in range(0, len(values), many):
                part = values[i : i + many]
                stamp = f"{day} {i * each.minutes // 60:02}:{i * each.minutes % 60:02}"
                value = None if None in part else sum(value * factor for value in part if value is not None)
                before = sums.get(stamp, 0.0)
                sums[stamp] = None if value is None or before is None else before + value
                lines.setdefault(stamp, each.line)
    stamps = sorted(sums)
    doubts = []
    if len({frozenset(each) for each in days.values()}) > 1:
        doubts.append(f"its registers {listed(sorted(days))} do not speak of the same days; what is there is added up")
    return Series(
        [lines[stamp] for stamp in stamps], stamps, ["" if (value := sums[stamp]) is None else repr(value) for stamp in stamps],
        heading=" + ".join(days), time_heading="market time", unit="kWh", ends=False, zone=MARKET_TIME, counter=False, doubts=doubts,
    )  # fmt: skip
