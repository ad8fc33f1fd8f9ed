"""The bus as an AsyncAPI 3.0 document, generated from the messages, the topics and the faces of the kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from virtual_devices import __version__
from virtual_devices.edge.faces import discovery, sensors
from virtual_devices.edge.messages import base
from virtual_devices.edge.messages.fleet import (
    FleetKindsMessage,
    FleetRequestMessage,
    FleetResponseMessage,
    FleetRunningMessage,
    FleetWantedMessage,
)
from virtual_devices.edge.messages.flow import FlowMessage
from virtual_devices.edge.messages.ledger import LedgerMessage
from virtual_devices.edge.messages.past import PastMessage
from virtual_devices.edge.messages.proposal import ProposalMessage
from virtual_devices.edge.messages.settlement import SettlementMessage
from virtual_devices.edge.messages.summary import QuarterMessage, SummaryMessage
from virtual_devices.edge.messages.topics import FLEET, HOST, KEEPS_PAST, LEDGER, PLACES, Topics, summary_topic
from virtual_devices.edge.messages.window import AheadMessage, ConditionsMessage, WindowMessage
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import (
    LAST_ERROR_TIME,
    Reading,
    SettingField,
    orders_of,
    readings_of,
    settings_of,
)
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.schema import setting_schema
from virtual_devices.kit.names import BUS, MAX_NAME, MAX_SENDER, NAME

VERSION = "3.0.0"
_BINDING = "0.2.0"
_SCHEMAS = "#/components/schemas/"
_MESSAGES = "#/components/messages/"
_TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class _Channel:
    """One leaf of a device's topics. model: of its payload; None where it differs by kind or is plain text."""

    name: str
    address: str
    about: str
    model: type[BaseModel] | None
    qos: int
    retain: bool
    received: bool = False


def _channels() -> tuple[_Channel, ...]:
    one, fleet = Topics("{home}", "{device}"), Topics("{home}", FLEET)
    return (
        _Channel("about", one.about, "What a device is.", base.AboutMessage, 1, retain=True),
        _Channel("availability", one.availability, "Whether it is there; also its last will.", None, 1, retain=True),
        _Channel("state", one.state, "Settings and readings, at most once per wall second.", None, 1, retain=True),
        _Channel("face", one.face, "The state as Home Assistant shows it: without small moves.", None, 1, retain=True),
        _Channel("reading", one.reading + "/{reading}", "One reading, where plain_readings is on; every half minute at least.", None, 0, retain=True),
        _Channel("command", one.command, "Settings to change, all or none.", None, 1, retain=False, received=True),
        _Channel("value", one.command + "/{setting}", "One setting to change.", None, 1, retain=False, received=True),
        _Channel("get", one.get, "Asks for its state, which it says at once; empty.", None, 0, retain=False, received=True),
        _Channel("stop", one.stop, "Whatever it is, the device's process ends as on SIGTERM; of the host and the fleet.", None, 1, retain=False, received=True),
        _Channel("applied", one.applied, "A command is in force.", base.AppliedMessage, 1, retain=False),
        _Channel("error", one.error, "What it refused, and why; of a name that no device has, the fleet says which there is.", base.ErrorMessage, 1, retain=False),
        _Channel("conditions", one.conditions, "What others depend on.", ConditionsMessage, 0, retain=True),
        _Channel("ahead", one.ahead, "What it will give in days to come, if nobody sets anything else.", AheadMessage, 0, retain=True),
        _Channel("proposal", one.proposal, "Its part in a window; its checkpoint.", ProposalMessage, 0, retain=True),
        _Channel("site", one.site, "Of the clock: the home's place and run.", base.SiteMessage, 1, retain=True),
        _Channel("window", one.window, "Of the clock: the time that is asked about.", WindowMessage, 0, retain=True),
        _Channel(
            "settlement", one.settlement, "Of the inverter: the commit of a window.", SettlementMessage, 1, retain=True
        ),
        _Channel(
            "ledger", one.at(LEDGER + "{place}"), "Of the inverter: every transfer of a window.", LedgerMessage, 1, retain=True
        ),
        _Channel("flow", one.flow, "Of the inverter, where its flows is on: of which window all packets are told.", FlowMessage, 1, retain=True),
        _Channel("packet", one.flow + "/{source}/{sink}", "Of the inverter: what a settled window brought from account to account.", None, 1, retain=False),
        _Channel("quarter", one.quarter, "Of the inverter: what a quarter of an hour came to, for the fleet.", QuarterMessage, 1, retain=False),
        _Channel("keeps", one.keeps, f"Of a record, of the fleet, and of the host as {HOST}: what it keeps of what devices tell.", None, 1, retain=True, received=True),
        _Channel("past", one.past, "What it tells of each quarter of an hour, beside the ledger.", PastMessage, 1, retain=False),
        _Channel(
            "missing", one.missing, f"Of a record, and of the host as {HOST}: ledger records, or rows of the past, to repeat.", base.MissingMessage, 0,
            retain=False, received=True,
        ),
        _Channel("booked", one.booked, "Of a record: up to which window it has written.", base.BookedMessage, 1, retain=True),
        _Channel("request", fleet.request, "A wish of the home's fleet.", FleetRequestMessage, 1, retain=False, received=True),
        _Channel("response", fleet.response("{id}"), "Of the fleet: the answer to a wish.", FleetResponseMessage, 1, retain=False),
        _Channel("wanted", fleet.wanted, "Of the fleet: which devices are wanted.", FleetWantedMessage, 1, retain=True),
        _Channel("running", fleet.running, "Of the fleet: which devices run.", FleetRunningMessage, 1, retain=True),
        _Channel("summary", summary_topic("{home}"), "Of the fleet: the home in a few numbers, each quarter of an hour.", SummaryMessage, 1, retain=True),
        _Channel("kinds", fleet.kinds, "Of the fleet: the kinds of devices that it can spawn.", FleetKindsMessage, 1, retain=True),
        _Channel(
            "claim", Topics("{home}", HOST).availability, "Who hosts the home; offline as last will. Renewed every few seconds.",
            base.ClaimMessage, 1, retain=True,
        ),
        _Channel(
            "discovery", discovery.topic("{home}", "{device}"), "What Home Assistant is told of it.", None, 1, retain=True
        ),
    )


def document() -> dict[str, Any]:
    """The AsyncAPI document. A kind that cannot be loaded is left out, and ``info`` says so."""
    classes, broken = {}, []
    for kind in catalogue.kinds():
        try:
            classes[kind] = catalogue.load(kind)
            readings_of(classes[kind])
        except CatalogueError as error:
            classes.pop(kind, None)
            broken.append(" ".join(str(error).split()))
    channels = _channels()
    components = {
        "parameters": {
            "home": {"description": f"Name of the home, {NAME.pattern}, {MAX_NAME} characters at most."},
            "device": {"description": f"Name of the device, {NAME.pattern}, {MAX_NAME} characters at most."},
            "setting": {"description": "Name of the setting, or a word that the kind spells out as settings."},
            "reading": {"description": "Name of the reading."},
            "source": {"description": "Account that gives: a device, or one of the home's wires."},
            "sink": {"description": "Account that takes."},
            "id": {"description": "What the wish says as its id."},
            "place": {"description": f"The window's seq modulo {PLACES}."},
        },
        "messages": _messages(channels, classes),
        "schemas": {**_model_schemas(channels), **_kind_schemas(classes)},
    }
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "virtual-devices",
            "version": __version__,
            "description": " ".join([_ABOUT, *(f"Left out: {text}." for text in broken)]),
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "127.0.0.1:1883", "protocol": "mqtt", "protocolVersion": "3.1.1", "description": "The home's own broker."}
        },
        "channels": {channel.name: _channel(channel, classes) for channel in channels},
        "operations": {_operation_name(channel): _operation(channel, classes) for channel in channels},
        "components": components,
    }


_ABOUT = (
    "A home that runs virtually. Every device writes below its own name only. Powers on the wire between devices are "
    "integer milliwatts, energies integer millijoules, times UTC seconds; states and commands are for people, in the units "
    "that are stated."
)


# -- channels, operations, messages -------------------------------------------------------------------------------------


def _message_names(channel: _Channel, classes: dict[str, type[AnyDevice]]) -> list[str]:
    shared = {"face": "state"}.get(channel.name, channel.name)  # of one form
    return [f"{kind}_{shared}" for kind in classes] if shared in ("state", "command") else [channel.name]


def _channel(channel: _Channel, classes: dict[str, type[AnyDevice]]) -> dict[str, Any]:
    names = [name for name in ("home", "device", "setting", "reading", "source", "sink", "place", "id") if f"{{{name}}}" in channel.address]
    return {
        "address": channel.address,
        "description": channel.about,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in names},
        "messages": {name: {"$ref": _MESSAGES + name} for name in _message_names(channel, classes)},
    }


def _operation_name(channel: _Channel) -> str:
    return f"{'receive' if channel.received else 'send'}_{channel.name}"


def _operation(channel: _Channel, classes: dict[str, type[AnyDevice]]) -> dict[str, Any]:
    place = f"#/channels/{channel.name}"
    return {
        "action": "receive" if channel.received else "send",
        "channel": {"$ref": place},
        "summary": channel.about,
        "messages": [{"$ref": f"{place}/messages/{name}"} for name in _message_names(channel, classes)],
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retain, "bindingVersion": _BINDING}},
    }


def _messages(channels: tuple[_Channel, ...], classes: dict[str, type[AnyDevice]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for channel in channels:
        for name in _message_names(channel, classes):
            found.setdefault(name, {"name": name, "title": channel.about, "payload": {"$ref": _SCHEMAS + name}})
    found["availability"] |= {"contentType": _TEXT, "payload": {"type": "string", "enum": ["online", "offline"]}}
    found["keeps"] |= {"contentType": _TEXT, "payload": {"type": "string", "enum": [KEEPS_PAST.decode()]}}
    found["reading"] |= {"contentType": _TEXT, "payload": {"type": "string", "description": "a bare number; 1 and 0 for yes and no"}}
    found["packet"] |= {"contentType": _TEXT, "payload": {"type": "string", "pattern": "^[0-9]+$", "description": "whole J"}}
    found["value"] |= {"contentType": _TEXT, "payload": {"type": "string", "maxLength": 65_536}}
    found["get"] |= {"contentType": _TEXT, "payload": {"type": "string", "maxLength": 0}}
    found["stop"] |= {"contentType": _TEXT, "payload": {"type": "string"}}
    found["discovery"]["payload"] = {"type": "object", "required": ["device", "origin", "components"]}
    for channel in channels:
        if channel.model is not None:
            found[channel.name]["payload"] = {"$ref": _SCHEMAS + channel.model.__name__}
    found["claim"]["payload"] = {"oneOf": [found["claim"]["payload"], {"type": "string", "enum": ["offline"]}]}
    return found


# -- schemas ------------------------------------------------------------------------------------------------------------


def _model_schemas(channels: tuple[_Channel, ...]) -> dict[str, Any]:
    models = [channel.model for channel in channels if channel.model is not None]
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template=_SCHEMAS + "{model}")
    plain: dict[str, Any] = _draft7(schema["$defs"])
    return plain


def _draft7(schema: Any) -> Any:
    """Pydantic's schema in the words of draft 7, which AsyncAPI's own schemas are."""
    if isinstance(schema, list):
        return [_draft7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _draft7(value) for name, value in schema.items() if name not in ("prefixItems", "discriminator")}
    if "prefixItems" in schema:
        found |= {"items": _draft7(schema["prefixItems"]), "additionalItems": False}
    if isinstance(schema.get("discriminator"), dict):
        found["discriminator"] = schema["discriminator"]["propertyName"]
    return found


def _kind_schemas(classes: dict[str, type[AnyDevice]]) -> dict[str, Any]:
    found = {}
    for kind, device_class in classes.items():
        found[f"{kind}_state"] = _state(device_class)
        found[f"{kind}_command"] = _command(device_class)
    return found


def _command(device_class: type[AnyDevice]) -> dict[str, Any]:
    live = [item for item in settings_of(device_class) if item.live]
    properties: dict[str, Any] = {item.name: setting_schema(item) for item in (*live, *orders_of(device_class))}
    for schema in properties.values():
        schema.pop("default", None)  # what is not named stays as it is
    properties["at"] = {
        "type": ["integer", "string", "null"],
        "description": "simulated time from which it holds: UTC seconds, or ISO 8601, local unless it says otherwise",
    }
    properties["by"] = {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": MAX_SENDER,
        "description": f"who sends it, in characters that can be printed; without it: {BUS}",
    }
    return {
        "title": f"Command of a {device_class.title}",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }


def _state(device_class: type[AnyDevice]) -> dict[str, Any]:
    settings, readings = [item for item in settings_of(device_class) if not item.appearance], readings_of(device_class)
    properties = {item.name: _setting_value(item) for item in settings}
    properties |= {reading.name: _reading_value(reading) for reading in readings}
    properties[LAST_ERROR_TIME] = {"type": ["string", "null"], "format": "date-time", "title": "When the last error was, by the wall"}
    properties.setdefault(sensors.TIME, {"type": "string", "format": "date-time", "title": "Simulated time"})
    if any(reading.day for reading in readings):
        properties[sensors.DAY_START] = {"type": "string", "format": "date-time", "title": "Begin of the simulated day"}
    if any(reading.month for reading in readings):
        properties[sensors.MONTH_START] = {"type": "string", "format": "date-time", "title": "Begin of the simulated month"}
    return {
        "title": f"State of a {device_class.title}",
        "description": "Readings are null before the first settled step.",
        "type": "object",
        "required": [item.name for item in settings],
        "properties": properties,
    }


def _setting_value(item: SettingField) -> dict[str, Any]:
    types = {"number": "number", "integer": "integer", "flag": "boolean"}
    schema: dict[str, Any] = {"title": item.title}
    if item.circuit:
        return schema | {"type": "string", "pattern": item.pattern, "examples": list(item.choices)}
    if item.type == "choice":
        return schema | {"enum": [*item.choices, *([None] if item.optional else [])]}
    kinds = [types.get(item.type, "string"), *(["string"] if item.words else []), *(["null"] if item.optional else [])]
    schema["type"] = kinds if len(kinds) > 1 else kinds[0]
    return schema | ({"x-unit": item.unit} if item.unit else {})


def _reading_value(reading: Reading) -> dict[str, Any]:
    types = {"number": "number", "flag": "boolean", "list": "array"}
    schema: dict[str, Any] = {"title": reading.title, "type": [types.get(reading.type, "string"), "null"]}
    if reading.type == "choice":
        schema["enum"] = [*reading.choices, None]
    if reading.type == "instant":
        schema["format"] = "date-time"
    if reading.type == "list":
        schema["items"] = {"type": ["object", "number"]}
    return schema | ({"x-unit": reading.unit} if reading.unit else {})
