"""Building without a page: where devices stand, what may go where, what a step asks, and what takes it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from virtual_devices.console.making.build_steps import (
    BuildStep,
    DeviceOrder,
    FleetWish,
    UndoStack,
    added,
    copied,
    declared,
    moved,
    removed,
    renamed,
    switched,
)
from virtual_devices.console.making.building import (
    AROUND,
    BIN,
    DC_SIDE,
    HUB,
    NOWHERE,
    ROOF,
    STREET,
    BuildHouse,
    fits,
    hung_on,
    needed,
    places_for,
    problems_at,
)
from virtual_devices.console.watching.home_watch import HomeWatch
from virtual_devices.edge.faces.kinds import every_kind
from virtual_devices.edge.messages.fleet import FleetWantedMessage, WantedForm
from virtual_devices.edge.messages.topics import FLEET
from virtual_devices.kit.errors import SettingError

KINDS = every_kind()
ABILITIES = {form.kind: form.ability for form in KINDS.kinds}
WANTED: dict[str, tuple[str, dict[str, Any]]] = {
    "sun": ("sun", {}), "weather": ("weather", {}), "roof": ("pv_array", {}), "battery": ("battery", {"capacity": 10}), "grid": ("grid", {}),
    "inverter": ("inverter", {}), "strip": ("smart_switch", {}), "plug": ("smart_switch", {"circuit": "strip"}), "oven": ("oven", {"circuit": "plug"}),
    "tv": ("tv", {}), "geyser": ("geyser", {"circuit": "non_essential"}),
}  # fmt: skip


def house(off: tuple[str, ...] = (), guests: tuple[str, ...] = (), wanted: dict[str, tuple[str, dict[str, Any]]] | None = None, **states: dict[str, Any]) -> BuildHouse:
    """A home as a page hears it. off: devices that are switched off.  states: what devices say beside their declaration."""
    watch = HomeWatch("seen")
    told = WANTED if wanted is None else wanted
    devices = {name: WantedForm(kind=kind, settings=settings, replicas=int(name not in off)) for name, (kind, settings) in told.items()}
    watch.hear(FLEET, "kinds", KINDS.model_dump_json().encode())
    watch.hear(FLEET, "wanted", FleetWantedMessage(revision=7, devices=devices).model_dump_json().encode())
    for name in (*told, *guests):
        kind, settings = told.get(name, ("oven", {}))
        watch.hear(name, "about", orjson.dumps({"kind": kind, "ability": ABILITIES[kind], "title": kind, "version": "1"}))
        watch.hear(name, "availability", b"offline" if name in off else b"online")
        watch.hear(name, "state", orjson.dumps({**settings, **states.get(name, {})}))
    assert watch.revision == 7
    return BuildHouse.of(watch)


def test_everything_stands_where_it_belongs() -> None:
    plan = house().plan()
    at = {name: card.zone for name, card in plan.cards.items()}
    assert at == {
        "sun": AROUND, "weather": AROUND, "roof": ROOF, "battery": DC_SIDE, "grid": STREET, "inverter": HUB, "strip": "on:essential",
        "plug": "on:strip", "oven": "on:plug", "tv": "on:essential", "geyser": "on:non_essential",
    }  # fmt: skip
    assert plan.cards["oven"].title == "Oven"
    assert [zone.circuit for zone in plan.zones.values() if zone.circuit] == ["essential", "aux", "non_essential", "plug", "strip"]


def test_what_was_moved_while_the_home_runs_stands_where_it_is_now() -> None:
    assert house(tv={"circuit": "plug"}).plan().cards["tv"].zone == "on:plug"


def test_what_hangs_on_nothing_or_in_a_circle_is_shown_too() -> None:
    cards = house(tv={"circuit": "gone"}, strip={"circuit": "plug"}, guests=("visitor",)).plan().cards
    assert {name for name, card in cards.items() if card.zone == NOWHERE} == {"tv", "strip", "plug"}
    assert not cards["visitor"].fleet
    assert cards["visitor"].zone == "on:essential"


def test_each_kind_has_its_places() -> None:
    plan = house().plan()
    places = {kind: [zone.id for zone in places_for(plan, ability)] for kind, ability in ABILITIES.items()}
    circuits = ["on:essential", "on:aux", "on:non_essential", "on:plug", "on:strip"]
    assert places["oven"] == places["breaker"] == circuits
    assert (places["pv_array"], places["battery"], places["grid"]) == ([ROOF], [DC_SIDE], [STREET])
    assert places["inverter"] == []
    assert places["sun"] == places["record"] == [AROUND]
    assert not any(needed(form) for form in KINDS.kinds)
    with pytest.raises(SettingError, match="Oven does not go there; put it on one of: essential, aux, non_essential, plug, strip"):
        fits(plan, ROOF, "consumes", "Oven")
    with pytest.raises(SettingError, match="no such place"):
        fits(plan, "<script>", "consumes", "Oven")


def test_a_kind_that_is_dropped_is_spawned_there() -> None:
    step = added(house(), "oven", hung_on("strip"))
    assert step.asks == (FleetWish("spawn", {"kind": "oven", "name": "oven_2", "settings": {"circuit": "strip"}}),)
    assert step.undo == (FleetWish("remove", {"name": "oven_2"}),)
    assert added(house(), "battery", DC_SIDE, "pack", {"capacity": "5 kWh"}).asks[0] == FleetWish(
        "spawn", {"kind": "battery", "name": "pack", "settings": {"capacity": "5 kWh"}}
    )


def test_a_new_device_finds_those_it_depends_on() -> None:
    elsewhere = {("sky" if name == "sun" else name): device for name, device in WANTED.items()}
    assert added(house(wanted=elsewhere), "pv_array", ROOF).asks[0] == FleetWish(
        "spawn", {"kind": "pv_array", "name": "pv_array", "settings": {"sun": "sky"}}
    )


@pytest.mark.parametrize(("kind", "zone", "name", "why"), [
    ("oven", ROOF, "", "does not go there"), ("nothing", ROOF, "", "no such kind"), ("oven", "on:essential", "My Oven", "lower case letters"),
])  # fmt: skip
def test_what_cannot_be_added(kind: str, zone: str, name: str, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        added(house(), kind, zone, name)


def test_a_device_is_rewired_live_where_it_is_there() -> None:
    step = moved(house(), "oven", hung_on("essential"))
    assert step == BuildStep(
        "oven moved to essential", (DeviceOrder("oven", {"circuit": "essential"}),), (DeviceOrder("oven", {"circuit": "plug"}),), device="oven"
    )
    assert moved(house(), "oven", hung_on("plug")) is None
    assert moved(house(), "roof", ROOF) is None


def test_a_device_that_is_off_is_declared_elsewhere() -> None:
    step = moved(house(off=("oven",)), "oven", hung_on("aux"))
    assert step is not None
    anew = {"devices": {"oven": {"kind": "oven", "settings": {"circuit": "aux"}}}, "live": True, "prune": False}
    assert step.asks == (FleetWish("apply", anew),)
    assert step.undo == (FleetWish("apply", {**anew, "devices": {"oven": {"kind": "oven", "settings": {"circuit": "plug"}}}}),)


@pytest.mark.parametrize(("name", "zone", "why"), [
    ("strip", "on:plug", "strip cannot hang on plug, which hangs on strip itself"), ("strip", "on:strip", "cannot hang on strip"),
    ("oven", ROOF, "does not go there"), ("roof", "on:essential", "does not go there"), ("nobody", ROOF, "is gone"), ("oven", "on:", "no such place"),
])  # fmt: skip
def test_what_cannot_be_moved(name: str, zone: str, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        moved(house(), name, zone)


def test_a_copy_is_declared_alike_and_hangs_where_the_other_is_now() -> None:
    wanted = {**WANTED, "oven": ("oven", {"circuit": "plug", "former_name": "stove", "name": "Stove", "priority": 3})}
    step = copied(house(wanted=wanted, oven={"circuit": "aux"}), "oven")
    assert step.asks == (FleetWish("spawn", {"kind": "oven", "name": "oven_2", "settings": {"circuit": "aux", "priority": 3}}),)


def test_what_is_removed_comes_back_as_it_was() -> None:
    step = moved(house(oven={"circuit": "aux", "setpoint": 220, "mode": "schedule"}), "oven", BIN)
    assert step is not None
    assert step.asks == (FleetWish("remove", {"name": "oven"}),)
    assert step.undo == (
        FleetWish("spawn", {"name": "oven", "kind": "oven", "settings": {"circuit": "plug"}}), DeviceOrder("oven", {"circuit": "aux", "setpoint": 220}),
    )  # fmt: skip
    assert removed(house(off=("oven",)), "oven").undo[1:] == (FleetWish("scale", {"name": "oven", "replicas": 0}),)


def test_what_hangs_on_a_circuit_that_is_removed_hangs_on_the_one_above() -> None:
    step = removed(house(tv={"circuit": "plug"}, oven={"circuit": "aux"}), "plug")
    order, wish = step.asks
    assert order == DeviceOrder("tv", {"circuit": "strip"})
    assert isinstance(wish, FleetWish)
    assert (wish.verb, wish.of_it["live"], step.whole) == ("apply", True, True)
    devices = wish.of_it["devices"]
    assert devices.keys() == WANTED.keys() - {"plug"}
    assert devices["tv"] == {"kind": "tv", "settings": {"circuit": "strip"}}
    assert devices["oven"] == {"kind": "oven", "settings": {"circuit": "aux"}}, "it is elsewhere by now, and stays there"
    assert devices["geyser"] == {"kind": "geyser", "settings": {"circuit": "non_essential"}}
    assert set(map(str, step.undo)) == set(map(str, (DeviceOrder("oven", {"circuit": "aux"}), DeviceOrder("tv", {"circuit": "plug"}))))


def test_only_what_was_moved_live_is_told() -> None:
    step = removed(house(tv={"circuit": "strip"}, plug={"circuit": "essential"}, wanted={**WANTED, "plug": ("smart_switch", {})}), "strip")
    assert step.asks == (DeviceOrder("tv", {"circuit": "essential"}), FleetWish("remove", {"name": "strip"}))


def test_a_new_name_is_one_wish_that_keeps_the_history() -> None:
    wanted = {**WANTED, "battery": ("battery", {"weather": "weather"})}
    *orders, wish = renamed(house(off=("tv",), wanted=wanted, tv={"circuit": "plug"}), "plug", "socket").asks
    assert orders == [DeviceOrder("oven", {"circuit": "socket"})]
    assert isinstance(wish, FleetWish)
    devices = wish.of_it["devices"]
    assert devices["socket"] == {"kind": "smart_switch", "settings": {"circuit": "strip", "former_name": "plug"}}
    assert "plug" not in devices
    assert devices["oven"]["settings"] == devices["tv"]["settings"] == {"circuit": "socket"}
    (wish,) = renamed(house(wanted=wanted), "weather", "sky").asks
    assert isinstance(wish, FleetWish)
    devices = wish.of_it["devices"]
    assert (devices["battery"]["settings"], devices["roof"]["settings"]) == ({"weather": "sky"}, {"weather": "sky"})
    assert wanted["battery"][1] == {"weather": "weather"}, "what is wanted is not changed by asking"


def test_who_is_renamed_twice_keeps_the_first_name() -> None:
    wanted = {**WANTED, "tv": ("tv", {"former_name": "telly"})}
    for new, settings in (("screen", {"former_name": "telly"}), ("telly", {})):
        (wish,) = renamed(house(wanted=wanted), "tv", new).asks
        assert isinstance(wish, FleetWish)
        assert wish.of_it["devices"][new] == {"kind": "tv", "settings": settings}


@pytest.mark.parametrize(("new", "why"), [("Big TV", "lower case letters"), ("oven", "there is a oven"), ("aux", "there is a aux"), ("", "is no name")])
def test_names_that_cannot_be(new: str, why: str) -> None:
    with pytest.raises(SettingError, match=why):
        renamed(house(), "tv", new)


def test_a_guest_is_nobodys_to_build() -> None:
    seen = house(guests=("visitor",))
    steps: tuple[Callable[[], BuildStep], ...] = (
        lambda: removed(seen, "visitor"), lambda: copied(seen, "visitor"), lambda: switched(seen, "visitor", on=False),
        lambda: renamed(seen, "visitor", "other"), lambda: declared(seen, "visitor", {"priority": 1}),
    )  # fmt: skip
    for step in steps:
        with pytest.raises(SettingError, match="visitor"):
            step()
    assert moved(seen, "visitor", hung_on("aux")) is not None, "told like any other device"


def test_declaring_a_setting_and_taking_it_back_to_its_default() -> None:
    step = declared(house(), "battery", {"area": "Garage", "capacity": None})
    assert step.asks == (FleetWish("apply", {"devices": {"battery": {"kind": "battery", "settings": {"area": "Garage"}}}, "live": True, "prune": False}),)


def test_a_refusal_is_told_at_its_settings() -> None:
    said = "device lamp: setting 'rated_power': '99 MW' is out of range; use 0 to 5000 W; device lamp: circuit: there is no circuit 'x'; use one of: essential; device roof: gone"
    at, rest = problems_at(said, {"rated_power": {}, "circuit": {}})
    assert at == {"rated_power": "'99 MW' is out of range; use 0 to 5000 W", "circuit": "there is no circuit 'x'; use one of: essential"}
    assert rest == "device roof: gone"
    assert problems_at("anna may look only", {"look": {}}) == ({}, "anna may look only")


def test_steps_are_taken_back_while_nobody_else_has_built() -> None:
    stack = UndoStack()
    whole = BuildStep("tv renamed screen", (), (), whole=True)
    spawn = added(house(), "oven", hung_on("aux"))
    stack.push(whole, 7, 8)
    stack.push(spawn, 8, 9)
    assert stack.words == "oven_2 added"
    assert stack.asks(11) == spawn.undo, "its opposite, whatever others did"
    stack.undone(10)
    assert stack.asks(10) == (FleetWish("rollback", {"revision": 7}),), "after that the home is as it was at revision 8"
    with pytest.raises(SettingError, match="at revision 12 instead of 10; to take that back too, roll the home back to revision 7"):
        stack.asks(12)
    stack.undone(11)
    assert stack.words == ""
