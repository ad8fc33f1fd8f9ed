"""A device's face: its settings and readings as plain data, and changing the settings.

Everything else – discovery, metrics, schema, command line help, validation of the home file and of commands – is
derived from :func:`settings_of` and :func:`readings_of` and from nothing else. A change is made wholly or not at all,
and refused in one line that says how to mend it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from virtual_devices.kit.errors import SettingError, shown, suggestion
from virtual_devices.kit.forms.compass import counted_otherwise, degrees_meant
from virtual_devices.kit.forms.fields import (
    LAST_ERROR,
    LAST_ERROR_TIME,
    PENDING,
    Reading,
    ReadingType,
    SettingField,
    SettingType,
    fields_of,
    number_text,
    orders_of,
    readings_of,
    settings_of,
    title_of,
)
from virtual_devices.kit.forms.orders import orders_form
from virtual_devices.kit.levels import levels_text
from virtual_devices.kit.quantities import ANGLE
from virtual_devices.kit.settings import TOGGLE, Form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.kit.device import AnyDevice
    from virtual_devices.kit.settings import Settings

__all__ = [
    "LAST_ERROR",
    "LAST_ERROR_TIME",
    "PENDING",
    "Reading",
    "ReadingType",
    "SettingField",
    "SettingType",
    "commanded",
    "fields_of",
    "model_of",
    "number_text",
    "orders_in",
    "orders_of",
    "problem_text",
    "readings_of",
    "settings_json",
    "settings_of",
    "shown",
    "title_of",
    "validate_change",
]

F = TypeVar("F", bound=Form)

_FLAGS = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
FULL = 360
"""Degrees of a circle."""
_OTHER_UNITS = {"W": (1000, "kW"), "kWh": (0.001, "Wh"), "s": (60, "min")}
"""What a bare number may be of, and how much of the field's own unit that is."""
_RANGE_ERRORS = frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"})


def settings_json(settings: Settings) -> dict[str, Any]:
    """Settings as JSON-ready data, numbers in the unit that the schema states."""
    return settings.model_dump(mode="json")


def validate_change(
    device_class: type[AnyDevice], current: Settings, changes: Mapping[str, Any], *, live: bool
) -> Settings:
    """New settings: ``current`` with ``changes`` (JSON values, or text as a command brings it). Orders among them are looked at too.

    live: refuse what is fixed while a home runs.  Raises SettingError, one line, and then nothing has changed.
    """
    model = device_class.settings_type
    known = {item.name: item for item in fields_of(model)}
    orders = {item.name for item in orders_of(device_class)}
    problems = []
    for name in changes:
        if name in orders:
            continue
        if name not in known:
            problems.append(f"there is no setting {shown(name)}{suggestion(str(name), [*known, *orders])}")
        elif live and not known[name].live:
            problems.append(f"setting {name} is fixed while the home runs; change it in the home file")
    if problems:
        raise SettingError("; ".join(problems))
    if orders:
        orders_in(device_class, changes)
    wanted = {name: _turned(known[name], current, value) for name, value in changes.items() if name in known}
    settings, found = model_of(model, {**current.chosen(), **wanted})
    if settings is None:
        raise SettingError("; ".join(f"setting {name}: {text}" if name else text for name, text in found))
    return settings


def orders_in(device_class: type[AnyDevice], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The orders among what a command says, in JSON form. Raises SettingError for one that cannot be."""
    named = {item.name: item for item in orders_of(device_class) if item.name in changes}
    if not named:
        return {}
    form, found = model_of(orders_form(device_class), {name: changes[name] for name in changes if name in named})
    if form is not None:
        found = [(name, f"is empty; use {item.range}") for name, item in named.items() if getattr(form, name) is None]
    if form is None or found:
        raise SettingError("; ".join(f"order {name}: {text}" if name else text for name, text in found))
    return form.model_dump(mode="json", include=set(named))


def commanded(device_class: type[AnyDevice], settings: Settings, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What a command says in JSON form, once ``validate_change`` has made ``settings`` of it."""
    values = {**settings_json(settings), **orders_in(device_class, changes)}
    return {name: values[name] for name in changes}


def _turned(field: SettingField, current: Settings, value: Any) -> Any:
    """A value; of the word ``toggle`` for what is on or off, the opposite of how it stands."""
    word = value.decode(errors="replace") if isinstance(value, (bytes, bytearray)) else value
    if field.type == "flag" and isinstance(word, str) and word.strip().casefold() == TOGGLE:
        return not getattr(current, field.name)
    return value


def model_of(model: type[F], values: Mapping[str, Any]) -> tuple[F | None, list[tuple[str, str]]]:
    """A form, such as settings, made of ``values``, or None and every problem as (setting or "", what is wrong; how to mend it)."""
    known = {item.name: item for item in fields_of(model)}
    problems: dict[str, str] = {}
    normal: dict[str, Any] = {}
    for name, value in values.items():
        if name in known:
            normal[name], problem = _normal(known[name], value)
            if problem:
                problems[name] = problem
        else:
            problems[name] = f"there is no such setting{suggestion(str(name), list(known))}"
    try:
        settings = model.model_validate(normal)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "default_factory_not_called":
                continue  # it follows a value that is wrong itself
            name = str(detail["loc"][0]) if detail["loc"] else ""
            problems.setdefault(name, problem_text(known.get(name), detail, values.get(name)))
        settings = None
    return (None if problems else settings), list(problems.items())


def problem_text(field: SettingField | None, error: Mapping[str, Any], given: Any = None) -> str:
    """What is wrong with one value and how to mend it, from one of pydantic's errors.

    field: None when no single setting is to blame.  given: the value as its owner wrote it.
    """
    message = " ".join(str(error["msg"]).removeprefix("Value error, ").split())
    if field is None or error["type"] in ("value_error", "assertion_error"):
        return message
    value = shown(error.get("input") if given is None else given)
    return _by_error(field, error, value, message) or _by_type(field, value, given)


def _by_error(field: SettingField, error: Mapping[str, Any], value: str, message: str) -> str:
    """The text for errors that say enough by themselves, else an empty one."""
    kind, context = error["type"], error.get("ctx", {})
    given = error.get("input")
    if field.quantity == ANGLE and isinstance(given, str) and (degrees := degrees_meant(given)) is not None:
        return f"{value} should be a number in °; did you mean {degrees:g}?"
    if field.quantity == ANGLE and kind in _RANGE_ERRORS and isinstance(given, (int, float)) and field.maximum == FULL:
        return f"{value} is out of range; use {field.range}{counted_otherwise(float(given))}"
    if kind == "daily_times" or (kind == "quantity" and "known" in context and field.unit):
        return f"{value} {message}" if message.startswith("should") else message
    texts = {
        "missing": f"is missing; give {field.range}",
        "multiple_of": f"{value} is between two steps; use multiples of {number_text(context.get('multiple_of', 1))}",
        "string_too_long": f"is too long; use at most {context.get('max_length')} characters",
    } | dict.fromkeys(_RANGE_ERRORS, f"{value} is out of range; use {field.range}{_meant(field, error.get('input'))}")
    return texts.get(kind, "")


def _meant(field: SettingField, value: Any) -> str:
    """What a bare number may have been meant as, where that would be in range."""
    factor, unit = _OTHER_UNITS.get(field.unit, (0, ""))
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not factor:
        return ""
    low, high = (bound if bound is not None else value * factor for bound in (field.minimum, field.maximum))
    return f"; did you mean {value:g} {unit}?" if value > 0 and low <= value * factor <= high else ""


def _by_type(field: SettingField, value: str, given: Any) -> str:
    if field.partner is not None or field.circuit:
        return f"{value} is no device's name; use lower case letters, digits and _, and begin with a letter"
    if field.type == "choice":
        return f"{value} is none of its choices{suggestion(str(given), [str(choice) for choice in field.choices])}"
    if field.type == "flag":
        return f"{value} is neither true nor false; use true or false (on and off will do)"
    example = f", such as {field.quantity.example}" if field.quantity and field.unit else ""
    return f"{value} does not fit; use {field.range}{example}"


def _normal(field: SettingField, value: Any) -> tuple[Any, str]:
    """The value without the accidents of text (spaces, ON for true), and a problem or an empty text."""
    problem = ""
    if isinstance(value, (bytes, bytearray)):
        try:
            value = bytes(value).decode()
        except UnicodeDecodeError:
            problem = "is not UTF-8 text; send plain text"
    if isinstance(value, bool) and field.type in ("number", "integer"):
        problem = f"{shown(value)} is no number; use {field.range}"
    elif field.daily or isinstance(value, (list, dict)):
        value, problem = _of_several(field, value)
    elif field.type == "choice" and field.optional and isinstance(value, str) and not value.strip():
        value = None
    elif field.type == "choice" and _is_switch(field) and str(value).strip().casefold() in _FLAGS:
        value = "on" if _FLAGS[str(value).strip().casefold()] else "off"
    elif field.type == "choice" and not isinstance(value, bool):
        spelt = {str(choice).casefold(): choice for choice in field.choices}
        value = spelt.get(str(value).strip().casefold(), value.strip() if field.circuit and isinstance(value, str) else value)
    elif isinstance(value, str):
        value = _trimmed(field, value)
    return value, problem


def _of_several(field: SettingField, value: Any) -> tuple[Any, str]:
    """What may be written as a list, in the text form, and a problem or an empty text."""
    if field.daily and field.optional and isinstance(value, str) and not value.strip():
        return None, ""
    if field.daily:
        try:
            return levels_text(value), ""
        except ValueError as error:
            return value, str(error)
    if field.numbers and isinstance(value, list) and all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value):
        return ", ".join(map(number_text, value)), ""
    return value, f"is a list or a map; use {field.range}"


def _is_switch(field: SettingField) -> bool:
    """Whether on and off are among what may be chosen."""
    return {"on", "off"} <= set(field.choices)


def _trimmed(field: SettingField, value: str) -> Any:
    text = value.strip()
    if not text and field.optional:
        return None
    if field.type == "flag":
        return _FLAGS.get(text.casefold(), value)
    return text if field.type in ("number", "integer") else value
