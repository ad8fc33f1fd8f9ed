"""What a home looks like just now: flows in W, shares, today's energies, the clock – from the states on the bus.

It knows abilities and the names of their readings, and the readings of an inverter and a clock; no kind by name. How it
is painted is the command line's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.messages.topics import FLEET
from virtual_devices.edge.visitor.device_view import DeviceView, number
from virtual_devices.kit.accounts import ESSENTIAL, NON_ESSENTIAL, PORTS
from virtual_devices.kit.circuits import circle, way_up
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.names import is_name

STILL = 0.5
"""W below which a flow is none."""
SWITCHED_OFF = "switched off"
"""What is said of what hangs behind an open switch."""
OPEN = ("open", "tripped")
"""What is said of an open one."""
_DAY = 24 * 60
"""Minutes within which an outage is announced."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A device's part in the flows.

    power: W; of a store − while it charges, of a grid − while it takes; None before its first step.  note: what there is
    to say beside, in a word or two.  change: what comes next, such as "until 20:30".  level: 0–1 of a store.  wanted: W
    that a load asked for.  fine: False where there is no supply.  on: the circuit that it hangs on; empty where that is a port, or nothing
    that is there.  kind, title: what it says that it is.  port: of the inverter, at the end of its way up; empty where that ends nowhere.
    """

    name: str
    power: float | None
    note: str = ""
    change: str = ""
    level: float | None = None
    wanted: float | None = None
    fine: bool = True
    online: bool = True
    on: str = ""
    kind: str = ""
    title: str = ""
    port: str = ""


@dataclass(frozen=True, slots=True)
class PortFlow:
    """A port of the inverter on which something hangs.

    power: W that it gives; None before the first step.  live: something that hangs on it has power.  beside: it is wired to the meter, past
    the inverter, so that it comes and goes with the grid.
    """

    name: str
    power: float | None
    live: bool = True
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Now:
    """A home at one moment; lists are by name, what nobody has said yet is None.

    time: local, naive.  speed: 0 as fast as possible.  behind: s.  shares: where the energy comes from, 0–1 by source
    (sun, battery, grid), empty while nothing flows.  today: kWh since local midnight.  condition: of the inverter.
    through: W through the inverter's own connection to the grid, − while it sells.  loss: W that the inverter turns into heat.  islanded: there
    is a grid, and the inverter is not on it.
    """

    home: str
    time: datetime | None = None
    speed: float | None = None
    paused: bool = False
    behind: float = 0.0
    weather: str = ""
    sources: tuple[Flow, ...] = ()
    stores: tuple[Flow, ...] = ()
    grids: tuple[Flow, ...] = ()
    circuits: tuple[Flow, ...] = ()
    loads: tuple[Flow, ...] = ()
    inverter: str = ""
    condition: str = ""
    pv: float | None = None
    battery: float | None = None
    grid: float | None = None
    load: float | None = None
    soc: float | None = None
    shares: dict[str, float] = field(default_factory=dict)
    today: dict[str, float] = field(default_factory=dict)
    cost: float | None = None
    currency: str = ""
    offline: tuple[str, ...] = ()
    devices: int = 0
    ports: tuple[PortFlow, ...] = ()
    through: float | None = None
    loss: float | None = None
    islanded: bool = False


class Picture:
    """Collects what the devices of a home say. ``feed`` takes messages as they come; ``now`` is the home just now.

    known: devices that are shown in any case; beside them as many more as a home may have, whoever invents names.
    """

    def __init__(self, home: str = "", known: Collection[str] = ()) -> None:
        self.home = home
        self._known, self._others = frozenset(known), 0
        self.devices: dict[str, DeviceView] = {}
        self.note = ""
        """Something to be shown beside the home's name, such as a lost connection."""

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """Take a message of the home; what is not about its picture is passed over."""
        if leaf in ("about", "availability", "state") and device != FLEET:
            seen = self._seen(device)
            if seen is not None:
                seen.hear(leaf, payload)

    def _seen(self, device: str) -> DeviceView | None:
        found = self.devices.get(device)
        if found is not None:
            return found
        if device not in self._known:
            if self._others >= MAX_DEVICES or not is_name(device):
                return None
            self._others += 1
        return self.devices.setdefault(device, DeviceView(self.home, device))

    def show(self, device: str, kind: str, state: Mapping[str, Any]) -> None:
        """Take a state of a device that is online, as a runtime's ``on_state`` tells it."""
        seen = self.devices.setdefault(device, DeviceView(self.home, device))
        if seen.kind != kind:
            try:
                device_class = load(kind)
            except VirtualDevicesError:
                return
            about = AboutMessage(kind=kind, ability=device_class.ability, title=device_class.title, version="")
            seen.hear("about", write(about))
        seen.online = True
        seen.state = dict(state)

    def connection(self, up: bool) -> None:  # noqa: FBT001 - a callback
        """Note whether the broker is there."""
        self.note = "" if up else "no connection to the broker"

    def of(self, ability: str) -> list[DeviceView]:
        """The devices of an ability, by name."""
        return [seen for _, seen in sorted(self.devices.items()) if seen.ability == ability]

    def flows(self, ability: str) -> tuple[Flow, ...]:
        """What flows at the devices of an ability, by name."""
        return tuple(flow_of(seen) for seen in self.of(ability))

    def _tree(self) -> tuple[tuple[Flow, ...], tuple[Flow, ...]]:
        """Circuits and loads, each with the circuit that it hangs on, and those behind an open one as switched off."""
        circuits, loads = self.flows("carries"), self.flows("consumes")
        wired = {flow.name: str(self.devices[flow.name].state.get("circuit") or "") for flow in (*circuits, *loads)}
        there = {flow.name for flow in circuits}
        above = {name: on for name, on in wired.items() if on in there and name not in circle(name, wired)}
        opened = {flow.name for flow in circuits if flow.note in OPEN}
        roots = there - above.keys()

        def hung(flow: Flow) -> Flow:
            up = above.get(flow.name, "")
            way = way_up(up, above, roots)
            end = wired[way[-1] if way else flow.name] or ESSENTIAL  # who has not said yet where it hangs, hangs where most do
            flow = replace(flow, on=up, port=end if end in PORTS else "")
            return replace(flow, note=SWITCHED_OFF, change="", fine=True) if flow.note not in OPEN and opened.intersection(way) else flow

        return tuple(map(hung, circuits)), tuple(map(hung, loads))

    def _ports(self, hanging: Collection[Flow], told: Mapping[str, Any]) -> tuple[PortFlow, ...]:
        """The ports on which something hangs, in the order of an inverter's list. told: by the inverter."""
        found = []
        for port in PORTS:
            direct = [flow for flow in hanging if flow.port == port and not flow.on]
            if direct:
                power = _first(number(dict(told), f"{port}_power"), _sum(tuple(direct)))
                fed = any(self.devices[flow.name].state.get("supplied") is not False for flow in direct)
                found.append(PortFlow(port, power, fed and told.get(f"{port}_on") is not False, beside=port == NON_ESSENTIAL))
        return tuple(found)

    def now(self) -> Now:
        """The home at this moment."""
        clock = next((seen.state for seen in self.of("ticks")), {})
        settlers = self.of("settles")
        named = [seen for seen in settlers if seen.name == clock.get("settler")]  # others only say that they settle
        inverter = next(iter(named or settlers), None)
        told = inverter.state if inverter is not None else {}
        time = _time(clock)
        sources = self.flows("produces")
        stores = self.flows("stores")
        grids = self.flows("connects")
        circuits, loads = self._tree()
        pv = _first(number(told, "pv_power"), _sum(sources)) if sources else None
        battery = _first(number(told, "battery_power"), _sum(stores)) if stores else None
        grid = _first(number(told, "grid_power"), _sum(grids)) if grids else None
        bill = next((seen.state for seen in self.of("connects") if "day_cost" in seen.state), {})
        return Now(
            home=self.home,
            time=time,
            speed=number(clock, "speed"),
            paused=clock.get("paused") is True,
            behind=number(clock, "behind") or 0.0,
            weather=weather_of(self.of("conditions")),
            sources=sources,
            stores=stores,
            grids=grids,
            circuits=circuits,
            loads=loads,
            inverter=inverter.name if inverter is not None else "",
            condition=condition_of(inverter),
            pv=pv,
            battery=battery,
            grid=grid,
            load=_first(number(told, "load_power"), _sum(loads)),
            soc=_soc(stores, number(told, "battery_soc")),
            shares=_shares(pv, battery, grid),
            today=_today(told, has_stores=bool(stores), has_sources=bool(sources), has_grids=bool(grids)),
            cost=number(bill, "day_cost"),
            currency=str(bill.get("currency") or ""),
            offline=tuple(sorted(name for name, seen in self.devices.items() if not seen.online and seen.about)),
            devices=sum(1 for seen in self.devices.values() if seen.about),
            ports=self._ports((*circuits, *loads), told),
            through=number(told, "grid_port_power"),
            loss=number(told, "loss_power"),
            islanded=bool(grids) and told.get("grid_connected") is False,
        )


def watts(power: float | None) -> str:
    """A power for people: ``410 W``, ``12.3 kW``, a dash for none, a real minus."""
    if power is None:
        return "– W"
    size = abs(power)
    sign = "−" if power < 0 and round(size) else ""
    if size < 9_999.5:  # noqa: PLR2004 - four digits are read at a glance
        return f"{sign}{size:.0f} W"
    return f"{sign}{size / 1e3:.1f} kW" if size < 999_950 else f"{sign}{size / 1e6:.1f} MW"  # noqa: PLR2004


def flow_of(seen: DeviceView) -> Flow:
    """A device's part in the flows. Its ability is one of those that take part: consumes, produces, stores, carries, connects."""
    about = seen.about
    return replace(_FLOWS[seen.ability](seen), kind=seen.kind, title=about.title if about is not None else "")


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _sum(flows: tuple[Flow, ...]) -> float | None:
    known = [flow.power for flow in flows if flow.power is not None]
    return sum(known) if known else None


def _time(clock: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(clock["local_time"]))
    except (KeyError, ValueError):
        return None


def _source(seen: DeviceView) -> Flow:
    power, available = number(seen.state, "power"), number(seen.state, "available_power")
    spare = (available or 0) - (power or 0)
    return Flow(seen.name, power, f"of {watts(available)}" if spare >= STILL else "", online=seen.online)


def _store(seen: DeviceView) -> Flow:
    charge, discharge = number(seen.state, "charge_power"), number(seen.state, "discharge_power")
    power = None if charge is None or discharge is None else discharge - charge
    note = "" if power is None else "idle" if abs(power) < STILL else "discharging" if power > 0 else "charging"
    soc = number(seen.state, "soc")
    return Flow(seen.name, power, note, level=None if soc is None else soc / 100, online=seen.online)


def _grid(seen: DeviceView) -> Flow:
    imported, exported = number(seen.state, "import_power"), number(seen.state, "export_power")
    power = None if imported is None or exported is None else imported - exported
    connected = seen.state.get("connected") is not False
    change = _change(seen.state, connected=connected)
    if seen.state.get("main_switch") is False:
        note, change = SWITCHED_OFF, ""
    elif not connected:
        note = "outage"
    elif power is None:
        note = ""
    else:
        note = "import" if power >= STILL else "export" if power <= -STILL else "connected"
    return Flow(seen.name, power, note, change, fine=connected, online=seen.online)


def _change(state: dict[str, Any], *, connected: bool) -> str:
    """When the grid goes, if that is within a day, or comes back; nothing where nobody knows."""
    soon = number(state, "starts_in")
    if not connected:
        text = state.get("end_time") if state.get("outage_planned") else None
    else:
        text = state.get("start_time") if soon is not None and soon < _DAY else None
    try:
        return f"{'off at' if connected else 'until'} {datetime.fromisoformat(text):%H:%M}" if isinstance(text, str) else ""
    except ValueError:
        return ""


def _load(seen: DeviceView) -> Flow:
    power, wanted = number(seen.state, "power"), number(seen.state, "demand")
    fine = seen.state.get("supplied") is not False
    note = "" if fine else "without power"
    change = "" if fine or (wanted or 0) < STILL else f"wants {watts(wanted)}"
    return Flow(seen.name, power, note, change, wanted=wanted, fine=fine, online=seen.online)


def _circuit(seen: DeviceView) -> Flow:
    power, fine = number(seen.state, "power"), seen.state.get("supplied") is not False
    note = "tripped" if seen.state.get("tripped") is True else "open" if seen.state.get("relay") is False else "" if fine else "without power"
    return Flow(seen.name, power, note, fine=note == "open" or (fine and note != "tripped"), online=seen.online)


def _soc(stores: tuple[Flow, ...], told: float | None) -> float | None:
    if not stores:
        return None
    if told is not None:
        return told / 100
    levels = [flow.level for flow in stores if flow.level is not None]
    return sum(levels) / len(levels) if levels else None


def condition_of(inverter: DeviceView | None) -> str:
    """How an inverter does, and whom it cannot supply; empty without one."""
    if inverter is None:
        return ""
    shed = str(inverter.state.get("shed_loads") or "none")
    state = str(inverter.state.get("overall_state") or "")
    return f"{state}, without power: {shed}" if state and shed != "none" else state


def weather_of(observers: list[DeviceView]) -> str:
    """Sun, clouds, air and wind in a few words, as far as somebody says them."""
    words = []
    for seen in observers:
        zenith, cover = number(seen.state, "apparent_zenith"), number(seen.state, "cloud_cover")
        air, wind = number(seen.state, "temp_air"), number(seen.state, "wind_speed")
        words += [f"sun {90 - zenith:.0f}° high" if zenith < 90 else "sun is down"] if zenith is not None else []  # noqa: PLR2004 - the horizon
        words += [f"clouds {cover:.0f} %"] if cover is not None else []
        words += [f"{air:.0f} °C".replace("-", "−")] if air is not None else []
        words += [f"wind {wind:.0f} m/s"] if wind is not None else []
    return ", ".join(words)


def _shares(pv: float | None, battery: float | None, grid: float | None) -> dict[str, float]:
    """What comes in, by where from: everything that is used now is mixed from it in these parts."""
    given = {"sun": pv or 0.0, "battery": max(battery or 0.0, 0.0), "grid": max(grid or 0.0, 0.0)}
    total = sum(given.values())
    return {name: power / total for name, power in given.items()} if total >= STILL else {}


def _today(told: dict[str, Any], *, has_stores: bool, has_sources: bool, has_grids: bool) -> dict[str, float]:
    names = {"sun": "day_pv_energy"} if has_sources else {}
    names["loads"] = "day_load_energy"
    names |= {"import": "day_grid_import", "export": "day_grid_export"} if has_grids else {}
    names |= {"charged": "day_battery_charge", "discharged": "day_battery_discharge"} if has_stores else {}
    return {name: value for name, key in names.items() if (value := number(told, key)) is not None}


_FLOWS: Mapping[str, Callable[[DeviceView], Flow]] = {
    "produces": _source, "stores": _store, "connects": _grid, "consumes": _load, "carries": _circuit
}  # fmt: skip
