from __future__ import annotations

import re
from pathlib import Path
from time import perf_counter
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.console.drawn import homes, shown
from tests.laws import examples
from virtual_devices.console.parts.flow import flow as flow_module
from virtual_devices.console.parts.flow.flow import Values, changes, drawing, values
from virtual_devices.console.parts.flow.layout import layout
from virtual_devices.console.parts.safe import SafeHtml, escaped, joined, markup
from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.visitor.picture import Now, Picture
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House

PARTS = Path(flow_module.__file__).parent
EXAMPLES = Path(__file__).parents[2] / "examples"
SVG = "{http://www.w3.org/2000/svg}"
KNOWN = {f"{SVG}{name}" for name in ("svg", "g", "path", "rect", "circle", "text", "title")}
ATTRIBUTES = {
    "id", "class", "viewBox", "style", "role", "aria-labelledby", "data-id", "data-device", "tabindex", "transform",
    "d", "x", "y", "width", "height", "rx", "r",
}  # fmt: skip
EVIL = '</title><script>alert("1")</script><img src=x onerror=\'x\'>&amp;\x00\x1b\u202e'


def parts(svg: str) -> dict[str, ET.Element]:
    return {part.attrib["data-id"]: part for part in ET.fromstring(svg).iter() if "data-id" in part.attrib}  # noqa: S314 - one's own


def look(part: ET.Element) -> list[Any]:
    """What a browser shows of a part, as values say it."""
    told = re.fullmatch(r"--v:([-0-9.]+)", part.attrib.get("style", ""))
    return [part.text or "", part.attrib.get("class"), float(told[1]) if told else None]


def picture(**states: tuple[str, dict[str, Any]]) -> Picture:
    made = Picture("home")
    for name, (kind, state) in states.items():
        made.show(name, kind, state)
    return made


def cape(hours: float) -> Now:
    house = House(parse((EXAMPLES / "cape_town.yaml").read_text(encoding="utf-8")))
    house.advance(house.home.start + round(hours * 3600))
    return shown(house)


@examples(100)
@given(homes(), st.booleans())
def test_any_home_is_well_formed_of_known_elements_and_shows_its_values(now: Now, wide: bool) -> None:  # noqa: FBT001 - drawn
    drawn = layout(now, wide)
    svg = drawing(now, drawn)
    root = ET.fromstring(svg)  # noqa: S314 - one's own
    assert {part.tag for part in root.iter()} <= KNOWN
    assert {name for part in root.iter() for name in part.attrib} <= ATTRIBUTES
    seen, told = parts(svg), values(now, drawn)
    assert seen.keys() == told.keys()
    for id_, value in told.items():
        assert all(part is None or part == there for part, there in zip(value, look(seen[id_]), strict=True))


@examples(60)
@given(st.data(), st.booleans())
def test_changes_bring_a_drawing_to_what_holds_now(data: st.DataObject, wide: bool) -> None:  # noqa: FBT001 - drawn
    now = data.draw(homes())
    drawn = layout(now, wide)
    before = values(now, drawn)
    assert changes(before, before) == {}
    later = Now(**{**{name: getattr(now, name) for name in Now.__slots__}, "loads": tuple(type(flow)(**{
        **{name: getattr(flow, name) for name in flow.__slots__}, "power": 7.0, "fine": not flow.fine}) for flow in now.loads)})  # fmt: skip
    after = values(later, drawn)
    shown_now: Values = {id_: list(value) for id_, value in before.items()}
    for id_, told in changes(before, after).items():
        assert any(part is not None for part in told)
        shown_now[id_] = [new if new is not None else old for new, old in zip(told, shown_now[id_], strict=True)]
    assert shown_now == after


@pytest.mark.parametrize("wide", [True, False])
def test_what_comes_from_the_bus_stays_text(wide: bool) -> None:  # noqa: FBT001
    made = picture(
        inverter=("inverter", {"overall_state": EVIL, "loss_power": 5.0}),
        grid=("grid", {"import_power": 5.0, "export_power": 0.0, "connected": True}),
        oven=("oven", {"power": 5.0, "circuit": "essential"}),
    )
    made.show(EVIL, "oven", {"power": 5.0, "circuit": EVIL})
    about = AboutMessage(kind="oven", ability="consumes", title=EVIL, version="0")
    made.feed("oven", "about", write(about))
    now = made.now()
    texts = {"off": EVIL, "meter": EVIL, "loses": EVIL}
    svg = drawing(now, layout(now, wide), texts, id=EVIL)
    root = ET.fromstring(svg)  # noqa: S314 - one's own
    assert {part.tag for part in root.iter()} <= KNOWN
    assert {name for part in root.iter() for name in part.attrib} <= ATTRIBUTES
    assert "<script" not in svg
    assert not [letter for letter in "\x00\x1b\u202e" if letter in svg]
    assert any("<script>" in (title.text or "") for title in root.iter(f"{SVG}title"))


@given(st.text(st.characters()))
def test_any_text_is_escaped(text: str) -> None:
    safe = escaped(text)
    root = ET.fromstring(f'<a b="{safe}">{safe}</a>')  # noqa: S314 - one's own
    assert list(root) == []
    assert escaped(safe) is safe
    assert not isinstance(safe + "<b>", SafeHtml)
    assert joined(safe, markup("<i>{x}</i>", x=text)) == f"{safe}<i>{safe}</i>"


def test_a_piece_that_is_not_safe_is_escaped_wherever_it_is_put() -> None:
    assert markup("{a}{b}", a="<", b=SafeHtml("<")) == "&lt;<"
    assert joined(SafeHtml("<"), "<") == "<&lt;"  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        markup("{a}")


def of(now: Now, name: str) -> tuple[str, str, str, str]:
    """A device's classes, note, power and the title, in a drawing for a desk."""
    drawn = layout(now, wide=True)
    told = values(now, drawn)
    node = next(node.id for node in drawn.nodes if node.name == name)
    return str(told[node][1]), str(told.get(f"{node}n", [""])[0]), str(told[f"{node}w"][0]), str(told[f"{node}t"][0])


def lines(now: Now) -> dict[tuple[str, str], str]:
    """The classes of the lines that count, by what they join."""
    drawn = layout(now, wide=True)
    told = values(now, drawn)
    names = {node.id: node.name or node.kind for node in drawn.nodes}
    return {(names[line.start], names[line.end]): str(told[line.id][1]) for line in drawn.lines if line.counts}


def test_an_outage_is_seen() -> None:
    now = cape(12.2)
    assert now.islanded
    assert of(now, "grid")[:3] == ("vd-node grid dark", "outage · until 20:30", "0 W")
    assert of(now, "garden_lights")[:3] == ("vd-node load dark", "without power", "wants 45 W")
    assert of(now, "non_essential")[0].endswith("dark")
    assert "on its own" in of(now, "inverter")[1]
    assert "island" in of(now, "inverter")[0]
    joins = lines(now)
    assert joins["grid", "meter"] == joins["meter", "inverter"] == "vd-line grid cut"
    assert joins["non_essential", "geyser"] == "vd-line use dark still"
    assert joins["battery", "inverter"] == "vd-line battery"
    words = values(now, layout(now, wide=True))["words"][0]
    assert words == "cape_town: sun 0 W, battery 76 % discharging 1452 W, grid outage, on its own, loads 1389 W, losses 63 W, without power: garden_lights, geyser"


def test_a_battery_that_charges_moves_the_other_way() -> None:
    joins = lines(cape(5.5))
    assert joins["battery", "inverter"] == "vd-line battery back"
    assert joins["roof_north", "inverter"] == "vd-line sun"
    assert joins["meter", "non_essential"] == "vd-line use still"


def test_who_is_offline_is_off() -> None:
    made = picture(oven=("oven", {"power": 900.0, "circuit": "essential"}))
    made.devices["oven"].online = False
    assert of(made.now(), "oven") == ("vd-node load away", "offline", "off", "oven (Oven): offline")
    assert lines(made.now())["essential", "oven"] == "vd-line use away"


def test_what_hangs_behind_an_open_switch_is_off() -> None:
    made = picture(
        plug=("smart_switch", {"power": 0.0, "circuit": "essential", "relay": False}),
        tv=("tv", {"power": 0.0, "demand": 0.0, "circuit": "plug", "supplied": False}),
    )
    assert of(made.now(), "plug")[:2] == ("vd-node circuit off", "open")
    assert of(made.now(), "tv")[:3] == ("vd-node load off", "switched off", "")
    assert lines(made.now())["plug", "tv"] == "vd-line use off still"


def test_more_power_moves_faster_in_few_speeds() -> None:
    speeds = []
    for power in (0.0, 10.0, 200.0, 201.0, 3000.0, 10_000.0, 1e9):
        now = picture(oven=("oven", {"power": power, "circuit": "essential"})).now()
        drawn = layout(now, wide=True)
        speeds.append(next(values(now, drawn)[line.id][2] for line in drawn.lines if line.counts and line.start != drawn.nodes[0].id))
    assert speeds == sorted(speeds, reverse=True)  # type: ignore[type-var]
    assert (speeds[0], speeds[-1]) == (4.0, 0.5)
    assert speeds[2] == speeds[3]


def test_cards_are_buttons_and_the_lines_are_one_image() -> None:
    now = cape(1)
    root = ET.fromstring(drawing(now, layout(now, wide=True)))  # noqa: S314 - one's own
    buttons = [part for part in root.iter() if part.get("role") == "button"]
    named = {str(part.get("data-device")) for part in buttons}
    assert named == {"inverter", *(flow.name for flow in (*now.sources, *now.stores, *now.grids, *now.loads))}
    assert all(part.get("tabindex") == "0" and part.find(f"{SVG}title") is not None for part in buttons)
    (image,) = [part for part in root.iter() if part.get("role") == "img"]
    called = [part for part in root.iter() if part.get("id") == image.get("aria-labelledby")]
    assert [part.text for part in called] == [values(now, layout(now, wide=True))["words"][0]]


def test_other_words_may_be_said() -> None:
    made = picture(oven=("oven", {"power": 0.0, "demand": 0.0, "supplied": False, "circuit": "essential"}))
    drawn = layout(made.now(), wide=True)
    assert "ohne Strom" in {value[0] for value in values(made.now(), drawn, {"without power": "ohne Strom"}).values()}


def test_forty_devices_are_drawn_within_a_moment() -> None:
    made = Picture("home")
    for number in range(40):
        made.show(f"load_{number:02}", "oven", {"power": 5.0 * number, "circuit": "essential"})
    now = made.now()
    drawn = layout(now, wide=True)
    begin = perf_counter()
    for _ in range(10):
        values(now, drawn)
    assert (perf_counter() - begin) / 10 < 0.1


def test_the_script_is_small_and_puts_in_text_only() -> None:
    script = (PARTS / "flow.js").read_text(encoding="utf-8")
    assert len(script.splitlines()) <= 120
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|eval|Function\(|document\.write|setAttribute", script)


def test_the_style_asks_for_nothing_from_elsewhere_and_rests_where_that_is_wanted() -> None:
    style = (PARTS / "flow.css").read_text(encoding="utf-8")
    assert not re.search(r"url\(|@import|expression", style)
    assert "prefers-reduced-motion" in style
    for name in ("dark", "off", "away", "cut", "back", "still", "bare", "tripped"):
        assert f".{name}" in style
