"""Home Assistant's sensors, derived from a device's readings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.edge.faces.templates import plain, switched, text, unit_of, value
from virtual_devices.kit.forms.changes import LAST_ERROR, LAST_ERROR_TIME, Reading
from virtual_devices.kit.quantities import MONEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.edge.messages.topics import Topics

TIME = "time"
"""Key of the state message: simulated time, ISO 8601 with zone; a device may have a reading of that name."""
DAY_START, MONTH_START = "day_start", "month_start"
"""Keys of the state message: when the simulated day and month began, ISO 8601 with zone."""


def sensor(reading: Reading, topics: Topics, currency: str) -> dict[str, Any]:
    """A sensor of a reading."""
    return {"name": reading.title, "platform": "sensor", "value_template": plain(reading.name)} | _place(reading, topics) | _shape(reading, topics, currency)


def _place(reading: Reading, topics: Topics) -> dict[str, Any]:
    """Where on a device's page it stands, if at all, and what stands beside it."""
    placed: dict[str, Any] = {}
    if reading.diagnostic or reading.detail:
        placed["entity_category"] = "diagnostic"
    if reading.detail or reading.folded:
        placed["enabled_by_default"] = False
    if reading.icon:
        placed["icon"] = reading.icon
    if reading.attributes:
        named = [name.rpartition(": ") for name in reading.attributes]
        placed |= _attributes({called or name: value(name) for called, _, name in named}, topics)
    return placed


def _shape(reading: Reading, topics: Topics, currency: str) -> dict[str, Any]:
    if reading.type == "flag":
        shape = {"platform": "binary_sensor", "value_template": switched(reading.name), "payload_on": "ON", "payload_off": "OFF"}
        return shape | ({"device_class": reading.device_class} if reading.device_class else {})
    if reading.type == "choice":
        return {"device_class": "enum", "options": list(reading.choices)}
    if reading.type == "instant":
        return {"device_class": "timestamp"}
    if reading.type == "list":  # a state is 255 characters at most, an attribute is not
        content = f"{value(reading.name)} or []"
        return {"value_template": f"{{{{ ({content}) | length }}}}"} | _attributes({reading.name: content}, topics)
    if reading == LAST_ERROR:  # words for nothing, so that it is no empty line; the time as an attribute, so that it is no second entity
        return {"value_template": text(LAST_ERROR.name, "none")} | _attributes({"time": value(LAST_ERROR_TIME)}, topics)
    return {"value_template": text(reading.name)} if reading.type == "text" else _measurement(reading, currency)


def _attributes(values: Mapping[str, str], topics: Topics) -> dict[str, Any]:
    """Values beside a state. values: expressions of templates, by name."""
    told = ", ".join(f"'{name}': {expression}" for name, expression in values.items())
    return {"json_attributes_topic": topics.face, "json_attributes_template": f"{{{{ {{{told}}} | to_json }}}}"}


def _measurement(reading: Reading, currency: str) -> dict[str, Any]:
    quantity = reading.quantity
    if quantity is None:
        return {"state_class": "measurement"}
    measured: dict[str, Any] = {"suggested_display_precision": quantity.digits}
    unit = unit_of(quantity, currency)
    kind = reading.device_class or quantity.device_class
    if unit:
        measured["unit_of_measurement"] = unit
    if kind and not (quantity == MONEY and not currency):
        measured["device_class"] = kind
    if reading.day or reading.month:
        measured["state_class"] = "total"
        measured["last_reset_value_template"] = plain(DAY_START if reading.day else MONTH_START)
    elif quantity.state_class:
        measured["state_class"] = quantity.state_class
    return measured
