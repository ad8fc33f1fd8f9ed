"""The settings and readings of a device class as plain data, taken from its declarations.

Use them through ``virtual_devices.kit.forms.changes``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_origin, get_type_hints

from annotated_types import MaxLen, MultipleOf
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from virtual_devices.kit.accounts import PORTS
from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.device import Conditions
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.annotations import Parts, bound_of, walk
from virtual_devices.kit.forms.orders import is_switchable, orders_form
from virtual_devices.kit.quantities import ENERGY, FLAG, INSTANT, JOULES, TEXT, Quantity
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.schedule import SWITCH
from virtual_devices.kit.settings import (
    Appearance,
    Choices,
    Daily,
    Detail,
    Document,
    Everyday,
    Form,
    HomeFileOnly,
    Icon,
    Numbers,
    OnCircuit,
    Partner,
)
from virtual_devices.kit.weekly import WeeklyTimes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from virtual_devices.kit.device import AnyDevice

SettingType = Literal["number", "integer", "flag", "choice", "text", "times"]
ReadingType = Literal["number", "flag", "choice", "text", "instant", "list"]

MAX_TEXT = 10_000
"""Most characters of a text setting that names no limit of its own."""

LAST_ERROR_TIME = "last_error_time"
"""Key of a state beside the reading ``last_error``: when that was, by the clock on the wall, ISO 8601."""
RESERVED_KEYS = frozenset({"at", "by", "day_start", "month_start", LAST_ERROR_TIME})
"""Keys of commands and states that are neither a setting nor a reading; none may be named so."""
_SHOWN = 12
"""Choices that a line names."""
_CAPITALS = frozenset({"ac", "cop", "dc", "dhi", "dni", "ghi", "poa", "pv", "soc", "tv"})
_NONE = type(None)


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting.

    quantity: None for a bare number and for what is no number.  minimum, maximum: in the quantity's unit; open_minimum,
    open_maximum: the bound itself is excluded.  step: the smallest sensible change.  choices: of a choice, in JSON form.
    words: texts that stand for a number (such as ``max``).  longest: most characters of a text.  default: JSON form.  live: may be changed while the home runs.
    everyday: what its owner reaches for.  detail: hidden from a first look.  appearance: how it is called and shown, and nothing more.  icon: of its entity.  partner: it names another device.  circuit: it says what the device hangs on; its
    choices are the ports that most homes have, and every circuit of a home is one more.  document: it names a file.  numbers: how many a text holds, where it holds numbers.  daily: a number that depends on the time of day.  optional: may be null.
    required: has no default.
    """

    name: str
    title: str
    description: str
    type: SettingType
    quantity: Quantity | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    pattern: str | None = None
    longest: int = MAX_TEXT
    default: Any = None
    live: bool = True
    everyday: bool = False
    detail: bool = False
    appearance: bool = False
    icon: str = ""
    partner: Partner | None = None
    circuit: bool = False
    document: bool = False
    numbers: int = 0
    daily: bool = False
    optional: bool = False
    required: bool = False
    open_minimum: bool = False
    open_maximum: bool = False

    @property
    def unit(self) -> str:
        """Unit of the stored value; empty where there is none."""
        return self.quantity.unit if self.quantity else ""

    @property
    def range(self) -> str:
        """What it accepts, in words: ``0 to 5000 W``."""
        if self.type == "choice":
            more = " | a circuit of this home" if self.circuit else " | …" if len(self.choices) > _SHOWN else ""
            return " | ".join(str(choice) for choice in self.choices[:_SHOWN]) + more
        if self.type == "flag":
            return "true or false"
        if self.type == "times":
            weekly = ', or "Mon-Fri 06:00-07:30, sunset-23:00"' if self.pattern == WeeklyTimes.PATTERN else ""
            return f'daily times such as "06:00-07:30, 18:00-22:00"{weekly}'
        if self.type == "text":
            return f"text like {self.pattern}" if self.pattern else "text"
        text = _range(self)
        return " | ".join([text, *self.words])


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading.

    type: a ``list`` holds plain values, or objects of them.  detail: hidden from a first look, and kept by no record.  folded: hidden only.  diagnostic: about the device itself, but
    not hidden.  day, month: falls to 0 when one begins.  device_class: of a flag.  icon: of its entity.  attributes: other readings shown beside it.  beside: shown beside another only.  running: changes all the time.  optional: null where there is nothing to report.
    """

    name: str
    title: str
    type: ReadingType
    quantity: Quantity | None = None
    detail: bool = False
    folded: bool = False
    diagnostic: bool = False
    day: bool = False
    month: bool = False
    device_class: str | None = None
    choices: tuple[str, ...] = ()
    icon: str = ""
    attributes: tuple[str, ...] = ()
    beside: bool = False
    running: bool = False
    optional: bool = False

    @property
    def unit(self) -> str:
        """Unit of the value; empty where there is none."""
        return self.quantity.unit if self.quantity else ""


LAST_ERROR = Reading("last_error", "Last error", "text", diagnostic=True, optional=True)
"""A reading of every kind: what the device refused last. Whoever hosts it fills it in; a device knows nothing of refusals."""
PENDING = Reading("pending", "Waiting commands", "list", detail=True)
"""A reading of every kind that has no such field itself: what it is told to be set to, and when. Whoever hosts it fills it in."""


def settings_of(device_class: type[AnyDevice]) -> tuple[SettingField, ...]:
    """Every setting of a kind, in the order of its declaration."""
    return fields_of(device_class.settings_type)


def orders_of(device_class: type[AnyDevice]) -> tuple[SettingField, ...]:
    """Every order that a kind takes, in the order of its declaration."""
    return fields_of(orders_form(device_class))


@lru_cache(maxsize=512)
def fields_of(model: type[Form]) -> tuple[SettingField, ...]:
    """The fields of a settings model. Raises CatalogueError for a type that no face can show."""
    found: dict[str, SettingField] = {}
    for name, info in model.model_fields.items():
        found[name] = _setting(model, name, info, {before: item.default for before, item in found.items()})
    return tuple(found.values())


@lru_cache(maxsize=256)
def readings_of(device_class: type[AnyDevice]) -> tuple[Reading, ...]:
    """Every reading of a kind: its ability's, its own, its conditions, joules behind each energy total, the last error, and what waits.

    Raises CatalogueError when two of its names collide, or one with a setting's or with a key that is reserved. A reading that shows
    what an order does has its name.
    """
    found = [*_readings(device_class.readings_type), *_readings(device_class.telemetry_type)]
    if is_switchable(device_class):
        found.append(Reading(SWITCH, "Switch", "flag"))
    if issubclass(device_class, Conditions):
        found += [replace(_condition(name, quantity), folded=name in device_class.folded) for name, quantity in device_class.fields.items()]
    found += [
        Reading(f"{total.name}_joules", f"{total.title} in joules", "number", JOULES, detail=True)
        for total in found
        if total.quantity == ENERGY and not (total.day or total.month)
    ]
    found.append(LAST_ERROR)
    where = f"{device_class.__module__}.{device_class.__name__}"
    commands = (*settings_of(device_class), *orders_of(device_class))
    if PENDING.name not in {*(item.name for item in found), *(item.name for item in commands)}:
        found.append(PENDING)
    for name in sorted(RESERVED_KEYS & {*(item.name for item in found), *(item.name for item in commands)}):
        raise CatalogueError(f"{where}: {name!r} is a key of every command or state; rename the field")
    names: set[str] = set()
    for reading in found:
        if reading.name in names:
            raise CatalogueError(f"{where}: two readings are named {reading.name!r}; rename one of them")
        names.add(reading.name)
    for both in {item.name for item in orders_of(device_class)} & {item.name for item in settings_of(device_class)}:
        raise CatalogueError(f"{where}: setting and order {both!r} share one name; rename one of them")
    for setting in settings_of(device_class):
        if setting.name in names:
            raise CatalogueError(
                f"{where}: setting {setting.name!r} and reading {setting.name!r} share one name; rename one of them"
            )
    return tuple(found)


def title_of(name: str) -> str:
    """A title from a field's name: ``pv_power`` → ``PV power``."""
    words = [word.upper() if word in _CAPITALS else word for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def number_text(value: float) -> str:
    """A number as people write it: no ``.0`` behind a whole one."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - exact as a float


def _range(item: SettingField) -> str:
    unit = f" {item.unit}" if item.unit else ""
    low = None if item.minimum is None else number_text(item.minimum)
    high = None if item.maximum is None else number_text(item.maximum)
    if low is not None and high is not None and not (item.open_minimum or item.open_maximum):
        return f"{low} to {high}{unit}"
    bounds = []
    if low is not None:
        bounds.append(f"{'above' if item.open_minimum else 'at least'} {low}")
    if high is not None:
        bounds.append(f"{'below' if item.open_maximum else 'at most'} {high}")
    if bounds:
        return f"{', '.join(bounds)}{unit}"
    kind = "a whole number" if item.type == "integer" else "a number"
    return f"{kind} in {item.unit}" if item.unit else kind


def _setting(model: type[Form], name: str, info: FieldInfo, before: dict[str, Any]) -> SettingField:
    """before: the defaults of the fields that are declared before it, which its own may follow."""
    parts = walk(info.annotation, Parts())
    parts.marks = [*info.metadata, *parts.marks]
    quantity, partner = parts.one(Quantity), parts.one(Partner)
    kind, words = _setting_type(model, name, parts)
    low, low_open = bound_of(parts, "ge", "gt", max)
    high, high_open = bound_of(parts, "le", "lt", min)
    document = parts.one(Document) is not None
    multiple: Any = parts.one(MultipleOf)
    step = float(multiple.multiple_of) if multiple else None
    if kind == "integer":
        step = step or 1.0
    elif kind == "number":
        step = step or 10.0 ** -(quantity.digits if quantity else 2)
    pattern = next((text for mark in parts.marks if (text := getattr(mark, "pattern", None))), None)
    required = info.is_required()
    return SettingField(
        name=name,
        title=info.title or title_of(name),
        description=" ".join((info.description or "").split()),
        type=kind,
        quantity=quantity,
        minimum=low,
        maximum=high,
        step=step,
        choices=tuple(parts.choices) if kind == "choice" else (),
        words=words,
        pattern=parts.types[0].PATTERN if kind == "times" else pattern,
        longest=next((mark.max_length for mark in parts.marks if isinstance(mark, MaxLen)), MAX_TEXT),
        default=None if required else _default(info, before),
        live=not (document or partner or parts.one(HomeFileOnly)),
        everyday=parts.one(Everyday) is not None,
        detail=parts.one(Detail) is not None,
        appearance=parts.one(Appearance) is not None,
        icon=icon.name if (icon := parts.one(Icon)) else "",
        partner=partner,
        circuit=parts.one(OnCircuit) is not None,
        document=document,
        numbers=numbers.count if (numbers := parts.one(Numbers)) else 0,
        daily=parts.one(Daily) is not None,
        optional=parts.optional,
        required=required,
        open_minimum=low_open,
        open_maximum=high_open,
    )


def _default(info: FieldInfo, before: dict[str, Any]) -> Any:
    value = info.get_default(call_default_factory=True, validated_data=before)
    return str(value) if isinstance(value, DailyTimes) else to_jsonable_python(value)


def _setting_type(model: type[Form], name: str, parts: Parts) -> tuple[SettingType, tuple[str, ...]]:
    """Type, and the words that a number accepts beside numbers."""
    kinds: set[Any] = set(parts.types)
    if not kinds and parts.choices:
        return "choice", ()
    if (few := parts.one(Choices)) is not None:
        parts.choices += few.texts
        return "choice", ()
    if parts.one(OnCircuit) is not None:
        parts.choices += PORTS
        return "choice", ()
    words = tuple(str(choice) for choice in parts.choices)
    if kinds in ({float}, {int, float}):
        return "number", words
    table: list[tuple[Any, SettingType]] = [(bool, "flag"), (int, "integer"), (str, "text"), (DailyTimes, "times"), (WeeklyTimes, "times")]
    for python, kind in table:
        if kinds == {python}:
            return kind, words
    raise CatalogueError(
        f"{model.__module__}.{model.__name__}.{name}: no face shows the type {sorted(map(repr, kinds))}; "
        "use a quantity, int, bool, str, Literal, DailyTimes or WeeklyTimes"
    )


def _readings(source: type[Any]) -> Iterator[Reading]:
    if not is_dataclass(source):
        raise CatalogueError(f"{source.__module__}.{source.__name__}: telemetry should be a frozen dataclass")
    hints = get_type_hints(source, include_extras=True)
    for item in fields(source):
        parts = walk(hints[item.name], Parts())
        mark = parts.one(Mark) or Mark()
        quantity: Quantity | None = parts.one(Quantity)
        choices = tuple(str(choice) for choice in (mark.choices or parts.choices))
        yield Reading(
            name=item.name,
            title=mark.title or title_of(item.name),
            type=_reading_type(source, item.name, parts, quantity, choices),
            quantity=None if quantity in (FLAG, TEXT) else quantity,
            detail=mark.detail,
            folded=mark.folded,
            day=mark.day,
            month=mark.month,
            device_class=mark.device_class,
            choices=choices,
            icon=mark.icon,
            attributes=mark.attributes,
            beside=mark.beside,
            running=mark.running,
            optional=parts.optional,
        )


def _reading_type(
    source: type[Any], name: str, parts: Parts, quantity: Quantity | None, choices: tuple[str, ...]
) -> ReadingType:
    if quantity == INSTANT:
        return "instant"
    if choices:
        return "choice"
    if any(get_origin(kind) is list for kind in parts.types):
        return "list"
    kinds: set[Any] = set(parts.types)
    if kinds == {bool}:
        return "flag"
    if kinds == {str}:
        return "text"
    if kinds and kinds <= {int, float}:
        return "number"
    raise CatalogueError(
        f"{source.__module__}.{source.__name__}.{name}: no face shows this type; use a quantity, int, bool, str, Literal or list"
    )


def _condition(name: str, quantity: Quantity) -> Reading:
    if quantity == FLAG:
        return Reading(name, title_of(name), "flag")
    return Reading(name, title_of(name), "number", quantity)
