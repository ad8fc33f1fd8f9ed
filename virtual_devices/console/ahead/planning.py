"""A plan: the programs of an inverter's timer as a form, found in the catalogue of kinds on the bus by what their settings may be.

What is no setting of a program, and still decides about it, stands beside: what one sets every day on that inverter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.kit.errors import SettingError, shown
from virtual_devices.kit.home.catalogue import switchboard

_NUMBERED = re.compile(r"([a-z][a-z_]*?)_?(\d{1,2})_([a-z][a-z_]*)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*(\S*)\s*")
_THOUSANDS = {"k": 1e3, "M": 1e6, "m": 1e-3}
DAY_MINUTES = 24 * 60
Values = Mapping[str, Any]
"""Settings by name."""


@dataclass(frozen=True, slots=True)
class ProgramForm:
    """One program. settings: name of the setting by part, such as ``time``.  title: for people."""

    number: int
    title: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlanForm:
    """What a plan is made of.

    begin: the part that says from when a program holds.  parts: of each program, with what people call it.  schemas: of every setting that the form has,
    by name.  beside: settings that no program has and that one sets every day.
    """

    begin: str
    parts: Mapping[str, str]
    programs: tuple[ProgramForm, ...]
    schemas: Mapping[str, Mapping[str, Any]]
    beside: tuple[str, ...]


def plan_form(kind: KindForm | None) -> PlanForm | None:
    """The form of an inverter's programs; None for one that has none: no numbered settings of which one is a time of day."""
    properties: Mapping[str, Any] = kind.settings.get("properties", {}) if kind is not None else {}
    live = {name: schema for name, schema in properties.items() if isinstance(schema, dict) and schema.get("x-live")}
    families: dict[str, dict[int, dict[str, str]]] = {}
    for name in live:
        if (found := _NUMBERED.fullmatch(name)) is not None:
            families.setdefault(found[1], {}).setdefault(int(found[2]), {})[found[3]] = name
    for members in families.values():
        parts = list(next(iter(members.values())))
        begin = next((part for part in parts if all(part in each and _is_clock(live[each[part]]) for each in members.values())), None)
        if begin is None or len(members) < 2:  # noqa: PLR2004 - one alone is no course of a day
            continue
        programs = tuple(ProgramForm(number, _title(number, live[each[begin]])[0], each) for number, each in sorted(members.items()))
        own = {name for each in members.values() for name in each.values()}
        beside = tuple(name for name, schema in live.items() if name not in own and schema.get("x-everyday"))
        titles = {part: _title(programs[0].number, live[programs[0].settings[part]])[1] for part in parts}
        return PlanForm(begin, titles, programs, {name: live[name] for name in (*beside, *(name for each in programs for name in each.settings.values()))}, beside)
    return None


def _is_clock(schema: Mapping[str, Any]) -> bool:
    choices = schema.get("enum")
    return isinstance(choices, list) and bool(choices) and all(isinstance(each, str) and _CLOCK.fullmatch(each) for each in choices)


def _title(number: int, schema: Mapping[str, Any]) -> tuple[str, str]:
    """What people call a program, and one of its settings, from the setting's title: ``Program 1 time``."""
    before, mark, after = str(schema.get("title") or "").partition(f" {number} ")
    return (f"{before} {number}", after.strip().capitalize()) if mark else (str(number), before)


def bounds(schema: Mapping[str, Any]) -> tuple[float, float] | None:
    """The least and the most of a number; None for what is none, or has no limits."""
    for each in (schema, *schema.get("anyOf", ())):
        if each.get("type") in ("number", "integer") and "minimum" in each and "maximum" in each:
            return float(each["minimum"]), float(each["maximum"])
    return None


def number_of(text: str, schema: Mapping[str, Any], title: str) -> float:
    """A number as somebody writes it, with its unit or without. title: of the field.  Raises SettingError in words for what is none, or beyond its limits."""
    unit, found = str(schema.get("x-unit") or ""), _NUMBER.fullmatch(text)
    factor = None if found is None else 1.0 if found[2] in ("", unit) else _THOUSANDS.get(found[2].removesuffix(unit)) if unit and found[2].endswith(unit) and unit != "%" else None
    if found is None or factor is None:
        raise SettingError(f"{title}: {shown(text)} is no number in {unit or 'digits'}; write one such as {_example(schema)}")
    value, limits = float(found[1]) * factor, bounds(schema)
    if limits is not None and not limits[0] <= value <= limits[1]:
        raise SettingError(f"{title}: {value:g} {unit} is out of range; use {limits[0]:g} to {limits[1]:g} {unit}".rstrip())
    return value


def _example(schema: Mapping[str, Any]) -> str:
    limits = bounds(schema)
    default = schema.get("default")
    number = default if isinstance(default, int | float) and not isinstance(default, bool) else limits[1] if limits is not None else 1
    return f"{number:g} {schema.get('x-unit') or ''}".rstrip()


def changes(present: Values, wanted: Values) -> dict[str, Any]:
    """What of a plan is other than the device says; what the device has not said counts as other."""
    return {name: value for name, value in wanted.items() if name not in present or present[name] != value}


def field_named(text: str, names: Iterable[str]) -> str | None:
    """The setting of which a refusal speaks, the first that it names; None: of none of these."""
    found = [(text.find(name), -len(name), name) for name in names if re.search(rf"\b{re.escape(name)}\b", text)]
    return min(found)[2] if found else None


def minutes_of(clock: object) -> int | None:
    """A time of day in minutes since midnight; None for what is none."""
    return int(clock[:2]) * 60 + int(clock[3:5]) if isinstance(clock, str) and _CLOCK.fullmatch(clock) else None


def held(form: PlanForm, plan: Values, minute: int) -> ProgramForm | None:
    """The program that holds at a minute of the day: the last that has begun, past midnight the last of all; of equal times the last one."""
    begins = [(minutes_of(plan.get(each.settings[form.begin])), each) for each in form.programs]
    known: Sequence[tuple[int, ProgramForm]] = [(begin, each) for begin, each in begins if begin is not None]
    if not known:
        return None
    begun = [each for begin, each in known if begin <= minute % DAY_MINUTES]
    return begun[-1] if begun else known[-1][1]


def moved(form: PlanForm, plan: Values, minute: int, by: int) -> tuple[str, str] | None:
    """The setting, and the time, of the program that begins at a minute of the day, moved by some minutes as far as its neighbours let it; None where none begins then."""
    begins = [minutes_of(plan.get(each.settings[form.begin])) for each in form.programs]
    number = max((place for place, begin in enumerate(begins) if begin == minute), default=None)
    if number is None:
        return None
    name = form.programs[number].settings[form.begin]
    least = max((begin for begin in begins[:number] if begin is not None), default=0)
    most = min((begin for begin in begins[number + 1 :] if begin is not None), default=DAY_MINUTES)
    free = [clock for clock in form.schemas[name]["enum"] if least <= (minutes_of(clock) or 0) <= most]
    return (name, min(free, key=lambda clock: abs((minutes_of(clock) or 0) - minute - by))) if free else None


def only_passes(inverter: DeviceView) -> bool:
    """Whether an inverter is off, or stands in where a home has none."""
    kind, settings = switchboard()
    return inverter.kind == kind and bool(settings) and all(inverter.state.get(name) == value for name, value in settings.items())


MASTER = "use_timer"
"""What an inverter calls the switch without which no program holds."""


def master(form: PlanForm) -> str | None:
    """The setting that says whether the programs hold at all; None where they always do."""
    return MASTER if MASTER in form.beside else None


def kept_level(form: PlanForm) -> str | None:
    """The part that says how full the battery is kept; None where no part is a share."""
    return next((part for part, name in form.programs[0].settings.items() if form.schemas[name].get("x-unit") == "%"), None)
