"""JSON Schema (2020-12) of the home file, derived from the settings of every kind: with it editors complete a home."""

from __future__ import annotations

from typing import Any

from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import SettingField, fields_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import DEVICE_NAMES, EVENT_KEYS, MAX_SEED, SiteForm
from virtual_devices.kit.home.labels import LABEL, MAX_LABELS
from virtual_devices.kit.home.model import MAX_DEVICES, SITE_SETTINGS
from virtual_devices.kit.instants import TIME_FORM
from virtual_devices.kit.names import CLOCK, KINDS_BY_NAME, MAX_NAME, NAME, RESERVED_NAMES
from virtual_devices.kit.quantities import COUNT

_NAME = {"type": "string", "pattern": f"^{NAME.pattern}$", "maxLength": MAX_NAME}
_TIME = {
    "type": "string",
    "description": "local time where no zone is named",
    "pattern": r"^\d{4}-\d\d-\d\d([T ]\s*\d\d?:\d\d(:\d\d)?\s*(Z|[+-]\d\d:?\d\d)?)?$",
    "examples": [TIME_FORM],
}


def json_schema() -> dict[str, Any]:
    """The schema. A kind that cannot be loaded is left out, and a ``$comment`` says so."""
    classes, broken = {}, []
    for kind in catalogue.kinds():
        try:
            classes[kind] = catalogue.load(kind)
            settings_of(classes[kind])
        except CatalogueError as error:
            classes.pop(kind, None)
            broken.append(" ".join(str(error).split()))
    clock = classes.pop(CLOCK, None)
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Home",
        "description": "A home that runs virtually: where it stands, when it starts, and its devices.",
        "type": "object",
        "required": ["home", "site", "clock", "devices"],
        "additionalProperties": False,
        "properties": {
            "home": {**_NAME, "title": "Name of the home"},
            "labels": {
                "type": ["object", "null"], "maxProperties": MAX_LABELS, "propertyNames": {"pattern": f"^{LABEL.pattern}$"},
                "additionalProperties": {"type": ["string", "integer"], "pattern": f"^{LABEL.pattern}$"},
                "description": "words by which verbs choose some of many homes: --label region=north", "examples": [{"region": "north"}],
            },
            "site": _form(fields_of(SiteForm)),
            "clock": _clock(settings_of(clock) if clock else ()),
            "seed": {
                "type": "integer", "minimum": 0, "maximum": MAX_SEED, "default": 0,
                "description": "the same seed gives the same weather and habits",
            },
            "device_names": {
                "enum": list(DEVICE_NAMES), "default": DEVICE_NAMES[0],
                "description": "with_home puts the home's name before those of its devices, where another home is shown beside it",
            },
            "devices": _devices(list(classes)),
            "events": {"type": ["array", "null"], "items": _event()},
        },
        "$defs": {
            "device": _any_device(list(classes)),
            **{f"kind_{kind}": _kind(kind, each.title, settings_of(each)) for kind, each in classes.items()},
        },
    }  # fmt: skip
    if broken:
        schema["$comment"] = f"left out: {'; '.join(broken)}"
    return schema


def setting_schema(item: SettingField) -> dict[str, Any]:
    """Schema of one setting, as a home file may write it."""
    options = _options(item)
    if item.optional:
        options.append({"type": "null"})
    schema: dict[str, Any] = dict(options[0]) if len(options) == 1 else {"anyOf": options}
    schema["title"] = item.title
    notes = [item.description, f"{item.range}" if item.type in ("number", "integer") else ""]
    notes += ["names a device of this home"] if item.partner else []
    notes += ["names a file"] if item.document else []
    if text := "; ".join(filter(None, notes)):
        schema["description"] = text
    if not item.required:
        schema["default"] = item.default
    return schema


def _options(item: SettingField) -> list[dict[str, Any]]:
    if item.type in ("number", "integer"):
        number: dict[str, Any] = {"type": item.type}
        if item.minimum is not None:
            number["exclusiveMinimum" if item.open_minimum else "minimum"] = item.minimum
        if item.maximum is not None:
            number["exclusiveMaximum" if item.open_maximum else "maximum"] = item.maximum
        return [number, {"type": "string", "pattern": (item.quantity or COUNT).pattern}, *({"const": word} for word in item.words)]
    if item.type == "flag":
        return [{"type": "boolean"}, {"enum": ["on", "off"]}]
    if item.type == "choice":
        named = [{"type": "string", "pattern": item.pattern}] if item.circuit else []
        return [{"enum": list(item.choices)}, *named]
    text = {"type": "string"} | ({"pattern": item.pattern} if item.pattern else {})
    if item.daily:
        part = {"type": "object", "required": ["start", "end", "value"], "additionalProperties": False,
                "properties": {"start": {"type": "string"}, "end": {"type": "string"}, "value": {"type": "number", "minimum": 0}}}  # fmt: skip
        return [{"type": "number", "minimum": 0}, text, {"type": "array", "items": part}]
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": item.numbers, "maxItems": item.numbers}
    return [text, numbers] if item.numbers else [text]


def _form(items: tuple[SettingField, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [item.name for item in items if item.required],
        "additionalProperties": False,
        "properties": {item.name: setting_schema(item) for item in items},
    }


def _clock(items: tuple[SettingField, ...]) -> dict[str, Any]:
    form = _form(tuple(item for item in items if item.name not in SITE_SETTINGS))
    form["properties"]["start"] = {"anyOf": [_TIME, {"const": "now"}], "description": "when simulated time begins"}
    if "speed" in form["properties"]:
        speed = form["properties"]["speed"]
        speed["anyOf"] = [*speed.get("anyOf", []), {"const": "max"}]
    return form


def _kind(kind: str, title: str, items: tuple[SettingField, ...]) -> dict[str, Any]:
    form = _form(items)
    form["properties"] = {"kind": {"const": kind}, **form["properties"]}
    return {**form, "title": title or kind, "type": ["object", "null"]}


def _any_device(kinds: list[str]) -> dict[str, Any]:
    """A device that names its kind."""
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": kinds}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/kind_{kind}"},
            }
            for kind in kinds
        ],
    }


def _devices(kinds: list[str]) -> dict[str, Any]:
    """The kind defaults to the name: a device called like a kind may leave it out."""
    named: dict[str, Any] = {
        kind: {
            "if": {"type": "object", "required": ["kind"]},
            "then": {"$ref": "#/$defs/device"},
            "else": {"$ref": f"#/$defs/kind_{kind}"},
        }
        for kind in kinds
    }
    for name in KINDS_BY_NAME:
        named[name] = {"$ref": f"#/$defs/kind_{name}"} if name in kinds else False
    return {
        "type": ["object", "null"],
        "maxProperties": MAX_DEVICES,
        "propertyNames": {**_NAME, "not": {"enum": [CLOCK, *RESERVED_NAMES]}},
        "properties": named,
        "additionalProperties": {"$ref": "#/$defs/device"},
    }


def _event() -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(EVENT_KEYS),
        "additionalProperties": False,
        "properties": {
            "at": _TIME,
            "device": _NAME,
            "set": {"type": "object", "minProperties": 1, "description": "settings of the device"},
        },
    }
