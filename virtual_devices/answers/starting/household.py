"""From answers to a home: which devices it has, how they are set, and why, as remarks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from virtual_devices.answers.starting.answered import Answered
from virtual_devices.answers.starting.catalogued import setting_field
from virtual_devices.answers.starting.countries import AS_OF
from virtual_devices.answers.starting.draft import DraftDevice, HomeDraft
from virtual_devices.answers.starting.panels import KILO, RoofSide, default_tilt, power_text, words_of
from virtual_devices.answers.starting.presets import Preset
from virtual_devices.kit.forms.changes import number_text

TARIFF = "tariff.yaml"
"""The file beside the home file, where prices are more than one number."""
SPEED = 60
_HOW = (
    "Begun with `virtual-devices new`; every number may be changed here. `virtual-devices check FILE` says how the file is understood, "
    "`virtual-devices describe KIND` what each device can be set to besides."
)
_FULL_SUN = {True: 0.0, False: 180.0}
"""Azimuth towards the equator, by whether it is in the south."""
_TANKS = ((2, 100), (4, 150), (6, 200), (50, 300))
"""People, and litres of a tank for so many."""
_ELEMENT = {100: "2 kW", 150: "3 kW", 200: "3 kW", 300: "4 kW"}


def drafted(told: Answered, now: int, begun: Preset | None = None, *, with_files: bool = True) -> HomeDraft:
    """The home, with remarks. now: UTC seconds, of the day with which it begins.  begun: the preset that it was begun with.

    with_files: whether there may be files beside the home file; without, prices are the one of all other hours.
    """
    spot = told.spot
    where = spot.name or f"{spot.latitude:g}, {spot.longitude:g}"
    draft = HomeDraft(told.name, seed=1)
    draft.notes = [
        f"{begun.title}.{f' Prices are examples, as of {AS_OF}.' if told.on_grid else ''}" if begun is not None else f"A home in {where}.",
        _HOW,
    ]
    draft.site = {"latitude": spot.latitude, "longitude": spot.longitude, "altitude": f"{spot.altitude:g} m", "time_zone": spot.zone}
    if spot.near:
        draft.remarks["site"] = f"time zone as in {spot.near}" if spot.name else f"time zone and altitude as in {spot.near}, where you gave none"
    draft.clock = {"start": f"{datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(spot.zone)):%Y-%m-%d} 00:00", "speed": SPEED}
    draft.remarks["clock"] = "the day on which this was written; `start: now, speed: 1` for a home that lives with you"
    draft.remarks["seed"] = "of the weather's and the household's chance: another number, another year of the same climate"
    draft.devices = [*_nature(told), *_wired(told, draft, with_files=with_files), *_household(told)]
    return draft


def _nature(told: Answered) -> list[DraftDevice]:
    if not told.panels:
        return []
    weather = DraftDevice("weather", "weather", remarks={"": "days as the climate of this place has them; or `file:` with measured ones"})
    if told.spot.air:
        weather.remarks.clear()
        weather.say("monthly_temp_air", told.spot.air, "°C, January first; the light is the climate's")
    return [DraftDevice("sun", "sun", heading="what nature gives"), weather]


def _wired(told: Answered, draft: HomeDraft, *, with_files: bool) -> list[DraftDevice]:
    """What is wired to the inverter, or to the switchboard where there is none."""
    found = _roofs(told)
    if told.battery is not None:
        found.append(_battery(told))
    if told.on_grid:
        found.append(_grid(told, draft, with_files=with_files))
    if told.inverter is not None:
        found.append(_inverter(told))
    if found:
        found[0].heading = "what is wired to the inverter" if told.inverter is not None else "what comes from outside"
    return found


def _roofs(told: Answered) -> list[DraftDevice]:
    found: list[DraftDevice] = []
    for side in told.panels:
        device = DraftDevice("roof", "pv_array")
        azimuth = _FULL_SUN[told.spot.south] if side.azimuth is None else side.azimuth
        if len(told.panels) > 1:
            plain = f"roof_{words_of(azimuth).lower().replace('-', '_')}"
            same = sum(each.name == plain or (each.name.startswith(f"{plain}_") and each.name[len(plain) + 1 :].isdecimal()) for each in found)
            device.name = f"{plain}_{same + 1}" if same else plain
        device.say("capacity", power_text(side.capacity), _size(side))
        device.say("surface_tilt", _degrees(side.tilt if side.tilt is not None else default_tilt()), "0: flat, 90: upright")
        towards = ", towards the equator" if side.azimuth is None else ""
        device.say("surface_azimuth", _degrees(azimuth), f"{words_of(azimuth)}{towards}; 0 is north, 90 east")
        found.append(device)
    return found


def _size(side: RoofSide) -> str:
    each = f"{side.modules} × {number_text(side.power)} W; " if side.modules else ""
    return f"{each}at full sun, before losses of {number_text(setting_field('pv_array', 'losses').default)} %"


def _battery(told: Answered) -> DraftDevice:
    """Charged and emptied with half its capacity an hour, as most may be, and no faster than the inverter can."""
    battery = told.battery
    if battery is None:
        raise ValueError("there is no battery")
    device = DraftDevice("battery", "battery")
    device.say("capacity", f"{number_text(battery.capacity)} kWh", "of each pack, when new" if battery.packs > 1 else "between empty and full, when new")
    if battery.packs > 1:
        device.say("packs", battery.packs)
    limit = min(KILO * battery.capacity / 2, (told.inverter or 0.0) / battery.packs)
    text = power_text(max(100.0, round(limit / 100) * 100.0))
    device.say("charge_limit", text, f"{'of each pack; ' if battery.packs > 1 else ''}half its capacity an hour, and no more than the inverter takes")
    device.say("discharge_limit", text)
    return device


def _grid(told: Answered, draft: HomeDraft, *, with_files: bool) -> DraftDevice:
    device = DraftDevice("grid", "grid")
    if told.outages:
        device.say("outages", told.outages, "every day; `outage_calendar:` takes a calendar of them")
    usual = told.prices.base == told.usual.price and told.currency == told.usual.currency
    whose = f"; usual there in {AS_OF}, roughly" if told.usual.code else "; an example, as nothing is known of prices there"
    device.say("price", told.prices.base, f"{told.currency} a kWh, with taxes{whose if usual else ''}; write what your bill says")
    if told.prices.needs_file and not with_files:
        device.remarks["price"] = f"{told.currency} a kWh; a tariff file beside this one would say: {told.prices.text}"
    elif told.prices.needs_file:
        device.say("tariff", TARIFF, "hours, fixed charges; what it does not say costs the price above")
        draft.files[TARIFF] = told.prices.tariff(told.currency)
    if told.panels:
        device.say("feed_in_price", told.feed_in or 0, "what an exported kWh earns" if told.feed_in else "an exported kWh earns nothing" if told.feed_in is not None else "")
        if told.feed_in is None:
            device.say("export_limit", "0 kW", "nothing may be exported")
    device.say("currency", told.currency)
    return device


def _inverter(told: Answered) -> DraftDevice:
    device = DraftDevice("inverter", "inverter")
    device.say("rated_power", power_text(told.inverter or 0.0), "between DC and AC; all loads share it in an outage" if told.on_grid else "between DC and AC; all loads share it")
    if told.battery is not None and told.on_grid:
        device.say("battery_low_capacity", "30 %" if told.outages else "20 %", "kept in the battery for outages" if told.outages else "kept in the battery while there is a grid")
    if told.panels and told.on_grid:
        sells = told.feed_in is not None
        device.say("solar_export", sells, "what nobody needs goes to the grid" if sells else "what nobody needs is not made")
    return device


def _household(told: Answered) -> list[DraftDevice]:
    """What so many people draw."""
    people = told.people
    house = DraftDevice("house", "base_load", heading="what draws")
    house.say("scale", f"{_scale(people)} %", f"{_people(people)}; of fridge, chargers and all that nobody switches; 100 % is {_usual_day():.1f} kWh a day")
    house.say("priority", 1, "in need it is shed last, 10 first")
    found = [house]
    if people:
        lights = DraftDevice("lights", "lights")
        lights.say("rated_power", f"{20 + 20 * people} W", "of all lamps")
        lights.say("priority", 2)
        tv = DraftDevice("tv", "tv")
        tv.say("priority", 4)
        found += [lights, tv]
        if told.on_grid:
            found.append(_oven(people))
        if told.electric_water:
            found.append(_geyser(told))
    return found


def _oven(people: int) -> DraftDevice:
    oven = DraftDevice("oven", "oven")
    daily = people >= 3  # noqa: PLR2004 - people who are a family
    oven.say("schedule", "18:00-18:45" if daily else "Tue, Thu, Sat, Sun 18:00-18:45", "local time" if daily else "four suppers a week")
    oven.say("priority", 7)
    return oven


def _geyser(told: Answered) -> DraftDevice:
    volume = next(litres for most, litres in _TANKS if told.people <= most)
    geyser = DraftDevice("geyser", "geyser")
    geyser.say("volume", f"{volume} L")
    geyser.say("rated_power", _ELEMENT[volume])
    geyser.say("persons", told.people, f"{number_text(setting_field('geyser', 'hot_water').default)} L of hot water a day each: mostly the largest part of the bill")
    if told.on_grid and told.inverter is not None and told.battery is not None:
        geyser.say("circuit", "non_essential", "not fed in an outage")
    if told.panels:
        geyser.say("mode", "schedule")
        geyser.say("schedule", "04:00-06:00, 11:00-15:00", "for the morning's showers, then by the sun")
    geyser.say("priority", 9)
    return geyser


def _usual_day() -> float:
    """kWh of a day of the base load as it is shipped."""
    return sum(float(watts) for watts in str(setting_field("base_load", "profile").default).split(",")) / KILO


def _scale(people: int) -> int:
    """% of the household of three for so many."""
    return 40 + 20 * people


def _people(people: int) -> str:
    return "nobody lives here" if not people else "one person" if people == 1 else f"{people} people"


def _degrees(value: float) -> float:
    return int(value) if value == int(value) else value
