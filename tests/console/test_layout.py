from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console.drawn import homes
from tests.laws import examples
from virtual_devices.console.parts.flow.layout import FlowLayout, FlowLine, FlowNode, layout
from virtual_devices.console.parts.flow.words import NAME, SMALL, fitted, width_of
from virtual_devices.edge.visitor.picture import Now, Picture

BOTH = pytest.mark.parametrize("wide", [True, False], ids=["desk", "phone"])


def overlap(one: FlowNode, other: FlowNode) -> bool:
    return one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h


def straight(line: FlowLine) -> list[tuple[float, float, float, float]]:
    """The level and upright pieces of a line; bent ones stand in the lanes between what is drawn."""
    found, x, y = [], 0.0, 0.0
    for letter, numbers in re.findall(r"([A-Z])([-0-9. ]*)", line.path):
        values = [float(value) for value in numbers.split()]
        if letter == "H":
            found.append((min(x, values[0]), y, max(x, values[0]), y))
            x = values[0]
        elif letter == "V":
            found.append((x, min(y, values[0]), x, max(y, values[0])))
            y = values[0]
        else:
            x, y = values[-2:]
    return found


def through(piece: tuple[float, float, float, float], node: FlowNode) -> bool:
    """Whether it runs inside a card, not only up to its edge."""
    left, top, right, bottom = piece
    edge = 0.2
    return left < node.x + node.w - edge and right > node.x + edge and top < node.y + node.h - edge and bottom > node.y + edge


def check(drawn: FlowLayout) -> None:
    for one, other in combinations(drawn.nodes, 2):
        assert not overlap(one, other), (one, other)
    for node in drawn.nodes:
        assert node.x >= 0
        assert node.y >= 0
        assert node.x + node.w <= drawn.width
        assert node.y + node.h <= drawn.height
        assert node.w >= 100, "there is room for words"
    ids = {node.id for node in drawn.nodes}
    assert len(ids | {line.id for line in drawn.lines}) == len(drawn.nodes) + len(drawn.lines)
    for line in drawn.lines:
        assert {line.start, line.end, *line.of} <= ids
        for piece in straight(line):
            assert not [node for node in drawn.nodes if through(piece, node)], line


@examples(150)
@given(homes(), st.booleans())
def test_nothing_lies_on_anything_and_all_is_there(now: Now, wide: bool) -> None:  # noqa: FBT001 - drawn
    drawn = layout(now, wide)
    check(drawn)
    flows = (*now.sources, *now.stores, *now.grids, *now.circuits, *now.loads)
    named = [node.name for node in drawn.nodes if node.kind not in ("port", "meter", "inverter")]
    reachable = [flow.name for flow in flows]
    assert sorted(named) == sorted(reachable)
    reached = {line.end for line in drawn.lines} | {line.start for line in drawn.lines}
    hanging = {flow.name: flow.port for flow in (*now.circuits, *now.loads)}
    assert not [node for node in drawn.nodes if hanging.get(node.name) and node.id not in reached], "what hangs on a port has a line"


@BOTH
def test_forty_circuits_deep_there_is_room_for_words(wide: bool) -> None:  # noqa: FBT001
    picture = Picture("deep")
    for number in range(40):
        picture.show(f"plug_{number:02}", "smart_switch", {"power": 5.0, "circuit": f"plug_{number - 1:02}" if number else "essential"})
    picture.show("lamp", "oven", {"power": 5.0, "circuit": "plug_39"})
    drawn = layout(picture.now(), wide)
    check(drawn)
    assert len([node for node in drawn.nodes if node.kind == "circuit"]) == 40


@BOTH
def test_an_empty_home_is_an_inverter(wide: bool) -> None:  # noqa: FBT001
    drawn = layout(Now("empty"), wide)
    assert [node.kind for node in drawn.nodes] == ["inverter"]
    assert drawn.lines == ()


@BOTH
def test_values_move_nothing(wide: bool) -> None:  # noqa: FBT001
    picture = Picture("home")
    picture.show("grid", "grid", {"import_power": 5.0, "export_power": 0.0, "connected": True})
    picture.show("oven", "oven", {"power": 5.0, "circuit": "non_essential"})
    before = layout(picture.now(), wide)
    picture.show("grid", "grid", {"import_power": 0.0, "export_power": 0.0, "connected": False})
    picture.show("oven", "oven", {"power": 0.0, "demand": 5.0, "supplied": False, "circuit": "non_essential"})
    assert layout(picture.now(), wide) == before
    picture.show("oven", "oven", {"power": 0.0, "circuit": "essential"})
    assert layout(picture.now(), wide) != before


def test_a_home_of_a_family_fits_a_screen() -> None:
    picture = Picture("home")
    for number in range(40):
        picture.show(f"load_{number:02}", "oven", {"power": 5.0, "circuit": "essential"})
    assert layout(picture.now(), wide=True).width <= 1280
    assert layout(picture.now(), wide=True).height <= 1000
    assert layout(picture.now(), wide=False).width <= 360


@given(st.text(), st.floats(20, 300))
def test_text_is_cut_to_its_width(text: str, width: float) -> None:
    for size in (NAME, SMALL):
        found = fitted(text, width, size)
        assert width_of(found, size) <= max(width, width_of("…", size))
        assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


def test_a_circuit_in_a_circle_is_drawn_without_a_line() -> None:
    picture = Picture("round")
    for one, other in (("a", "b"), ("b", "a")):
        picture.show(one, "smart_switch", {"power": 0.0, "circuit": other})
    picture.show("lamp", "oven", {"power": 0.0, "circuit": "a"})
    now = picture.now()
    assert {flow.port for flow in (*now.circuits, *now.loads)} == {""}
    drawn = layout(now, wide=True)
    check(drawn)
    assert sorted(node.name for node in drawn.nodes if node.kind != "inverter") == ["a", "b", "lamp"]
    assert replace(drawn, lines=()).nodes == drawn.nodes
