"""The questions that a new home is made of, in their order: for a terminal, for options of a command line, and for a form.

Each says which settings it fills; bounds, units and defaults of those are the catalogue's, and are not said again here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from virtual_devices.answers.starting import panels, places, prices
from virtual_devices.answers.starting.answered import Answered, BatteryWish, unasked
from virtual_devices.answers.starting.catalogued import checked_value, setting_field
from virtual_devices.kit.errors import SettingError, shown, suggestion
from virtual_devices.kit.forms.changes import number_text
from virtual_devices.kit.names import MAX_NAME, is_name

SIZES = (800.0, 1500.0, 2000.0, 3000.0, 3600.0, 5000.0, 6000.0, 8000.0, 10_000.0, 12_000.0, 16_000.0, 20_000.0, 30_000.0, 50_000.0, 100_000.0)
"""W of inverters that are sold."""
TWICE = "08:00-10:30, 18:00-20:30"
"""Load-shedding of two and a half hours twice a day."""
_NO_GRID = frozenset(("always", "off-grid", "off grid", "no grid", "cabin", "island"))
_PACKS = re.compile(r"(\d+)\s*[x×*]\s*(.+)")
_ENOUGH, _SMALL = 0.8, 2000.0
"""Of the panels' power that an inverter has, at least; W of panels up to which a home goes without a battery."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. name: of the option, and key of the answer.  fills: settings, as ``kind.setting``.  bounded: whether the answer is within the first one's bounds.

    read: an answer, and all that was answered before, to all that is answered then; raises VirtualDevicesError, which says how to mend it.
    usual: what is taken where nobody answers.  asked: whether it is worth asking, by what was answered before.
    """

    name: str
    title: str
    help: str
    example: str
    fills: tuple[str, ...]
    read: Callable[[str, Answered], Answered]
    usual: Callable[[Answered], str]
    asked: Callable[[Answered], bool] = lambda _: True
    bounded: bool = False

    @property
    def range(self) -> str:
        """What the setting that it fills accepts, empty where the answer says more than one."""
        return setting_field(*self.fills[0].split(".")).range if self.bounded else ""


def _place(text: str, so_far: Answered) -> Answered:
    return replace(so_far, spot=places.find(text))


def _panels(text: str, so_far: Answered) -> Answered:
    return replace(so_far, panels=panels.read_panels(text))


def _battery(text: str, so_far: Answered) -> Answered:
    if text.strip().casefold() in panels.NOTHING:
        return replace(so_far, battery=None)
    several = _PACKS.fullmatch(text.strip())
    packs = int(checked_value("battery", "packs", several[1], "packs of the battery")) if several else 1
    return replace(so_far, battery=BatteryWish(float(checked_value("battery", "capacity", _plain(several[2] if several else text), "battery")), packs))


def _usual_battery(so_far: Answered) -> str:
    return "10 kWh" if so_far.peak > _SMALL else "none"


def _inverter(text: str, so_far: Answered) -> Answered:
    if text.strip().casefold() in panels.NOTHING:
        if so_far.panels or so_far.battery:
            raise SettingError(f"inverter: panels and batteries need one; give its power, such as {_usual_inverter(so_far)}")
        return replace(so_far, inverter=None)
    return replace(so_far, inverter=float(checked_value("inverter", "rated_power", _plain(text), "inverter")))


def _usual_inverter(so_far: Answered) -> str:
    """Large enough for most of the panels, and to empty the battery in three hours."""
    if not (so_far.panels or so_far.battery):
        return "none"
    least = max(_ENOUGH * so_far.peak, 1000 * so_far.battery.whole / 3 if so_far.battery else 0.0)
    return panels.power_text(next((size for size in SIZES if size >= least), SIZES[-1]))


def _outages(text: str, so_far: Answered) -> Answered:
    plain = text.strip().casefold()
    if plain in _NO_GRID:
        if not (so_far.panels or so_far.battery):
            raise SettingError("outages: a home without grid needs panels or a battery; answer none, or give it panels")
        return replace(so_far, on_grid=False, outages="")
    if plain in panels.NOTHING:
        return replace(so_far, on_grid=True, outages="")
    times = TWICE if plain in ("twice", "twice a day") else text.strip()
    checked_value("grid", "outages", times, "outages")
    return replace(so_far, on_grid=True, outages=times)


def _currency(text: str, so_far: Answered) -> Answered:
    return replace(so_far, currency=str(checked_value("grid", "currency", text.strip().upper(), "currency")))


def _price(text: str, so_far: Answered) -> Answered:
    return replace(so_far, prices=prices.read_prices(text, so_far.usual.price))


def _feed_in(text: str, so_far: Answered) -> Answered:
    if text.strip().casefold() in ("none", "no", "nothing", ""):
        return replace(so_far, feed_in=None)
    return replace(so_far, feed_in=prices.read_price(text, "feed-in", "feed_in_price"))


def _usual_feed_in(so_far: Answered) -> str:
    return "none" if so_far.usual.feed_in is None else number_text(so_far.usual.feed_in)


def _people(text: str, so_far: Answered) -> Answered:
    return replace(so_far, people=int(checked_value("geyser", "persons", text.strip(), "people")))


def _water(text: str, so_far: Answered) -> Answered:
    plain = text.strip().casefold()
    if plain not in ("electric", "other"):
        raise SettingError(f"hot water: {shown(text)} is not understood; answer electric or other{suggestion(plain, ['electric', 'other']).partition(';')[0]}")
    return replace(so_far, electric_water=plain == "electric")


def _name(text: str, so_far: Answered) -> Answered:
    plain = text.strip()
    if not is_name(plain):
        meant = home_name(plain)
        raise SettingError(f"name: {shown(text)} is no name; use at most {MAX_NAME} lower case letters, digits and _, such as {meant}")
    return replace(so_far, name=plain)


def home_name(text: str) -> str:
    """A name that a home may have, made of any text."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:MAX_NAME].strip("_")
    return plain if re.match(r"[a-z]", plain) else "my_home"


def _plain(text: str) -> str:
    """Without what is said of peaks: an inverter or a battery has none; a comma is a point."""
    return re.sub(r"^(\s*\d+),(\d+)", r"\1.\2", text).strip()


def _paid(so_far: Answered) -> bool:
    return so_far.on_grid


QUESTIONS = (
    Question("place", "Place", "a town, or latitude, longitude; then its climate and time zone are known", "Cape Town", ("clock.latitude", "clock.longitude"),
             _place, lambda _: places.here().text),
    Question("panels", "Panels", "how many, of how many W, facing where; several roofs with `and` between; none", panels.EXAMPLE,
             ("pv_array.capacity", "pv_array.surface_azimuth", "pv_array.surface_tilt"),
             _panels, lambda so_far: f"12 × 450 W facing {'north' if so_far.spot.south else 'south'}"),
    Question("battery", "Battery", "what it stores, 2 × 5 kWh for packs; none", "10 kWh", ("battery.capacity", "battery.packs"), _battery, _usual_battery, bounded=True),
    Question("inverter", "Inverter", "its rated power; none where there are neither panels nor a battery", "5 kW", ("inverter.rated_power",),
             _inverter, _usual_inverter, lambda so_far: bool(so_far.panels or so_far.battery), bounded=True),
    Question("outages", "Outages", f"times without grid every day; none; twice: {TWICE}; always: there is no grid", "18:00-20:30", ("grid.outages",),
             _outages, lambda _: "none"),
    Question("currency", "Currency", "three letters", "ZAR", ("grid.currency",), _currency, lambda so_far: so_far.usual.currency, _paid),
    Question("price", "Price of a kWh", "with taxes; also dearer hours and fixed charges, or a tariff file", prices.EXAMPLE, ("grid.price", "grid.tariff"),
             _price, lambda so_far: number_text(so_far.usual.price), _paid),
    Question("feed_in", "Feed-in", "what an exported kWh earns; 0: it earns nothing; none: nothing may be exported", "0.08", ("grid.feed_in_price", "inverter.solar_export"),
             _feed_in, _usual_feed_in, lambda so_far: so_far.on_grid and bool(so_far.panels)),
    Question("people", "People", "who live there: light, cooking, hot water and all else go by them", "3", ("geyser.persons", "base_load.scale"),
             _people, lambda _: number_text(setting_field("geyser", "persons").default), bounded=True),
    Question("hot_water", "Hot water", "electric, or other: gas, wood, district heating, nothing of it is on the bill", "electric", (),
             _water, lambda so_far: "electric" if so_far.usual.electric_water and so_far.on_grid else "other", lambda so_far: so_far.people > 0),
    Question("name", "Name of the home", "small letters, digits and _", "our_house", (), _name, lambda so_far: home_name(so_far.spot.name or "my_home")),
)  # fmt: skip
"""In the order in which they are asked: what is usual for one goes by the answers before it."""
NAMES = tuple(question.name for question in QUESTIONS)


def answers(texts: Mapping[str, str]) -> Answered:
    """All answers of texts by question; what is not there is as usual. Raises VirtualDevicesError for the first that is not understood."""
    unknown = [name for name in texts if name not in NAMES]
    if unknown:
        raise SettingError(f"there is no question {shown(unknown[0])}{suggestion(unknown[0], list(NAMES))}")
    so_far = unasked()
    for question in QUESTIONS:
        so_far = answered(question, texts.get(question.name), so_far)
    return so_far


def answered(question: Question, text: str | None, so_far: Answered) -> Answered:
    """With the answer to one question more. text: None: as usual. What is not worth asking stays as it is, unless somebody says it."""
    if text is None and not question.asked(so_far):
        return so_far
    return question.read(question.usual(so_far) if text is None else text, so_far)
