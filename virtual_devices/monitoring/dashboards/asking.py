"""What dashboards ask of Prometheus, in its own language; names of families and kinds come from the catalogue.

Energy is counted in joules, and ``rate`` of a counter is joules per second of the wall. A home that lives sixty times as fast as the wall
counts sixty times as much in it: whoever wants watts divides by how fast its time goes, which is one where time stamps are simulated.
"""

from __future__ import annotations

from functools import lru_cache

from virtual_devices.edge.metrics.families import PREFIX, Family, families_of
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.home import catalogue

KWH = "3.6e6"
"""Joules."""
STEP = "$__rate_interval"
RANGE = "$__range"
HOME = 'home="$home"'
EVERY_HOME = 'home=~".+"'
ANEW = "a run began anew in this time"
"""Said where hours cannot be counted."""
DEVICE = 'device=~"$device"'


@lru_cache(maxsize=64)
def family_of(ability: str, reading: str) -> tuple[Family, tuple[str, ...]]:
    """The family of a reading, and the kinds of that ability that fill it. Raises CatalogueError where none does."""
    found: dict[str, Family] = {}
    for kind in catalogue.kinds():
        if catalogue.load(kind).ability == ability:
            family = next((family for family in families_of(kind) if family.key in (reading, f"{reading}_joules")), None)
            found |= {} if family is None else {kind: family}
    if not found:
        raise CatalogueError(f"no kind that {ability} has a reading {reading} with a metric")
    return next(iter(found.values())), tuple(found)


def of(ability: str, reading: str, *more: str, home: str = HOME) -> str:
    """The series of a reading of all devices of an ability. more: other matchers."""
    family, kinds = family_of(ability, reading)
    matchers = ", ".join([home, f'kind=~"{"|".join(kinds)}"', *more])
    return f"{family.series}{{{matchers}}}"


def now(ability: str, reading: str, *more: str, by: str = "home", home: str = HOME) -> str:
    """As it stands. One series for each value of the labels ``by``, whichever process said it last."""
    return f"max by ({by}) ({of(ability, reading, *more, home=home)})"


def total(ability: str, reading: str, *more: str, by: str = "home", home: str = HOME) -> str:
    """As it stands, added up over devices."""
    return f"sum by ({by}) (max by (home, device) ({of(ability, reading, *more, home=home)}))"


def pace(home: str = HOME) -> str:
    """Simulated seconds per second on the axis of time: 60 of a home that lives sixty times as fast, 1 of a past under its own time stamps."""
    return f"max by (home) (deriv({of('ticks', 'time', home=home)}[{STEP}]) > 0)"


def passed(home: str = HOME) -> str:
    """The same from the first sample of a span to the last, by which ``rate`` goes too; nothing where time stands still, or has begun anew."""
    anew = " ".join(f"unless max by (home) (resets({of('ticks', counted, home=home)}[{STEP}])) > 0" for counted in ("time", "windows"))
    return f"(max by (home) (rate({of('ticks', 'time', home=home)}[{STEP}])) and {pace(home)} {anew})"


def grown(ability: str, reading: str, *more: str, by: str = "home", home: str = HOME) -> str:
    """How fast a counter grows, per second on the axis."""
    return f"sum by ({by}) (rate({of(ability, reading, *more, home=home)}[{STEP}]))"


def watts(joules: str, home: str = HOME) -> str:
    """Mean power, W, of what grows so fast."""
    return f"({joules}) / on (home) group_left () {passed(home)}"


def mean(ability: str, reading: str, *more: str, by: str = "home", home: str = HOME) -> str:
    """Mean power, W, of what a counter counts."""
    return watts(grown(ability, reading, *more, by=by, home=home), home)


def kwh(ability: str, reading: str, *more: str, by: str = "home", home: str = HOME) -> str:
    """What a counter has counted in all of the time that is shown, kWh."""
    return f"sum by ({by}) (increase({of(ability, reading, *more, home=home)}[{RANGE}])) / {KWH}"


def each(length: str, ability: str, reading: str, *more: str, by: str = "home") -> str:
    """What a counter has counted in each period of a length, such as ``1d``, that ends where it is drawn, kWh.

    Exactly, from one end of the period to the other, where both are known and nothing began anew between them; else as ``increase`` has it.
    """
    counter = of(ability, reading, *more)
    return f"sum by ({by}) (({counter} - {counter} offset {length} >= 0) or increase({counter}[{length}])) / {KWH}"


def spent(length: str, ability: str, reading: str) -> str:
    """What an amount of money has changed in each period; it may fall, where more is sold than bought."""
    amount = of(ability, reading)
    return f"sum by (home, currency) (({amount} - {amount} offset {length}) or delta({amount}[{length}]))"


def hours(home: str = HOME) -> str:
    """Simulated hours in the time that is shown; nothing where a run began anew in it, at an earlier time."""
    time = of("ticks", "time", home=home)
    return f"(max by (home) (max_over_time({time}[{RANGE}]) - min_over_time({time}[{RANGE}])) / 3600 unless max by (home) (resets({time}[{RANGE}])) > 0)"


def hours_without(ability: str, reading: str, *more: str, by: str = "home") -> str:
    """For how many simulated hours of the time that is shown something did not hold."""
    return f"(1 - min by ({by}) (avg_over_time({of(ability, reading, *more)}[{RANGE}]))) * on (home) group_left () {hours()}"


def of_processes(metric: str, span: str = "") -> str:
    """What processes tell of themselves that serve the home, whatever their job is called. metric: its name.  span: over which its rate is taken."""
    found = f"rate({metric}[{span}])" if span else metric
    return f"{found} and on (job, instance) {PREFIX}_device_info{{{HOME}}}"


def share(part: str, whole: str) -> str:
    """1 less a part of a whole, between 0 and 1."""
    return f"clamp(1 - ({part}) / ({whole}), 0, 1)"
