"""Where a home stands, by the name of a town, or by coordinates: what is known of it offline.

Towns are those of ``towns.csv``, then the places of the climate's table of temperatures, then the cities that time zones are named after.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from virtual_devices.answers.starting.countries import is_country
from virtual_devices.edge.files import cities
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.home.doubts import distance

_NEAR = 60
"""km within which a place is as high as a town whose height is known."""
_ALIKE = 0.75
"""How alike what is meant is to what is written."""
_MOST, _FEWEST = 6, 4
"""Towns that a message names; letters from which on the beginning of a name is enough."""
_PAIR = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*°?\s*([NSns])?\s*[,;/ ]\s*([+-]?\d+(?:\.\d+)?)\s*°?\s*([EWew])?(.*)")
_ALTITUDE = re.compile(r"[,; ]\s*(-?\d+(?:\.\d+)?)\s*m\b")
_STATION = re.compile(r"\b(?:try|ap|arpt|airport|intl|int l|aero|aerodrome|afb|muni|municipal|regional|rgnl|isis|aws|awos|ut)\b")
_AIR = {
    "Cape Town": "20.4, 20.4, 19.2, 16.9, 14.4, 12.5, 11.9, 12.4, 13.7, 15.6, 17.9, 19.5",
    "Durban": "24.5, 24.5, 24, 21.5, 19.5, 17, 17, 18, 19, 20.5, 21.5, 23.5",
    "Gqeberha": "21.5, 21.5, 21, 18.5, 17, 14.5, 14.5, 15, 15.5, 17, 18, 20",
}
"""°C of the months, where the climate's nearest temperatures are too far away or too high up to be trusted: of the South African Weather Service,
the first its normals of 1961 to 1990, the others the middle of its mean highs and lows."""
_TWO: dict[str, str] = dict(re.findall(
    r"(\w{3}):(\w\w)",
    "AUS:AU AUT:AT BEL:BE BGR:BG BIH:BA BLR:BY BLZ:BZ BRN:BN CAN:CA CHE:CH CHL:CL CHN:CN CUB:CU CYP:CY CZE:CZ DEU:DE DNK:DK DZA:DZ EGY:EG ESP:ES "
    "ETH:ET FIN:FI FJI:FJ FRA:FR GBR:GB GRC:GR GTM:GT GUM:GU HKG:HK HND:HN HUN:HU IND:IN IRL:IE ISL:IS ISR:IL ITA:IT JPN:JP KOR:KR LTU:LT MEX:MX "
    "MTQ:MQ MYS:MY NIC:NI NLD:NL NOR:NO NZL:NZ PHL:PH POL:PL PRI:PR PRT:PT SGP:SG SLV:SV USA:US ZAF:ZA",
))  # fmt: skip
"""The countries of the climate's table, as time zones have them."""
_LOCALTIME = Path("/etc/localtime")
_HIGHEST = 9000.0
"""m."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a home stands. latitude, longitude: °.  altitude: m.  zone: of IANA.  country: ISO 3166, or empty.

    near: of which town what is not said was taken.  air: °C of the twelve months as the weather's ``monthly_temp_air`` takes them, or empty.
    """

    name: str
    latitude: float
    longitude: float
    altitude: float
    zone: str
    country: str
    near: str = ""
    air: str = ""

    @property
    def text(self) -> str:
        """As somebody may write it."""
        if self.name:
            return f"{self.name}, {self.country}" if self.country else self.name
        return f"{self.latitude:g}, {self.longitude:g}, {self.altitude:g} m, {self.zone}"

    @property
    def south(self) -> bool:
        """Whether it is south of the equator."""
        return self.latitude < 0


def find(text: str) -> Spot:
    """The place that somebody means: a town, ``town, country``, an IANA zone, or ``latitude, longitude``, then also ``altitude m`` and zone.

    Raises ConfigurationError with what may be meant.
    """
    plain = " ".join(text.split())
    pair = _PAIR.fullmatch(plain)
    return _by_numbers(plain, pair) if pair is not None else _by_name(plain)


def here() -> Spot:
    """The city of this machine's time zone; Cape Town where that says nothing."""
    for zone in _zones_of_this_machine():
        for spot in _cities():
            if spot.zone == zone:
                return _town_of(spot)
    return find("Cape Town")


def _by_numbers(text: str, pair: re.Match[str]) -> Spot:
    latitude, longitude = float(pair[1]), float(pair[3])
    if pair[2] and pair[2] in "Ss":
        latitude = -abs(latitude)
    if pair[4] and pair[4] in "Ww":
        longitude = -abs(longitude)
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 - degrees
        hint = "; latitude comes first" if abs(latitude) <= 180 and abs(longitude) <= 90 else ""  # noqa: PLR2004
        raise ConfigurationError(f"place {shown(text)} is not on Earth: latitude is -90 to 90, longitude -180 to 180{hint}")
    rest = pair[5]
    height = _ALTITUDE.search(rest)
    zone = (rest[: height.start()] + rest[height.end() :] if height else rest).strip(" ,;")
    if zone:
        calendar(zone)  # raises with what may be meant
    near = min(_known(), key=lambda each: distance((each.latitude, each.longitude), (latitude, longitude)))
    high = float(height[1]) if height else near.altitude if distance((near.latitude, near.longitude), (latitude, longitude)) <= _NEAR else 0.0
    if not -500 <= high <= _HIGHEST:  # noqa: PLR2004 - m
        raise ConfigurationError(f"altitude {high:g} m is out of range; use -500 to {_HIGHEST:g} m")
    zone = zone or near.zone
    return Spot("", latitude, longitude, high, zone, cities.country_of(zone), near=near.name)


def _by_name(text: str) -> Spot:
    if not text:
        raise ConfigurationError("place: name a town, such as Cape Town, or latitude and longitude, such as -33.92, 18.42")
    name, _, land = (part.strip() for part in text.partition(","))
    key = _key(name)
    known = [(word, spot) for word, spot in _index() if not land or is_country(land, spot.country)]
    for fits in (lambda word: word == key, lambda word: len(key) >= _FEWEST and word.startswith(key), lambda word: len(key) >= _FEWEST and f" {key} " in f" {word} "):
        found = list(dict.fromkeys(spot for word, spot in known if fits(word)))
        apart = [spot for number, spot in enumerate(found) if not any(_same(spot, other) for other in found[:number])]
        if len(apart) == 1:
            return apart[0]
        if apart:
            raise ConfigurationError(f"place {shown(text)} is not clear; name one of: {'; '.join(spot.text for spot in apart[:_MOST])}; or give latitude and longitude")
    try:
        return next(_town_of(spot) for spot in _cities() if spot.zone.casefold() == text.casefold())
    except StopIteration:
        close = difflib.get_close_matches(key, [word for word, _ in known], 1, _ALIKE)
        meant = next((f"; did you mean {spot.text!r}?" for word, spot in known if close and word == close[0]), "; name a larger town nearby")
        raise ConfigurationError(f"place {shown(text)} is not known here{meant}{'' if close else ','} or give latitude and longitude, such as -33.92, 18.42") from None


def _same(one: Spot, other: Spot) -> bool:
    """Whether two rows of different tables are of the same town."""
    return distance((one.latitude, one.longitude), (other.latitude, other.longitude)) <= _NEAR


def _key(name: str) -> str:
    """A name as it is compared: without accents, signs and the words of weather stations."""
    bare = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ł", "l").replace("ø", "o"))
    plain = re.sub(r"[^a-z0-9]+", " ", "".join(each for each in bare.casefold() if not unicodedata.combining(each))).strip()
    return " ".join(_STATION.sub(" ", plain).split()) or plain


@lru_cache(maxsize=1)
def _index() -> tuple[tuple[str, Spot], ...]:
    """Each name of each place that is known, the best known first."""
    return tuple((_key(name), spot) for names, spot in _towns() for name in names) + tuple((_key(spot.name.partition("/")[0]), spot) for spot in (*_measured(), *_cities()))


@lru_cache(maxsize=1)
def _towns() -> tuple[tuple[tuple[str, ...], Spot], ...]:
    """Names of each town, and where it is."""
    text = (files("virtual_devices.answers.starting") / "towns.csv").read_text("utf-8")
    found = []
    for line in text.splitlines()[1:]:
        names, country, latitude, longitude, altitude, zone = line.split(",")
        called = tuple(names.split("/"))
        found.append((called, Spot(called[0], float(latitude), float(longitude), float(altitude), zone, country, air=_AIR.get(called[0], ""))))
    return tuple(found)


@lru_cache(maxsize=1)
def _cities() -> tuple[Spot, ...]:
    """The cities of time zones, whose height nobody says."""
    found = []
    for zone in cities.zones():
        latitude, longitude = cities.city_of(zone) or (0.0, 0.0)
        found.append(Spot(zone.rpartition("/")[2].replace("_", " "), round(latitude, 2), round(longitude, 2), 0.0, zone, cities.country_of(zone)))
    return tuple(found)


@lru_cache(maxsize=1)
def _measured() -> tuple[Spot, ...]:
    """The places of the climate's temperatures, each in the zone of the nearest town of its country that is known."""
    text = (files("virtual_devices.ambient") / "temperatures.csv").read_text("utf-8")
    known = [*(spot for _, spot in _towns()), *_cities()]
    found = []
    for line in text.splitlines()[1:]:
        name, country, latitude, longitude, elevation = line.split(",")[:5]
        where = (float(latitude), float(longitude))
        near = min((each for each in known if each.country == _TWO.get(country)), key=lambda each: distance(where, (each.latitude, each.longitude)), default=None)
        if near is not None:
            found.append(Spot(name, *where, float(elevation), near.zone, near.country, near=near.name))
    return tuple(found)


@lru_cache(maxsize=1)
def _known() -> tuple[Spot, ...]:
    """Every place, the best known first."""
    return (*(spot for _, spot in _towns()), *_measured(), *_cities())


def _town_of(city: Spot) -> Spot:
    """The same city as a town, whose height is known; else the city."""
    return next((spot for _, spot in _towns() if spot.zone == city.zone and _same(spot, city)), city)


def _zones_of_this_machine() -> list[str]:
    """What the environment, then the system says, if anything."""
    found = [os.environ.get("TZ", "").removeprefix(":")]
    if _LOCALTIME.is_symlink():
        found.append(_LOCALTIME.resolve().as_posix().partition("zoneinfo/")[2])
    return [zone for zone in found if zone]
