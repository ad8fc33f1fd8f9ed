"""What each step of building asks of a home's fleet and its devices, and what takes it back.

A step is taken back by its own opposite where that is exact, whatever others have changed since: what was added is removed, what was removed is spawned
again with the same declaration, a setting gets its former value. Where several devices were changed together it is the fleet's ``rollback``, which
is atomic too, and only while nobody has changed the home since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from virtual_devices.console.making.building import BIN, BuildHouse, circuit_setting, fits
from virtual_devices.edge.messages.fleet import Verb
from virtual_devices.kit.accounts import PORTS
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.home.entries import name_problem
from virtual_devices.kit.names import is_name


@dataclass(frozen=True, slots=True)
class FleetWish:
    """Something to be wished of the fleet. of_it: what ``FleetRequestMessage`` has beside."""

    verb: Verb
    of_it: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeviceOrder:
    """A command to a device that is there."""

    device: str
    changes: Mapping[str, Any]


Ask = FleetWish | DeviceOrder
Devices = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class BuildStep:
    """words: what it does, as said to people.  asks: in their order.  undo: what takes it back.  whole: before that, the fleet's rollback does.

    device: where it happens.
    """

    words: str
    asks: tuple[Ask, ...]
    undo: tuple[Ask, ...] = ()
    whole: bool = False
    device: str = ""


@dataclass(slots=True)
class DoneStep:
    """A step that was done. before, after: revisions of the home; equal where its fleet had no part in it."""

    step: BuildStep
    before: int
    after: int


@dataclass(slots=True)
class UndoStack:
    """What can be taken back, the newest last."""

    done: list[DoneStep] = field(default_factory=list)
    _most = 50

    @property
    def words(self) -> str:
        """What would be taken back now; empty: nothing."""
        return self.done[-1].step.words if self.done else ""

    def push(self, step: BuildStep, before: int, after: int) -> None:
        """It has been done."""
        self.done = [*self.done, DoneStep(step, before, after)][-self._most :]

    def asks(self, revision: int) -> tuple[Ask, ...]:
        """What takes the newest back. revision: the home's now.  Raises SettingError, in words, where that would take back what others did."""
        last = self.done[-1]
        if not last.step.whole:
            return last.step.undo
        if revision != last.after:
            raise SettingError(
                f"{last.step.words}: the home was changed since, and is at revision {revision} instead of {last.after}; to take that back too, "
                f"roll the home back to revision {last.before}"
            )
        return (FleetWish("rollback", {"revision": last.before}), *last.step.undo)

    def undone(self, revision: int) -> None:
        """The newest is taken back. revision: the home's after that, which is what it was before the step."""
        last = self.done.pop()
        if self.done and self.done[-1].after == last.before:
            self.done[-1].after = revision


def added(house: BuildHouse, kind: str, zone_id: str, name: str = "", settings: Mapping[str, Any] | None = None) -> BuildStep:
    """One device more. name: empty for a free one after its kind.  settings: beside the circuit, which its place says. Raises SettingError."""
    form = house.kinds.get(kind)
    if form is None:
        raise SettingError("this home's fleet knows no such kind; reload the page")
    zone = fits(house.plan(), zone_id, form.ability, form.title)
    name = name.strip() or house.free(kind)
    if not is_name(name):
        raise SettingError(f"name: {name_problem(name)}")
    said = {**_partners(house, form.settings.get("properties", {})), **(settings or {})}
    if zone.circuit and (setting := circuit_setting(form)):
        said[setting] = zone.circuit
    wish = FleetWish("spawn", {"kind": kind, "name": name, "settings": said})
    return BuildStep(f"{name} added", (wish,), (FleetWish("remove", {"name": name}),), device=name)


def copied(house: BuildHouse, name: str) -> BuildStep:
    """One more of the same, as it is declared, where that one hangs now. Raises SettingError."""
    own = house.plan().cards.get(name)
    if own is None or name not in house.wanted:
        raise SettingError(f"what {name} is declared as is not known here; add one of its kind instead")
    settings = {key: value for key, value in house.declared(name).items() if key not in ("former_name", "name")}
    return added(house, own.kind, own.zone, house.free(name), settings)


def moved(house: BuildHouse, name: str, zone_id: str) -> BuildStep | None:
    """A device hangs on something else; None: it does already. Raises SettingError."""
    plan = house.plan()
    card, form = plan.cards.get(name), house.form_of(name) if name in house.names() else None
    if card is None or form is None:
        raise SettingError("this device is gone, or nobody knows its kind; reload the page")
    if zone_id == BIN:
        return removed(house, name)
    zone = fits(plan, zone_id, card.ability, name)
    setting, before = circuit_setting(form), house.circuit_of(name)
    if not setting or zone.circuit == before:
        return None
    if name in (zone.circuit, *house.way_up(zone.circuit)):
        raise SettingError(f"{name} cannot hang on {zone.circuit}, which hangs on {name} itself; move {zone.circuit} elsewhere first")
    words = f"{name} moved to {zone.circuit}"
    if card.online:
        return BuildStep(words, (DeviceOrder(name, {setting: zone.circuit}),), (DeviceOrder(name, {setting: before}),), device=name)
    return replace(declared(house, name, {setting: zone.circuit}), words=words)


def declared(house: BuildHouse, name: str, changes: Mapping[str, Any]) -> BuildStep:
    """Declare settings of a device anew, which starts it anew. changes: None takes a setting back to its default. Raises SettingError."""
    if name not in house.wanted:
        raise SettingError(f"{name} is a guest: no fleet of this home runs it; change it where it is started")
    before = house.declared(name)
    after = {key: value for key, value in {**before, **changes}.items() if key not in changes or changes[key] is not None}
    return BuildStep(f"{name}: {', '.join(changes)} changed", (_one(house, name, after),), (_one(house, name, before),), device=name)


def switched(house: BuildHouse, name: str, *, on: bool) -> BuildStep:
    """A device as a process or a container, on or off. Raises SettingError."""
    if name not in house.wanted:
        raise SettingError(f"{name} is a guest: no fleet of this home runs it; start and stop it where it came from")
    wish, back = (FleetWish("scale", {"name": name, "replicas": int(each)}) for each in (on, not on))
    return BuildStep(f"{name} switched {'on' if on else 'off'}", (wish,), (back,), device=name)


def removed(house: BuildHouse, name: str) -> BuildStep:
    """A device less; what hangs on it hangs on what that hangs on, from then on. Raises SettingError."""
    if name not in house.wanted:
        raise SettingError(f"{name} is a guest: no fleet of this home runs it; stop it where it is started")
    live = house.live_values(name) if house.wanted[name].replicas else {}
    back_live = (DeviceOrder(name, live),) if live else ()
    above = house.circuit_of(name)
    rehung, orders, back = _rehung(house, name, above if above in PORTS or above in house.names() else PORTS[0])
    if rehung:
        devices = _whole(house, rehung)
        del devices[name]
        return BuildStep(f"{name} removed", (*orders, _all(devices)), (*back_live, *back), whole=True, device=name)
    undo: list[Ask] = [FleetWish("spawn", {"name": name, "kind": house.kind_of(name), "settings": house.declared(name)})]
    if not house.wanted[name].replicas:
        undo.append(FleetWish("scale", {"name": name, "replicas": 0}))
    return BuildStep(f"{name} removed", (*orders, FleetWish("remove", {"name": name})), (*undo, *back_live, *back), device=name)


def renamed(house: BuildHouse, name: str, new: str) -> BuildStep:
    """Another name, in one wish: with what it was called, so that its history stays, and whoever names it does so by the new one. Raises SettingError."""
    if not is_name(new):
        raise SettingError(name_problem(new))
    if new in house.names() or new in PORTS:
        raise SettingError(f"there is a {new} in this house already; choose another name")
    if name not in house.wanted:
        raise SettingError(f"{name} is a guest: no fleet of this home runs it; rename it where it is started")
    rehung, orders, back = _rehung(house, name, new)
    devices = _whole(house, rehung)
    own = devices.pop(name)
    known = str(own["settings"].pop("former_name", "") or name)
    devices[new] = {**own, "settings": {**own["settings"], **({} if known == new else {"former_name": known})}}
    for other, device in devices.items():
        form = house.kinds.get(device["kind"])
        for setting, schema in (form.settings.get("properties", {}) if form is not None else {}).items():
            if schema.get("x-partner") and device["settings"].get(setting, schema.get("default")) == name and other != new:
                device["settings"][setting] = new
    return BuildStep(f"{name} renamed {new}", (*orders, _all(devices)), back, whole=True, device=new)


def _rehung(house: BuildHouse, circuit: str, target: str) -> tuple[Devices, tuple[Ask, ...], tuple[Ask, ...]]:
    """What hangs on a circuit hangs on another: declarations anew, orders that come before, and orders that take back what a rollback does not.

    A device is told too, since a command that still waits would be in force after its new declaration. One that was moved while the home ran stays
    where it is; only its declaration must not name the circuit any more.
    """
    anew: Devices = {}
    orders: list[Ask] = []
    back: list[Ask] = []
    for name in house.names():
        form = house.form_of(name)
        setting = circuit_setting(form) if form is not None else ""
        if not setting or name == circuit:
            continue
        now, by_word = house.circuit_of(name), house.settled(name, setting)
        if circuit not in (now, by_word):
            continue
        then = target if now == circuit else now
        if name in house.wanted and by_word != then:
            anew[name] = {"kind": house.kind_of(name), "settings": {**house.declared(name), setting: then}}
        if house.online(name):
            orders += [DeviceOrder(name, {setting: then})] if now != then else []
            back.append(DeviceOrder(name, {setting: now}))
    return anew, tuple(orders), tuple(back)


def _whole(house: BuildHouse, changes: Devices) -> Devices:
    """The home as it is wanted, with some declared anew."""
    return {name: {"kind": form.kind, "settings": dict(form.settings)} for name, form in house.wanted.items()} | changes


def _all(devices: Devices) -> FleetWish:
    return FleetWish("apply", {"devices": devices, "live": True})


def _one(house: BuildHouse, name: str, settings: Mapping[str, Any]) -> FleetWish:
    return FleetWish("apply", {"devices": {name: {"kind": house.kind_of(name), "settings": dict(settings)}}, "live": True, "prune": False})


def _partners(house: BuildHouse, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Devices that a new one depends on, where they are not called as it expects: the first of the kind of that name."""
    found: dict[str, Any] = {}
    for setting, schema in schemas.items():
        usual = schema.get("default")
        if schema.get("x-partner") and usual is not None and usual not in house.wanted:
            others = [name for name in house.names() if house.kind_of(name) == usual]
            found |= {setting: others[0]} if others else {}
    return found
