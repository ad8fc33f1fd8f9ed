"""All homes of a broker as they are just now, from a few retained topics of each, so that hundreds of them cost little.

Of a home are heard its clock, its inverter, its grid and its fleet, each at most once a second, and once what each device is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from virtual_devices.console.bus import MOST_HOMES
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.visitor.device_view import DeviceView, number
from virtual_devices.kit.names import CLOCK, is_name

HomeCondition = Literal["running", "paused", "waiting", "stopped"]
KEY = "homes"
"""Under which the bus attends it."""
MOST_PARTNERS = 4
"""Inverters and grids of one home that are listened to, whoever invents more."""
_ABILITIES = ("settles", "connects")


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One home. What nobody says is None.

    condition: ``waiting`` is there, and has no time yet.  speed: simulated seconds per second, 0 as fast as possible.  time: local, naive.
    behind: simulated seconds late.  soc: 0–1.  solar, load: W.  wanted, online: devices, as its fleet counts them.  settler: its inverter.
    fleet: whether somebody is there who could stop it.  windows: settled so far.
    """

    name: str
    condition: HomeCondition
    speed: float | None = None
    time: datetime | None = None
    behind: float = 0.0
    soc: float | None = None
    solar: float | None = None
    load: float | None = None
    cost: float | None = None
    currency: str = ""
    wanted: int | None = None
    online: int | None = None
    settler: str = ""
    fleet: bool = False
    windows: int = 0


@dataclass(slots=True)
class _Heard:
    """What a home has said. partners: inverters and grids by name."""

    clock: DeviceView
    partners: dict[str, DeviceView] = field(default_factory=dict)
    fleet: DeviceView | None = None


class HomesOverview:
    """Listens to all homes. version: grows whenever something has changed."""

    def __init__(self, subscribe: Callable[[str], None]) -> None:
        self._subscribe = subscribe
        self._heard: dict[str, _Heard] = {}
        self.version = 0
        clock, fleet = Topics("+", CLOCK), Topics("+", FLEET)
        for name in (Topics("+", "+").about, clock.availability, clock.state, fleet.availability, fleet.state):
            subscribe(name)

    def hear(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of a home; what is of no use to a row is passed over."""
        if leaf not in ("about", "availability", "state") or not is_name(device):
            return
        heard = self._heard.get(home)
        if heard is None:
            if len(self._heard) >= MOST_HOMES:
                return
            heard = self._heard[home] = _Heard(DeviceView(home, CLOCK))
        if device == CLOCK:
            heard.clock.hear(leaf, payload)
        elif device == FLEET:
            heard.fleet = heard.fleet or DeviceView(home, FLEET)
            heard.fleet.hear(leaf, payload)
        elif leaf == "about":
            self._meet(heard, home, device, payload)
        elif leaf == "state" and device in heard.partners:
            heard.partners[device].state = json_object(payload)
        else:
            return
        self.version += 1

    def _meet(self, heard: _Heard, home: str, device: str, payload: bytes) -> None:
        """A device says what it is: inverters and grids are listened to."""
        seen = heard.partners.get(device) or DeviceView(home, device)
        seen.hear("about", payload)
        if seen.ability not in _ABILITIES:
            heard.partners.pop(device, None)
        elif device not in heard.partners and len(heard.partners) < MOST_PARTNERS:
            heard.partners[device] = seen
            self._subscribe(Topics(home, device).state)

    def row(self, home: str) -> HomeRow:
        """A home just now; one of which nothing was heard has stopped."""
        heard = self._heard.get(home)
        if heard is None:
            return HomeRow(home, "stopped")
        clock = heard.clock.state
        settlers = sorted(name for name, seen in heard.partners.items() if seen.ability == "settles")
        settler = str(clock.get("settler") or "")
        settler = settler if settler in settlers or not settlers else settlers[0]
        inverter = heard.partners[settler].state if settler in heard.partners else {}
        bill = next((seen.state for seen in heard.partners.values() if "day_cost" in seen.state), {})
        soc, fleet = number(inverter, "battery_soc"), heard.fleet.state if heard.fleet is not None else {}
        return HomeRow(
            home, _condition(heard.clock), number(clock, "speed"), _time(clock.get("local_time")), number(clock, "behind") or 0.0,
            None if soc is None else soc / 100, number(inverter, "pv_power"), number(inverter, "load_power"),
            number(bill, "day_cost"), str(bill.get("currency") or ""), _count(fleet, "running"), _count(fleet, "online"), settler,
            fleet=heard.fleet is not None and heard.fleet.online, windows=_count(clock, "windows") or 0,
        )  # fmt: skip

    def rows(self, homes: Iterable[str]) -> list[HomeRow]:
        """Those homes, by name."""
        return [self.row(home) for home in sorted(homes)]


def _condition(clock: DeviceView) -> HomeCondition:
    if not clock.online:
        return "stopped"
    if clock.state.get("paused") is True:
        return "paused"
    return "running" if clock.state.get("windows") else "waiting"


def _count(state: dict[str, object], name: str) -> int | None:
    found = number(state, name)
    return None if found is None else int(found)


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if isinstance(text, str) else None
    except ValueError:
        return None
