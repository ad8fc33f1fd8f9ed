"""What flows on the wires of a home: packets that are collected, and painted."""

from __future__ import annotations

import io

import orjson
import pytest
from rich.console import Console

from tests.edge.visitor.test_picture import CLOCK, INVERTER, Device, picture
from virtual_devices.cli._frame import plain
from virtual_devices.cli._view import LiveView
from virtual_devices.cli._wires import joules, liner, paint_wires, painter, wire_line
from virtual_devices.edge.visitor import wires as visitor
from virtual_devices.edge.visitor.wires import WireFlow, WireFlows

CHAIN: list[Device] = [("clock", "clock", CLOCK), INVERTER]
WIRES = {"sun/roof": 900_000, "roof/dc_bus": 900_000, "dc_bus/inverter": 600_000, "dc_bus/battery": 300_000, "inverter/essential": 570_000,
         "inverter/losses": 30_000, "essential/oven": 570_000, "oven/heat": 570_000, "grid/meter": 0}  # fmt: skip
"""J in five minutes."""


def word(seq: int, *, run: str = "one", steps: int = 5) -> bytes:
    return orjson.dumps({"run": run, "seq": seq, "span": {"start": 1_782_000_000 + 300 * seq, "step": 60, "steps": steps}})


def say(flows: WireFlows, packets: dict[str, int], end: bytes | None = None) -> WireFlows:
    for wire, energy in packets.items():
        flows.feed(f"flow/{wire}", b"%d" % energy)
    if end is not None:
        flows.feed("flow", end)
    return flows


def flowing() -> WireFlows:
    flows = say(WireFlows(), WIRES, word(1))
    return say(flows, WIRES, word(2))


def rendered(flows: WireFlows, width: int = 80, height: int = 24) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, record=True, legacy_windows=False)
    console.print(LiveView(picture(*CHAIN), console=console, paint=painter(flows), line=liner(flows)).render())
    return console.export_text().splitlines()


# -- collected ----------------------------------------------------------------------------------------------------------


def test_packets_are_powers_of_their_window_and_add_up() -> None:
    flows = say(flowing(), {"sun/roof": 150_000, "oven/heat": 0}, word(3, steps=1))
    found = {(wire.source, wire.sink): (wire.power, wire.energy) for wire in flows.now()}
    wires = [("sun", "roof"), ("oven", "heat"), ("inverter", "losses")]
    assert [found[wire] for wire in wires] == [(2500, 1_050_000), (0, 570_000), (100, 30_000)], "of the last nothing new was said"
    assert [flows.begun, flows.last] == [("one", 1), ("one", 3)]
    assert flows.windows == 2


def test_the_first_window_may_have_begun_before_anybody_listened() -> None:
    flows = WireFlows()
    flows.feed("flow", word(6), retained=True)
    say(flows, {"oven/heat": 7}, word(7))
    assert flows.energy == {}
    assert say(flows, {"oven/heat": 8}, word(8)).energy == {"oven/heat": 8}


def test_packets_that_a_restarted_inverter_says_again_count_once() -> None:
    flows = say(flowing(), {"oven/heat": 5, "sun/roof": 1})  # it dies before its word
    say(flows, {"oven/heat": 5, "sun/roof": 1, "roof/dc_bus": 1}, word(3))
    assert flows.energy["oven/heat"] == 570_005
    say(flows, {"oven/heat": 5, "sun/roof": 1, "roof/dc_bus": 1}, word(3))  # its word was forgotten
    say(flows, {}, word(2))
    assert (flows.energy["oven/heat"], flows.windows) == (570_005, 2)
    say(flows, {"oven/heat": 1}, word(1, run="two"))  # a fresh start begins with 1 again
    assert flows.energy["oven/heat"] == 570_006


@pytest.mark.parametrize(
    ("leaf", "payload"),
    [("flow/oven/heat", b"-1"), ("flow/oven/heat", b"1.5"), ("flow/oven/heat", b""), ("flow/oven/heat", b"9" * 400), ("flow/oven", b"1"),
     ("flow/oven/heat/x", b"1"), ("flow/O/heat", b"1"), ("flow", b"{]"), ("flow", b'{"run":"one"}'), ("state", b"{}")],
)  # fmt: skip
def test_what_is_no_packet_is_passed_over(leaf: str, payload: bytes) -> None:
    flows, before = flowing(), flowing().now()
    flows.feed(leaf, payload)
    assert say(flows, {}, word(3)).now() == before


def test_wires_that_somebody_invents_are_so_many_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "MOST_WIRES", 5)
    flows = WireFlows()
    for seq in range(1, 4):
        say(flows, {f"wire_{seq}_{number}/heat": 1 for number in range(20)}, word(seq))
    assert len(flows.energy) == 5


# -- painted ------------------------------------------------------------------------------------------------------------


def test_a_line_for_each_wire_from_where_energy_comes_to_where_it_goes() -> None:
    lines = rendered(flowing())
    assert all(len(text) == 80 for text in lines)
    assert "cape_town" in lines[0]
    assert lines[0].endswith("Sun 2026-06-21 06:45:00 60× ─╮")
    assert [tuple(part for part in text.strip("│ ").split() if part[0] not in "━┄▶") for text in lines[2:-1]] == [
        ("grid", "meter", "0", "W", "0", "J"),
        ("sun", "roof", "3000", "W", "900", "kJ"),
        ("roof", "dc_bus", "3000", "W", "900", "kJ"),
        ("dc_bus", "battery", "1000", "W", "300", "kJ"),
        ("dc_bus", "inverter", "2000", "W", "600", "kJ"),
        ("inverter", "essential", "1900", "W", "570", "kJ"),
        ("inverter", "losses", "100", "W", "30", "kJ"),
        ("essential", "oven", "1900", "W", "570", "kJ"),
        ("oven", "heat", "1900", "W", "570", "kJ"),
    ]


def test_a_bar_is_as_long_as_its_share_of_the_highest_power() -> None:
    bars = {text.split()[1]: text.count("━") + text.count("▶") for text in rendered(flowing())[2:-1]}
    widest = bars["roof"]
    assert widest == 27
    assert bars["dc_bus"] == widest * 2 / 3
    assert bars["essential"] == round(widest * 1900 / 3000)
    assert bars["inverter"] == 1, "a bar that flows is seen"
    assert bars["grid"] == 0
    assert rendered(flowing())[2].count("┄") == widest


def test_where_there_is_no_room_those_with_most_power_stay() -> None:
    lines = rendered(flowing(), height=14)
    assert len(lines) < 14
    shown = say(flowing(), {f"lamp_{number}/heat": 300 + number for number in range(20)}, word(3, steps=1))
    text = "\n".join("".join(piece for piece, _ in row) for row in paint_wires(picture(*CHAIN).now(), shown.now(), 80, 12))
    assert "… and 21 more, with less" in text
    assert " sun " in text
    assert " grid " not in text
    assert "lamp_19" not in text


def test_it_says_what_it_waits_for_and_when_flows_are_switched_off() -> None:
    assert "waits for the next window" in "\n".join(rendered(WireFlows()))
    flows = flowing()
    flows.feed("flow", b"")
    assert "flows is off" in "\n".join(rendered(flows))
    assert not any("━" in text for text in rendered(flows))
    assert "flows is off" in wire_line(picture(*CHAIN).now(), flows.now(), told=False)


def test_where_only_ascii_can_be_shown_nothing_else_is() -> None:
    rows = plain(paint_wires(picture(*CHAIN).now(), flowing().now(), 80, 24), "ascii")
    text = "\n".join("".join(piece for piece, _ in row) for row in rows)
    assert text.isascii()
    assert "?" not in text


def test_a_line_names_what_flows_most_first() -> None:
    now = picture(*CHAIN).now()
    wires = [WireFlow("sun", "roof", 3000, 1), WireFlow("grid", "meter", 0.2, 1), WireFlow("oven", "heat", 4000, 1)]
    assert wire_line(now, wires) == "06:45  oven>heat 4000 W, sun>roof 3000 W"
    assert wire_line(now, [WireFlow(f"lamp_{number}", "heat", 10, 0) for number in range(10)]).endswith("and 2 more")
    assert wire_line(now, wires[1:2]) == "06:45  nothing flows"
    assert wire_line(now, []) == "06:45  waits for the next window"


@pytest.mark.parametrize(("energy", "text"), [(0, "0 J"), (9999, "9999 J"), (10_000, "10 kJ"), (9_999_499, "9999 kJ"), (9_999_500, "10.00 MJ"), (12_345_678, "12.35 MJ")])
def test_joules_for_people(energy: int, text: str) -> None:
    assert joules(energy) == text
