"""Would this home come through a month of outages? The home as it is, with what costs nothing, another battery, and without outages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from virtual_devices.answers import bigger
from virtual_devices.answers.simulate import run
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.home.model import DeviceEntry, Event, Home, override, starting_at
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.ledger.darkness import Darkness
from virtual_devices.kit.ledger.delivery import Consumption, NotDelivered
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import rehearse, warnings
from virtual_devices.kit.members.shared import sharing
from virtual_devices.kit.members.store import Store

AS_IT_IS, FREE, BIGGER, NO_BATTERY, NO_OUTAGES = "as_it_is", "essentials", "bigger_battery", "no_battery", "no_outages"
"""The cases that are compared."""
REMEDIES = (FREE, BIGGER)
"""Those that could help, what costs nothing first."""
CALENDAR = "the outages asked about.ics"
"""What the calendar is called among the files of a home; no setting names one so."""


@dataclass(frozen=True, slots=True)
class Case:
    """One home that is tried. title: for people.  battery: its largest one, None without."""

    name: str
    title: str
    home: Home
    battery: DeviceEntry | None


def month_of(home: Home, month: int) -> tuple[int, int]:
    """Begin and end (UTC seconds) of the first such month (1–12) that begins when the home starts, or later."""
    local = home.site.calendar
    begin = local.month_start(home.start)
    while begin < home.start or local.local(begin).month != month:
        begin = local.next_month(begin)
    return begin, local.next_month(begin)


def ready(home: Home, begin: int, documents: Mapping[str, str]) -> Home:
    """The home that starts then, tried out. Raises HomeFileError, and ConfigurationError where the question has no sense."""
    if not home.of("connects") and home.of("settles")[0].switchboard:
        raise ConfigurationError(
            f"{home.source}: home {home.name} has neither a grid nor an inverter that works; add `grid: {{}}` or `inverter: {{}}` under devices"
        )
    home = starting_at(home, begin)
    rehearse(home, documents)
    return home


def cases(home: Home) -> list[Case]:
    """What is compared, as far as this home has it: as it is, what costs nothing, next bigger battery, no battery, no outages.

    A home without a grid is asked about all of its time, and measured against one that has a grid.
    """
    battery = next(iter(bigger.stores(home)), None)
    out = with_outages(home, CALENDAR)
    found = [Case(AS_IT_IS, "as it is" + (f", {bigger.words(battery)}" if battery else ", no battery"), out, battery)]
    if (saving := bigger.with_essentials_only(out)) is not None:
        found.append(Case(FREE, "with load_limit Essentials (costs nothing)", saving, battery))
    if larger := bigger.with_bigger(bigger.with_inverter(out)):
        first = "" if battery else "a first battery of "
        first = f"a first inverter and {first}" if home.of("settles")[0].switchboard else first
        found.append(Case(BIGGER, f"with {first}{bigger.words(larger[1])}", *larger))
    if battery is not None:
        found.append(Case(NO_BATTERY, "without a battery", bigger.without(out), None))
    title = "as it is, no outages" if home.of("connects") else "as it is, with a grid"
    return [*found, Case(NO_OUTAGES, title, with_outages(bigger.with_grid(home), None), battery)]


def with_outages(home: Home, calendar: str | None) -> Home:
    """The home with the outages of a calendar file, or none, instead of its own."""
    if not home.of("connects"):
        return home
    grid = home.of("connects")[0]
    theirs: dict[str, Any] = {"main_switch": True, "outages": "", "outage_calendar": calendar}
    events = (_without(event, theirs) if event.device == grid.name else event for event in home.events)
    return replace(override(home, {grid.name: theirs}), events=tuple(event for event in events if event.changes))


def _without(event: Event, settings: Mapping[str, Any]) -> Event:
    return replace(event, changes={name: value for name, value in event.changes.items() if name not in settings})


def survive(
    home: Home, documents: Mapping[str, str], calendar: str, duration: int, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Run every case for ``duration`` seconds; JSON-ready.

    home: as ``ready`` gives it.  calendar: iCalendar text of the outages.  progress: told the seconds simulated, of all cases.
    """
    tried = [_Trial(case, House(case.home, {**documents, CALENDAR: calendar})) for case in cases(home)]
    with sharing():
        for number, each in enumerate(tried):
            each.run(duration, None if progress is None else partial(_told, progress, number * duration - home.start))
    measure = next(each for each in tried if each.case.name == NO_OUTAGES).taken
    found = [each.found(measure) for each in tried]
    zone = home.site.zone
    return {
        "home": home.name,
        "start": write_instant(home.start, zone),
        "end": write_instant(home.start + duration, zone),
        "survives": found[0]["dark_hours"] == 0,
        "answer": answer(found),
        "not_covered": [gap for gap in tried[0].result["not_covered"] if gap["file"] != CALENDAR],
        "conditions": tried[0].result["conditions"],
        "cases": found,
    }


def _told(progress: Callable[[int], None], before: int, now: int) -> None:
    progress(before + now)


def cautions(home: Home, documents: Mapping[str, str], calendar: str) -> list[str]:
    """What is hardly meant in the home as it is, with the outages asked about; one line each. See ``survive``."""
    house = House(with_outages(home, CALENDAR), {**documents, CALENDAR: calendar})
    return warnings(house.home, house.members)


class _Trial:
    """A case and its one run. taken: what its loads took.  result: as ``Summary.result`` gives it."""

    def __init__(self, case: Case, house: House) -> None:
        self.case, self._house = case, house
        self._darkness = watched(house)
        self.taken = Consumption(house.settler.device.ports)
        self.result: dict[str, Any] = {}
        house.listeners.append(self.taken.add)

    def run(self, duration: int, progress: Callable[[int], None] | None) -> None:
        """Run it. Raises VirtualDevicesError where the ledger does not balance."""
        self.result = run(self._house, duration, progress=progress)
        if problems := self.result["audit"]["problems"]:
            raise VirtualDevicesError(f"home {self.case.home.name}, {self.case.title}: the audit found: {'; '.join(problems)}")

    def found(self, measure: Consumption) -> dict[str, Any]:
        """JSON-ready. measure: what the loads took without outages."""
        case, result, seen = self.case, self.result, self._darkness.result()
        served, imported = result["energy_kwh"]["load_served"], result["energy_kwh"]["grid_import"]
        missing = NotDelivered(measure, self.taken)
        return {
            "case": case.name,
            "title": case.title,
            "battery_kwh": None if case.battery is None else bigger.size(case.battery),
            **{name: value for name, value in seen.items() if name != "days"},
            **missing.result(),
            "loads": {
                name: {**each, "not_delivered_kwh": missing.loads.get(name, 0.0)} for name, each in result["loads"].items()
            },
            "import_kwh": imported,
            "autonomy": round(max(0.0, 1 - imported / served), 4) if served else None,
            "cost": result["cost"]["amount"],
            "currency": result["cost"]["currency"],
            "ledger_sha256": result["ledger_sha256"],
            "days": seen["days"],
        }


def watched(house: House) -> Darkness:
    """What a house will be dark for, from now on; without a grid all of its time is one outage."""
    darkness = Darkness(house.home.site.calendar, house.settler.device.ports)
    grid = next((member for member in house.participants if isinstance(member, Connection)), None)
    batteries = [member for member in house.participants if isinstance(member, Store)]

    def add(record: LedgerRecord) -> None:
        links = [] if grid is None else grid.device.link(grid.settings, record.span)
        out = [(link.steps, not link.connected) for link in links] or [(record.span.steps, True)]
        capacity = sum(member.device.rule(member.settings, member.state).capacity for member in batteries)
        darkness.add(record, out, capacity)

    house.listeners.append(add)
    return darkness


def answer(found: list[dict[str, Any]]) -> str:
    """The one sentence, from the cases as ``survive`` lists them."""
    now = found[0]
    count = len(now["days"])
    days = "1 day" if count == 1 else f"{count} days"
    if not now["outage_hours"]:
        return f"Yes: the grid never goes off in {'this day' if count == 1 else f'these {days}'}."
    if not now["dark_hours"]:
        low = "" if now["lowest_soc"] is None else f"; the battery never fell below {100 * now['lowest_soc']:.0f} %"
        return f"Yes: {hours(now['outage_hours'])} without grid in {days}, and never dark{low}."
    text = f"No: on {now['dark_days']} of {days} it was dark, for {hours(now['dark_hours'])} in all"
    for other in (each for each in found if each["case"] in REMEDIES):
        rest = f"for {hours(other['dark_hours'])}" if other["dark_hours"] else "never"
        text += f"; {other['title']} {rest}"
    return f"{text}."


def hours(value: float) -> str:
    """``14.2 h``; short ones in minutes."""
    return f"{value:.1f} h" if value >= 1 or not value else f"{max(1, round(value * 60))} min"
