"""Homes to draw: what members of a house say, and pictures that nobody has settled."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from virtual_devices.edge.visitor.picture import Now, Picture
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.members.house import House

PORTS = ("essential", "aux", "non_essential")


def shown(house: House) -> Now:
    """A house in one process, as its devices would say it."""
    picture = Picture(house.home.name)
    for name, member in house.members.items():
        picture.show(name, member.kind, {**settings_json(member.settings), **member.readings()})
    return picture.now()


def powers() -> st.SearchStrategy[float | None]:
    return st.one_of(st.none(), st.sampled_from([0.0, 0.3, 999_999.0]), st.floats(0, 20_000))


@st.composite
def homes(draw: st.DrawFn) -> Now:
    """Any home that may be on a bus, with readings that need not fit together."""
    picture = Picture("home")

    def add(name: str, kind: str, state: dict[str, Any]) -> None:
        picture.show(name, kind, state)
        picture.devices[name].online = draw(st.booleans()) or draw(st.booleans())

    for number in range(draw(st.integers(0, 8))):
        add(f"roof_{number}", "pv_array", {"power": draw(powers()), "available_power": draw(powers())})
    for number in range(draw(st.integers(0, 3))):
        add(f"battery_{number}", "battery", {"charge_power": draw(powers()), "discharge_power": draw(powers()), "soc": draw(st.sampled_from([None, 0, 54.4, 100, 1000]))})
    for number in range(draw(st.integers(0, 2))):
        add(f"grid_{number}", "grid", {"import_power": draw(powers()), "export_power": 0.0, "connected": draw(st.booleans()), "main_switch": draw(st.booleans())})
    if draw(st.booleans()):
        add("inverter", "inverter", {"grid_connected": draw(st.booleans()), "overall_state": "alarm", "loss_power": draw(powers()), "grid_port_power": draw(powers())})
    circuits = [f"circuit_{number}" for number in range(draw(st.integers(0, 12)))]
    places = st.sampled_from([*PORTS, *circuits, "nowhere", ""])
    for name in circuits:
        add(name, "smart_switch", {"power": draw(powers()), "circuit": draw(places), "relay": draw(st.booleans()), "supplied": draw(st.booleans())})
    for number in range(draw(st.integers(0, 45))):
        add(f"load_{number:02}_{'x' * draw(st.sampled_from([0, 3, 30]))}", draw(st.sampled_from(["oven", "tv", "geyser"])),
            {"power": draw(powers()), "demand": draw(powers()), "circuit": draw(places), "supplied": draw(st.booleans())})  # fmt: skip
    return picture.now()
