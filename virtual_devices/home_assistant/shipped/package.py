"""A package for Home Assistant: what its recorder need not keep of a home, and load-shedding by the names that automations know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.home_assistant.announced import Announced, Thing, announced
from virtual_devices.home_assistant.shipped.written import as_yaml

if TYPE_CHECKING:
    from virtual_devices.kit.forms.changes import Reading
    from virtual_devices.kit.home.model import Home

NATION = "eskom"
"""Whose stage it is, as most automations have it in the sensor's name."""
_TIMES = ("start_time", "end_time", "starts_in", "ends_in")
_FOLLOWING = ("next_start_time", "next_end_time", "next_stage")
_COUNTS_DOWN = ("starts_in", "ends_in")


def package(home: Home, area: str = "", nation: str = NATION) -> str:
    """The package of a home, as YAML.

    area, nation: ends of the names of the load-shedding sensors, ``sensor.load_shedding_area_<area>`` and
    ``sensor.load_shedding_stage_<nation>``; the area is the home where nothing else is said.
    """
    seen = announced(home)
    sensors = _load_shedding(seen, area or home.name, nation)
    entities = unrecorded(seen) + [f"sensor.{_slug(each['name'])}" for each in sensors]
    content: dict[str, Any] = {"recorder": {"exclude": {"entity_globs": _joules(seen), "entities": entities}}}
    if sensors:
        content["template"] = [{"sensor": sensors}]
    return as_yaml([f"Home Assistant package of the home {home.name}; made by `virtual-devices ha package`.", *_HEADING], content)


_HEADING = [
    "",
    "Put it into the folder packages beside configuration.yaml, which has to say",
    "  homeassistant:",
    "    packages: !include_dir_named packages",
]


def unrecorded(seen: Announced) -> list[str]:
    """Entities that a recorder need not keep, beside joules: they change all the time, or carry long lists."""
    return [
        entity
        for thing in seen.things
        for reading in thing.readings
        if _is_restless(reading) and (entity := thing.any_entity(reading.name)) is not None
    ]


def _is_restless(reading: Reading) -> bool:
    """Whether it runs like a clock, tells when or in how many minutes something comes, or is a list."""
    return reading.running or reading.type in ("list", "instant") or reading.name in _COUNTS_DOWN


def _joules(seen: Announced) -> list[str]:
    """Patterns of joule counters, which kWh tell too."""
    begins = dict.fromkeys(str(thing.settings.get("entity_prefix") or "") or seen.home.name for thing in seen.things)
    return [f"sensor.{begin}_*_joules" for begin in begins]


def _load_shedding(seen: Announced, area: str, nation: str) -> list[dict[str, Any]]:
    """The sensors of an area and of its nation's stage, after the first grid that has outages ahead."""
    grid = next((thing for thing in seen.of("connects") if plans_outages(thing)), None)
    if grid is None:
        return []
    planned = str(grid.entity("outage_planned"))
    known = "{{ " + f"has_value('{planned}')" + " }}"
    stage = "{{ " + f"state_attr('{planned}', 'stage') | int(0)" + " }}"
    beside = {name: "{{ " + f"state_attr('{planned}', '{name}')" + " }}" for name in (*_TIMES, *_FOLLOWING)}
    forecast = "{{ " + f"state_attr('{planned}', 'forecast') or []" + " }}"
    base = f"{seen.home.name}-{grid.entry.name}-load-shedding"
    return [
        {
            "name": f"Load shedding area {area}", "unique_id": f"{base}-area", "icon": "mdi:transmission-tower", "availability": known,
            "state": "{{ states('" + planned + "') }}",
            "attributes": {"stage": stage, **beside, "forecast": forecast},
        },
        {
            "name": f"Load shedding stage {nation}", "unique_id": f"{base}-stage", "icon": "mdi:lightning-bolt", "availability": known,
            "state": stage,
            "attributes": {"stage": stage, **beside},
        },
    ]  # fmt: skip


def plans_outages(grid: Thing) -> bool:
    """Whether a grid's outages are known ahead: it announces so, and its file says something of them."""
    has_plan = any(str(grid.settings.get(name) or "") for name in ("outages", "outage_calendar"))
    return grid.entity("outage_planned") is not None and has_plan


def _slug(name: str) -> str:
    """A name as Home Assistant makes an id of it."""
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower())
