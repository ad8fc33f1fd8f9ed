"""A home as a house to build in: its devices where they belong, and which place takes which kind. Without a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.console.watching.home_watch import HomeWatch
from virtual_devices.edge.messages.fleet import KindForm, WantedForm
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.kit.accounts import PORTS
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.home.wanted import free_name
from virtual_devices.kit.names import CLOCK, MAX_NAME

ROOF, DC_SIDE, STREET, HUB, AROUND, NOWHERE, BIN = "at:roof", "at:dc_bus", "at:grid", "at:inverter", "at:around", "at:nowhere", "at:bin"
"""Places that are no circuits, by their ids, which no device can have as its name; on ``nowhere`` is what hangs on a circuit that is not there."""
_PLACES = {"produces": ROOF, "stores": DC_SIDE, "connects": STREET, "settles": HUB}
"""Where devices of an ability belong that hang on no circuit; all others are around the house."""
_HANGING = frozenset({"consumes", "carries"})
_SINGLE = frozenset({"settles", "connects", "keeps", "ticks"})
"""Abilities of which a home has one device."""


@dataclass(frozen=True, slots=True)
class BuildZone:
    """A place for devices. takes: abilities.  circuit: what a device that is there has as its circuit; empty where there is none."""

    id: str
    takes: frozenset[str]
    circuit: str = ""


@dataclass(frozen=True, slots=True)
class BuildCard:
    """A device at its place. title: of its kind.  fleet: whether the home's fleet runs it, so that it can be removed.  on: whether it is to run.

    single: whether a home has but one of this ability.  online: whether it is there, which alone makes no other plan.
    """

    name: str
    kind: str
    title: str
    ability: str
    zone: str
    fleet: bool
    on: bool
    single: bool
    online: bool = field(compare=False)


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """A house: its places by id, ports and circuits among them, and its devices by name."""

    zones: Mapping[str, BuildZone]
    cards: Mapping[str, BuildCard]

    def at(self, zone: str) -> list[BuildCard]:
        """The devices there, by name."""
        return [card for card in self.cards.values() if card.zone == zone]


@dataclass(frozen=True, slots=True)
class BuildHouse:
    """What a home's fleet and its devices say, at one moment. See ``HomeWatch``."""

    kinds: Mapping[str, KindForm]
    wanted: Mapping[str, WantedForm]
    devices: Mapping[str, DeviceView]

    @classmethod
    def of(cls, watch: HomeWatch) -> BuildHouse:
        """The home that is watched, as it is now."""
        return cls(watch.kinds, watch.wanted, watch.picture.devices)

    def names(self) -> list[str]:
        """Of every device but the clock, guests among them."""
        guests = {name for name, seen in self.devices.items() if seen.about is not None and seen.ability != "ticks"}
        return sorted((guests | self.wanted.keys()) - {CLOCK})

    def kind_of(self, name: str) -> str:
        """As it is wanted, else as it says itself; empty where there is no such device."""
        if name in self.wanted:
            return self.wanted[name].kind
        return self.devices[name].kind if name in self.devices else ""

    def form_of(self, name: str) -> KindForm | None:
        """All about its kind; None for one that the fleet does not know."""
        return self.kinds.get(self.kind_of(name))

    def ability_of(self, name: str) -> str:
        """Of its kind, else as it says itself."""
        form = self.form_of(name)
        return form.ability if form is not None else self.devices[name].ability if name in self.devices else ""

    def online(self, name: str) -> bool:
        """Whether it is there to be told something."""
        return name in self.devices and self.devices[name].online

    def declared(self, name: str) -> dict[str, Any]:
        """What somebody has declared of it; a guest's is not known."""
        return dict(self.wanted[name].settings) if name in self.wanted else {}

    def settled(self, name: str, setting: str) -> Any:
        """What a setting is by declaration, else by default."""
        form = self.form_of(name)
        default = form.settings.get("properties", {}).get(setting, {}).get("default") if form is not None else None
        return self.declared(name).get(setting, default)

    def value(self, name: str, setting: str) -> Any:
        """What a setting is just now: as the device says, else as it is declared."""
        state = self.devices[name].state if name in self.devices else {}
        return state[setting] if setting in state else self.settled(name, setting)

    def live_values(self, name: str) -> dict[str, Any]:
        """Settings that are otherwise than declared, since somebody changed them while the home ran."""
        form = self.form_of(name)
        live = [key for key, schema in form.settings.get("properties", {}).items() if schema.get("x-live")] if form is not None else []
        return {key: value for key in live if (value := self.value(name, key)) != self.settled(name, key)}

    def circuit_of(self, name: str) -> str:
        """What a load or a circuit hangs on; empty for one that hangs on nothing."""
        form = self.form_of(name)
        setting = circuit_setting(form) if form is not None else "circuit" if self.ability_of(name) in _HANGING else ""
        return str(self.value(name, setting) or "") if setting else ""

    def plan(self) -> BuildPlan:
        """The house, all of it."""
        names = self.names()
        circuits = [name for name in names if self.ability_of(name) == "carries"]
        places = {ROOF: {"produces"}, DC_SIDE: {"stores"}, STREET: {"connects"}, HUB: {"settles"}, NOWHERE: set[str]()}
        zones = {id_: BuildZone(id_, frozenset(takes)) for id_, takes in places.items()}
        zones |= {zone.id: zone for zone in (BuildZone(hung_on(name), _HANGING, name) for name in (*PORTS, *circuits))}
        others = {form.ability for form in self.kinds.values()} - set(_PLACES) - _HANGING
        zones[AROUND] = BuildZone(AROUND, frozenset(others))
        return BuildPlan(zones, {name: self._card(name, zones) for name in names})

    def _card(self, name: str, zones: Mapping[str, BuildZone]) -> BuildCard:
        kind, ability, form, wanted = self.kind_of(name), self.ability_of(name), self.form_of(name), self.wanted.get(name)
        seen = self.devices.get(name)
        title = form.title if form is not None else seen.about.title if seen is not None and seen.about is not None else ""
        zone = _PLACES.get(ability, AROUND)
        if ability in _HANGING:
            zone = hung_on(self.circuit_of(name))
            if zone not in zones or name in self.way_up(name):
                zone = NOWHERE
        return BuildCard(
            name, kind, title or kind, ability, zone, fleet=wanted is not None, on=wanted is None or wanted.replicas > 0, single=ability in _SINGLE,
            online=self.online(name),
        )  # fmt: skip

    def way_up(self, name: str) -> list[str]:
        """The circuits between a device and its port, the nearest first; with itself where they run in a circle."""
        found: list[str] = []
        on = self.circuit_of(name)
        while on and on not in PORTS and on not in found and (on in self.wanted or on in self.devices):
            found.append(on)
            on = self.circuit_of(on)
        return found

    def free(self, wish: str) -> str:
        """A name that nobody has: the one that is wished, or that with a number."""
        taken = {*self.wanted, *(name for name, seen in self.devices.items() if seen.about is not None)}
        return free_name(re.sub(r"_\d+$", "", wish)[: MAX_NAME - 4], lambda name: name in taken)


def hung_on(circuit: str) -> str:
    """The id of the place on a port or a circuit."""
    return f"on:{circuit}"


def circuit_setting(form: KindForm) -> str:
    """Which setting of a kind says on what it hangs; empty where none does."""
    return next((name for name, schema in form.settings.get("properties", {}).items() if schema.get("x-circuit")), "")


def needed(form: KindForm) -> list[str]:
    """Settings without which there is no device of a kind, but for its circuit, which its place says."""
    return [str(name) for name in form.settings.get("required", ()) if name != circuit_setting(form)]


def places_for(plan: BuildPlan, ability: str) -> list[BuildZone]:
    """Where devices of an ability may be put."""
    return [zone for zone in plan.zones.values() if ability in zone.takes and zone.id != HUB]


def fits(plan: BuildPlan, zone_id: str, ability: str, what: str) -> BuildZone:
    """The place, if it takes this. what: a word for it.  Raises SettingError, in words, where it does not; ids may come from a browser."""
    zone = plan.zones.get(zone_id)
    if zone is None:
        raise SettingError(f"{what}: there is no such place in this house any more; choose another")
    if ability not in zone.takes:
        known = ", ".join(each.circuit or each.id.partition(":")[2].replace("_", " ") for each in places_for(plan, ability)) or "nowhere"
        raise SettingError(f"{what} does not go there; put it on one of: {known}")
    return zone


def problems_at(said: str, settings: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """A fleet's refusal taken apart: what is wrong with which setting, and the rest of it."""
    at: dict[str, str] = {}
    rest: list[str] = []
    for piece in re.split(r"; (?=device [a-z0-9_]+: )", said):
        told = re.match(r"(?:device [a-z0-9_]+: )?(?:setting )?'?([a-z0-9_]+)'?: (.*)", piece, re.DOTALL)
        if told is not None and told[1] in settings:
            at[told[1]] = "; ".join(filter(None, (at.get(told[1]), told[2])))
        else:
            rest.append(piece)
    return at, "; ".join(rest)
