"""Sections of a home's dashboard, each made of what the home's devices announce, or left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from virtual_devices.home_assistant.shipped.cards import (
    FULL,
    HALF,
    Card,
    cell,
    cells,
    curves,
    diary,
    feature,
    heading,
    rows,
    section,
    table,
    tile,
    words,
)
from virtual_devices.home_assistant.shipped.flow import flow
from virtual_devices.home_assistant.shipped.package import plans_outages

if TYPE_CHECKING:
    from virtual_devices.home_assistant.announced import Announced, Thing

HOURS = 12
"""That curves reach back."""
_PROGRAM = re.compile(r"prog(\d+)_(\w+)")
_COLUMNS = {
    "time": ("from", feature("select-options")),
    "capacity": ("down to %", feature("numeric-input", style="buttons")),
    "charge": ("charged by", feature("select-options")),
}
"""Of the table of programs: what its fields are called, and how one changes them."""
_ABOUT_ITSELF = "last_error"
_TODAY = {"day_pv_energy": "Sun", "day_load_energy": "Loads", "day_grid_import": "Bought", "day_grid_export": "Sold"}
_FEATURES: dict[str, list[Card]] = {
    "climate": [feature("climate-hvac-modes")],
    "water_heater": [feature("water-heater-operation-modes")],
}
"""What a tile of a domain has below its name."""
_CONTENTS: dict[str, list[str]] = {"climate": ["hvac_action", "current_temperature"], "water_heater": ["state", "current_temperature"]}


def badges(seen: Announced) -> list[Card]:
    """What stands above all: the time, and whether the grid is there."""
    clock = [entity for thing in seen.of("ticks") if (entity := thing.entity("local_time"))]
    there = [entity for thing in seen.of("connects") for field in ("connected", "stage") if (entity := thing.entity(field)) and (field == "connected" or plans_outages(thing))]
    return [{"type": "entity", "entity": entity, "show_name": True} for entity in [*clock, *there]]


def now(seen: Announced) -> Card | None:
    """What flows, as tiles and as a table that balances."""
    inverter, store = seen.first("settles"), seen.first("stores")
    if inverter is None:
        return None
    shown: list[Card] = []
    if seen.of("produces") and (sun := inverter.entity("pv_power")):
        shown.append(tile(sun, "Sun", icon="mdi:solar-power", color="amber"))
    if load := inverter.entity("load_power"):
        shown.append(tile(load, "Loads", icon="mdi:home-lightning-bolt", color="blue"))
    if grid := inverter.entity("grid_power"):
        shown.append(tile(grid, "Grid", icon="mdi:transmission-tower", color="purple"))
    if store is not None and (soc := inverter.entity("battery_soc")):
        shown.append(tile(soc, "Battery", color="green"))
    today = [tile(entity, title) for field, title in _TODAY.items() if (field != "day_pv_energy" or seen.of("produces")) and (entity := inverter.entity(field))]
    title = [heading("Today", "mdi:calendar-today")] if today else []
    return section([heading("Now", "mdi:transit-connection-variant"), *shown, flow(seen, inverter), *title, *today])


def happened(seen: Announced) -> Card | None:
    """Decisions beside the state of charge, and a diary of what was switched."""
    inverter = seen.first("settles")
    if inverter is None:
        return None
    decision = inverter.entity("decision") or inverter.entity("decision_text")
    curve = [
        *([(soc, "Battery")] if seen.of("stores") and (soc := inverter.entity("battery_soc")) else []),
        *([(decision, "Decision")] if decision else []),
        *((connected, thing.title) for thing in seen.of("connects") if (connected := thing.entity("connected"))),
    ]
    powers = {"pv_power": "Sun", "load_power": "Loads", "grid_power": "Grid", "battery_power": "Battery"}
    if not seen.of("produces"):
        del powers["pv_power"]
    if not seen.of("stores"):
        del powers["battery_power"]
    lines = [(entity, name) for field, name in powers.items() if (entity := inverter.entity(field))]
    told = [entity for thing in seen.of("connects") for field in ("connected", "main_switch") if (entity := thing.entity(field))]
    told += [entity for thing in (*seen.of("carries"), *seen.of("consumes")) if (entity := thing.main)]
    if decision and decision not in told:
        told.append(decision)
    cards = [heading("What happened", "mdi:history"), curves(curve, HOURS, 6) if curve else None, curves(lines, HOURS, 6) if lines else None, diary(told, HOURS, 4) if told else None]
    return section(cards, 2)


def appliances(seen: Announced) -> Card | None:
    """Each load with what controls it and what it draws, then the switches on the way to them."""
    cards: list[Card | None] = [heading("Appliances", "mdi:home-automation")]
    for thing in seen.of("consumes"):
        cards += _pair(thing)
    circuits = seen.of("carries")
    if circuits:
        cards.append(heading("Plugs and breakers", "mdi:power-socket-de"))
        for thing in circuits:
            cards += _pair(thing)
    return section(cards)


def _pair(thing: Thing) -> list[Card]:
    """Its control, where it has one, beside its power; one line of the page."""
    power, entity = thing.entity("power"), thing.main
    if entity is None:
        return [tile(power, thing.title, FULL, icon=thing.device_class.icon)] if power else []
    domain = entity.partition(".")[0]
    more: dict[str, Any] = {"height": 2, "features": _FEATURES[domain]} if domain in _FEATURES else {}
    if domain in _CONTENTS:
        more["state_content"] = _CONTENTS[domain]
    beside = [tile(power, "Power", height=more.get("height", 1), icon="mdi:flash", color="amber")] if power else []
    return [tile(entity, thing.title, HALF if beside else FULL, **more), *beside]


def programs(seen: Announced) -> Card | None:
    """The timer's programs as a table whose cells one changes; of an inverter that only passes the grid through there are none."""
    inverter = seen.first("settles")
    if inverter is None or inverter.entry.switchboard or not seen.of("stores"):
        return None
    fields = [(match[1], match[2], str(inverter.entity(field))) for field in inverter.components if (match := _PROGRAM.fullmatch(field)) and inverter.entity(field)]
    numbers = sorted({number for number, _, _ in fields}, key=int)
    found = {(number, name): entity for number, name, entity in fields}
    table = [
        cell(found[number, name], f"{number} {title}", control) for number in numbers for name, (title, control) in _COLUMNS.items() if (number, name) in found
    ]
    if not table:
        return None
    wanted = {"use_timer": "Timer", "grid_charge_enabled": "Charge from grid", "solar_export": "Solar export", "load_limit": "Work mode"}
    masters = [(entity, title) for field, title in wanted.items() if (entity := inverter.entity(field))]
    row = [tile(entity, title, FULL * len(_COLUMNS) // len(masters)) for entity, title in masters]
    return section([heading("Programs", "mdi:table-clock"), *row, *table], len(_COLUMNS))


def grid(seen: Announced) -> Card | None:
    """The grid: its switch, its price, and what is planned."""
    cards: list[Card | None] = []
    for thing in seen.of("connects"):
        cards.append(heading(thing.title, "mdi:transmission-tower", thing.entity("connected")))
        if switch := thing.entity("main_switch"):
            cards.append(tile(switch, "Main switch", FULL))
        priced = bool(thing.settings.get("currency"))
        shown = {"import_power": "Import", "export_power": "Export"} | ({"price_now": "Price now", "day_cost": "Cost of today"} if priced else {})
        cards += [tile(entity, title) for field, title in shown.items() if (entity := thing.entity(field))]
        cards += _shedding(thing)
    return section(cards)


def _shedding(thing: Thing) -> list[Card]:
    """Load-shedding, of a grid that knows of some."""
    if not plans_outages(thing):
        return []
    planned = str(thing.entity("outage_planned"))
    times = ("{{ as_local(as_datetime(outage.start_time)).strftime('%a %H:%M') }}", "{{ as_local(as_datetime(outage.end_time)).strftime('%H:%M') }}")
    line = "{% for outage in outages[:6] %}" + cells("lrr", times[0], times[1], "{{ outage.stage }}") + "{% endfor %}"
    ahead = f"{{% set outages = state_attr('{planned}', 'forecast') or [] %}}\n" + table(cells("lrr", "Outage", "until", "stage", head=True), line)
    shown = {"stage": "Stage", "starts_in": "Next outage in"}
    cards = [tile(entity, title) for field, title in shown.items() if (entity := thing.entity(field))]
    daily = thing.entity("outages") if str(thing.settings.get("outages") or "") else None
    return [heading("Load-shedding", "mdi:transmission-tower-off"), *cards, words(ahead), *([rows([(daily, "Outages every day")])] if daily else [])]


def ambient(seen: Announced) -> Card | None:
    """The clock and the weather, to play with: every control that is there from the start, and what it comes to."""
    controls: list[Card] = []
    readings: list[Card] = []
    for thing in (*seen.of("ticks"), *seen.of("conditions")):
        for field, component in thing.components.items():
            entity = thing.entity(field)
            if entity is None or field == _ABOUT_ITSELF:
                continue
            slides = component["platform"] == "number"
            style = "slider" if component.get("mode") == "slider" else "buttons"
            more: dict[str, Any] = {"height": 2, "features": [feature("numeric-input", style=style)]} if slides else {}
            (controls if slides else readings).append(tile(entity, str(component["name"] or thing.title), **more))
    return section([heading("Clock and weather", "mdi:weather-partly-cloudy"), *controls, *readings], 2)
