"""Home Assistant's recorder as JSON: what its history and statistics calls answer. Other JSON is taken for a table, see ``json_rows``."""

from __future__ import annotations

import json
from typing import Any

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.loads.household.home_assistant import guessed
from virtual_devices.loads.household.json_rows import read_rows
from virtual_devices.loads.household.series import Series, one_of

_FORM = "save the answer of Home Assistant's history or statistics call, or export a CSV"
_WRAPPINGS = ("result", "statistics", "response", "service_response")
_WHEN = ("start", "last_changed", "last_updated", "lu", "lc")
_VALUES = ("mean", "change", "sum", "state", "s")


def read_recorder(text: str, name: str, wanted: str | None) -> Series:
    """The series of one entity. Raises ConfigurationError."""
    try:
        found = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{name}: it is no JSON ({str(error)[:80]}); {_FORM}") from None
    series = read_rows(found, name, wanted)
    if series is not None:
        return series
    while isinstance(found, dict) and (inner := next((found[key] for key in _WRAPPINGS if isinstance(found.get(key), (dict, list))), None)) is not None:
        found = inner
    entities = _entities(found)
    if not entities:
        raise ConfigurationError(f"{name}: it has no entity with values; {_FORM}")
    chosen = one_of(list(entities), name, wanted)
    return _series(chosen, entities[chosen], name)


def _entities(found: Any) -> dict[str, list[dict[str, Any]]]:
    """The rows of each entity."""
    if isinstance(found, dict):
        lists = found.items()
    elif isinstance(found, list) and found and all(isinstance(each, list) for each in found):
        lists = ((str(each[0].get("entity_id", "?")) if each and isinstance(each[0], dict) else "?", each) for each in found)  # type: ignore[assignment] # of pairs
    else:
        lists = (("?", found),)  # type: ignore[assignment] # likewise
    return {str(key): rows for key, rows in lists if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)}


def _series(entity: str, rows: list[dict[str, Any]], name: str) -> Series:
    when = next((key for key in _WHEN if key in rows[0]), None)
    which = next((key for key in _VALUES if any(row.get(key) is not None for row in rows)), None)
    if when is None or which is None:
        raise ConfigurationError(f"{name}: the rows of {entity} have no times or no values; {_FORM}")
    statistics = when == "start"
    attributes: dict[str, Any] = next((row[key] for row in rows for key in ("attributes", "a") if isinstance(row.get(key), dict)), {})
    unit, counter = guessed(entity)
    unit = str(attributes.get("unit_of_measurement", unit))
    state_class = str(attributes.get("state_class", ""))
    if statistics:
        counter = which in ("sum", "state")
    elif state_class:
        counter = state_class.startswith("total")
    return Series(
        list(range(1, len(rows) + 1)),
        [_written(next((row[key] for key in (when, *_WHEN) if row.get(key) is not None), "")) for row in rows],
        ["" if row.get(which) is None else str(row[which]) for row in rows],
        heading=f"{entity} {which}", time_heading=when, unit=unit, zone="UTC", counter=counter, changes=not statistics, ends=False,
    )  # fmt: skip


def _written(when: Any) -> str:
    return repr(float(when)) if isinstance(when, float) else str(when)
