from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import pytest
from rich.console import Console

from virtual_devices.cli._frame import plain
from virtual_devices.cli._now import line, summary_of
from virtual_devices.cli._picture import LOWEST, NARROWEST, paint
from virtual_devices.cli._view import LiveView
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.visitor.picture import Picture, watts

ABILITIES = {
    "clock": "ticks", "sun": "conditions", "weather": "conditions", "pv_array": "produces", "battery": "stores",
    "grid": "connects", "inverter": "settles", "oven": "consumes", "record": "keeps", "smart_switch": "carries",
}  # fmt: skip
CLOCK = {"speed": 60.0, "paused": False, "local_time": "2026-06-21 06:45:00", "behind": 0, "time": "x"}
FOOTER = ("Home Assistant: Settings, Devices & services, MQTT, broker 127.0.0.1", "MQTT: mqtt://127.0.0.1:1883")


Device = tuple[str, str, Mapping[str, Any]]
"""Name, kind, state."""


def picture(*devices: Device, home: str = "cape_town") -> Picture:
    made = Picture(home)
    for name, kind, state in devices:
        about = AboutMessage(kind=kind, ability=ABILITIES[kind], title=kind, version="0")
        made.feed(name, "about", write(about))
        made.feed(name, "availability", b"online")
        made.feed(name, "state", orjson.dumps(state))
    return made


def oven(power: float, demand: float | None = None, *, supplied: bool = True) -> dict[str, Any]:
    return {"power": power, "demand": power if demand is None else demand, "supplied": supplied}


ROOFS: list[Device] = [
    ("roof_north", "pv_array", {"power": 300.0, "available_power": 300.0}),
    ("roof_west", "pv_array", {"power": 20.0, "available_power": 500.0}),
]
BATTERY: Device = ("battery", "battery", {"charge_power": 0.0, "discharge_power": 410.0, "soc": 54.0})
OUTAGE: Device = (
    "grid", "grid",
    {"import_power": 0.0, "export_power": 0.0, "connected": False, "main_switch": True, "outage_planned": True,
     "start_time": "2026-06-21T06:30:00+02:00", "end_time": "2026-06-21T08:30:00+02:00", "starts_in": 0,
     "day_cost": 1.25, "currency": "ZAR"},
)  # fmt: skip
INVERTER: Device = (
    "inverter", "inverter",
    {"pv_power": 320.0, "battery_power": 410.0, "grid_power": 0.0, "load_power": 730.0, "battery_soc": 54.0,
     "overall_state": "alarm", "shed_loads": "geyser", "day_pv_energy": 1.5, "day_grid_import": 2.0, "day_grid_export": 0.5,
     "day_battery_charge": 0.25, "day_battery_discharge": 0.75, "day_load_energy": 3.0},
)  # fmt: skip
LOADS: list[Device] = [
    ("base_load", "oven", oven(230.0)),
    ("oven", "oven", oven(500.0)),
    ("tv", "oven", oven(0.0)),
    ("geyser", "oven", oven(0.0, 3000.0, supplied=False)),
]
SKY: list[Device] = [
    ("sun", "sun", {"apparent_zenith": 85.2}),
    ("weather", "weather", {"cloud_cover": 35.0, "temp_air": -2.4, "wind_speed": 5.0}),
]
CIRCUITS: list[Device] = [
    ("kitchen", "smart_switch", {"power": 500.0, "supplied": True, "relay": True, "tripped": False, "circuit": "essential"}),
    ("strip", "smart_switch", {"power": 40.0, "supplied": True, "circuit": "kitchen"}),
    ("tv_plug", "smart_switch", {"power": 0.0, "supplied": True, "relay": False, "tripped": False, "circuit": "strip"}),
    ("garden", "smart_switch", {"power": 0.0, "supplied": True, "relay": False, "tripped": True, "circuit": "non_essential"}),
    ("boiler", "smart_switch", {"power": 0.0, "supplied": False, "relay": True, "tripped": False, "circuit": "aux"}),
]
BEHIND: list[Device] = [
    ("base_load", "oven", oven(230.0) | {"circuit": "essential"}),
    ("oven", "oven", oven(460.0) | {"circuit": "kitchen"}),
    ("lamp", "oven", oven(40.0) | {"circuit": "strip"}),
    ("tv", "oven", oven(0.0, supplied=False) | {"circuit": "tv_plug"}),
    ("light", "oven", oven(0.0, supplied=False) | {"circuit": "garden"}),
    ("geyser", "oven", oven(0.0, 3000.0, supplied=False) | {"circuit": "boiler"}),
]
WHOLE: list[Device] = [("clock", "clock", CLOCK), *SKY, *ROOFS, BATTERY, OUTAGE, INVERTER, *LOADS]


def rendered(shown: Picture, width: int, height: int, footer: tuple[str, ...] = FOOTER) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, record=True, legacy_windows=False)
    console.print(LiveView(shown, footer, console=console).render())
    lines = console.export_text().splitlines()
    assert len(lines) < height, "the last line of the terminal stays free"
    assert all(len(text) == width for text in lines), "the frame is closed"
    return lines


# -- what it says -------------------------------------------------------------------------------------------------------


def test_the_flows_of_a_whole_home() -> None:
    now = picture(*WHOLE).now()
    assert (now.pv, now.battery, now.grid, now.load, now.soc) == (320, 410, 0, 730, 0.54)
    assert now.time == datetime(2026, 6, 21, 6, 45)  # noqa: DTZ001 - local, by the clock on the wall
    assert [(flow.name, flow.power, flow.note) for flow in now.sources] == [("roof_north", 300, ""), ("roof_west", 20, "of 500 W")]
    assert [(flow.power, flow.note, flow.level) for flow in now.stores] == [(410, "discharging", 0.54)]
    assert [(flow.power, flow.note, flow.change, flow.fine) for flow in now.grids] == [(0, "outage", "until 08:30", False)]
    assert [(flow.name, flow.fine, flow.change) for flow in now.loads if not flow.fine] == [("geyser", False, "wants 3000 W")]
    assert now.today == {"sun": 1.5, "loads": 3.0, "import": 2.0, "export": 0.5, "charged": 0.25, "discharged": 0.75}
    assert (now.cost, now.currency, now.devices) == (1.25, "ZAR", len(WHOLE))
    assert now.weather == "sun 5° high, clouds 35 %, −2 °C, wind 5 m/s"


def test_shares_are_of_what_comes_in() -> None:
    assert picture(*WHOLE).now().shares == pytest.approx({"sun": 320 / 730, "battery": 410 / 730, "grid": 0})
    charging: Device = ("inverter", "inverter", {"pv_power": 3000.0, "battery_power": -2000.0, "grid_power": -600.0})
    assert picture(*ROOFS, BATTERY, OUTAGE, charging).now().shares == {"sun": 1, "battery": 0, "grid": 0}
    still: Device = ("inverter", "inverter", {"pv_power": 0.0, "battery_power": 0.0, "grid_power": 0.0})
    assert picture(*ROOFS, BATTERY, OUTAGE, still).now().shares == {}


def test_what_hangs_on_which_port_and_what_an_inverter_says_of_it() -> None:
    told = {"essential_power": 731.0, "aux_power": 0.0, "aux_on": False, "grid_port_power": -5.0, "loss_power": 40.0, "grid_connected": False}
    now = picture(OUTAGE, ("inverter", "inverter", told), *CIRCUITS, *BEHIND, ("lost", "oven", oven(0.0) | {"circuit": "nowhere"}), ("new", "oven", {})).now()
    assert [(port.name, port.power, port.live, port.beside) for port in now.ports] == [
        ("essential", 731, True, False), ("aux", 0, False, False), ("non_essential", 0, True, True),
    ]  # fmt: skip
    assert {flow.name: flow.port for flow in (*now.circuits, *now.loads)} == {
        "kitchen": "essential", "strip": "essential", "tv_plug": "essential", "garden": "non_essential", "boiler": "aux",
        "base_load": "essential", "oven": "essential", "lamp": "essential", "tv": "essential", "light": "non_essential", "geyser": "aux",
        "lost": "", "new": "essential",
    }  # fmt: skip
    assert (now.through, now.loss, now.islanded) == (-5, 40, True)
    assert {(flow.kind, flow.title) for flow in now.circuits} == {("smart_switch", "smart_switch")}


def test_without_a_grid_nothing_is_an_island() -> None:
    now = picture(("inverter", "inverter", {"grid_connected": False}), *LOADS).now()
    assert not now.islanded
    assert [(port.name, port.power) for port in now.ports] == [("essential", 730)], "the loads' own are added up"
    assert picture(OUTAGE, *LOADS).now().islanded is False, "nobody says so"


def test_without_an_inverters_word_the_devices_own_are_added_up() -> None:
    now = picture(("clock", "clock", CLOCK), *ROOFS, BATTERY, OUTAGE, *LOADS).now()
    assert (now.pv, now.battery, now.grid, now.load, now.soc) == (320, 410, 0, 730, 0.54)


@pytest.mark.parametrize(
    ("connected", "planned", "starts_in", "start", "change"),
    [
        (False, True, 0, "06:30", "until 08:30"),
        (False, False, 600, "18:00", ""),  # the last settled step was still without
        (True, False, 1, "18:00", "off at 18:00"),
        (True, True, 0, "18:00", "off at 18:00"),  # the last settled step was still with
        (True, False, 1439, "18:00", "off at 18:00"),
        (True, False, 1440, "18:00", ""),
        (True, False, None, None, ""),
        (True, False, 5, "nonsense", ""),
    ],
)
def test_the_next_outage_or_its_end(
    *, connected: bool, planned: bool, starts_in: float | None, start: str | None, change: str
) -> None:
    grid = {
        "import_power": 0.0, "export_power": 0.0, "connected": connected, "outage_planned": planned, "starts_in": starts_in,
        "start_time": start and f"2026-06-21T{start}:00+02:00", "end_time": "2026-06-21T08:30:00+02:00",
    }  # fmt: skip
    assert picture(("grid", "grid", grid)).now().grids[0].change == change


def test_a_line_for_where_there_is_no_terminal() -> None:
    assert line(picture(*WHOLE).now()) == (
        "06:45  sun 320 W  battery 54 % −410 W  grid 0 W (outage)  "
        "loads 730 W: base_load 230, oven 500, without power geyser"
    )
    many: list[Device] = [(f"load_{number:02}", "oven", oven(10.0)) for number in range(30)]
    assert line(picture(("clock", "clock", CLOCK), *many).now()).endswith("load_07 10, and 22 more")
    waiting = Picture("cape")
    assert line(waiting.now()) == "cape: waits for its first window"


def test_a_state_comes_from_a_runtime_as_well() -> None:
    shown = Picture("cape")
    shown.show("kitchen", "oven", oven(2000.0))
    shown.show("stranger", "no_such_kind", {})
    assert [(flow.name, flow.power) for flow in shown.now().loads] == [("kitchen", 2000)]


@pytest.mark.parametrize("payload", [b"", b"{", b"[1]", b'{"power":"much","soc":null,"speed":true}', b"\xff"])
def test_nonsense_on_the_bus_does_no_harm(payload: bytes) -> None:
    shown = picture(*WHOLE)
    for name in list(shown.devices):
        shown.feed(name, "state", payload)
    rendered(shown, 80, 24)
    for name in list(shown.devices):
        assert isinstance(summary_of(shown.devices[name]), str)
        shown.feed(name, "about", payload)
    rendered(shown, 80, 24)
    assert shown.now().devices == 0


def test_summaries_in_a_few_words() -> None:
    shown = picture(*WHOLE)
    assert {name: summary_of(seen) for name, seen in shown.devices.items()} == {
        "clock": "2026-06-21 06:45:00, 60×",
        "sun": "sun 5° high",
        "weather": "clouds 35 %, −2 °C, wind 5 m/s",
        "roof_north": "300 W",
        "roof_west": "20 W of 500 W",
        "battery": "54.0 %, discharging 410 W",
        "grid": "outage",
        "inverter": "alarm, without power: geyser, loads 730 W",
        "base_load": "230 W",
        "oven": "500 W",
        "tv": "0 W",
        "geyser": "without power wants 3000 W",
    }


def test_a_record_says_what_it_has_written() -> None:
    shown = picture(("record", "record", {"windows": 41, "missing_windows": 0, "size": 1_234_567}), ("old", "record", {"windows": 7, "missing_windows": 3}))
    shown.show("new", "record", {})
    said = {name: summary_of(shown.devices[name]) for name in ("record", "old", "new")}
    assert said == {"record": "41 windows written, 1.2 MB", "old": "7 windows written, 3 missing", "new": ""}


def test_watts_for_people() -> None:
    assert [watts(value) for value in (None, 0, -0.2, 410.4, -410, 12_345, 9999.4)] == [
        "– W", "0 W", "0 W", "410 W", "−410 W", "12.3 kW", "9999 W",
    ]  # fmt: skip


# -- how it looks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (NARROWEST, LOWEST + 1), (200, 60)])
@pytest.mark.parametrize(
    "devices",
    [
        [],
        WHOLE,
        [("clock", "clock", CLOCK), ("inverter", "inverter", {}), *LOADS],
        [("clock", "clock", CLOCK), OUTAGE, INVERTER, *LOADS],
        [("clock", "clock", CLOCK), *ROOFS, INVERTER, *LOADS],
        [*WHOLE, *((f"load_{number:02}", "oven", oven(number * 10.0)) for number in range(30))],
        [*WHOLE, *((f"roof_{number:02}", "pv_array", {"power": 10.0}) for number in range(40))],
        [*WHOLE, ("a_name_of_forty_characters_which_is_most_", "oven", oven(99_999_999.0))],
        [("inverter", "inverter", {}), *((f"battery_{number}", "battery", {"soc": 1000.0}) for number in range(20))],
        [*SKY, INVERTER, *CIRCUITS, *BEHIND],
        [INVERTER, *((f"plug_{number:02}", "smart_switch", {"circuit": f"plug_{number - 1:02}"}) for number in range(40)), *BEHIND],
    ],
    ids=["nothing", "whole", "no supply", "no sun", "no battery, no grid", "30 loads", "40 roofs", "long", "batteries", "circuits", "40 deep"],
)
def test_every_home_fits_every_terminal(size: tuple[int, int], devices: list[Device]) -> None:
    lines = rendered(picture(*devices), *size)
    assert all(text[0] in "╭│├╰" and text[-1] in "╮│┤╯" for text in lines)
    assert lines[-1].startswith("╰") or size[1] < 20, "the bottom is there"


def test_the_picture_says_what_matters() -> None:
    text = "\n".join(rendered(picture(*WHOLE), 80, 24))
    for words in (
        "cape_town", "Sun 2026-06-21 06:45:00 60×", "sun 5° high", "roof_north     300 W ━▶", "54 %", "discharging    410 W ━▶",
        "outage           0 W ┄┄", "until 08:30", "━▶ oven                500 W", "no power", "sun 44 %  battery 56 %",
        "loads 730 W", "sun 1.50  loads 3.00  import 2.00  export 0.50", "battery +0.25 −0.75 kWh", "cost 1.25 ZAR", *FOOTER,
    ):  # fmt: skip
        assert words in text


def test_of_many_loads_the_biggest_are_shown_and_the_rest_in_one() -> None:
    many: list[Device] = [(f"load_{number:02}", "oven", oven(number * 10.0)) for number in range(30)]
    text = "\n".join(rendered(picture(("clock", "clock", CLOCK), INVERTER, *many), 80, 24))
    assert "load_29" in text
    assert "load_00" not in text
    shown = sum(f"load_{number:02}" in text for number in range(30))
    rest = sum(number * 10 for number in range(30 - shown))
    assert f"{30 - shown} more" in text
    assert f"{rest} W" in text


def test_wide_terminals_show_more_loads() -> None:
    many: list[Device] = [(f"load_{number:02}", "oven", oven(number * 10.0)) for number in range(40)]
    text = "\n".join(rendered(picture(("clock", "clock", CLOCK), INVERTER, *many), 120, 40))
    assert all(f"load_{number:02}" in text for number in range(40))


def test_charging_and_export_point_the_other_way() -> None:
    battery: Device = ("battery", "battery", {"charge_power": 900.0, "discharge_power": 0.0, "soc": 54.0})
    grid: Device = ("grid", "grid", {"import_power": 0.0, "export_power": 700.0, "connected": True})
    text = "\n".join(rendered(picture(("clock", "clock", CLOCK), battery, grid, INVERTER), 80, 24))
    assert "charging       900 W ◀━" in text
    assert "export         700 W ◀━" in text


def test_before_the_first_window_it_says_for_whom_it_waits() -> None:
    shown = picture(("oven", "oven", {}), ("tv", "oven", {}))
    shown.feed("tv", "availability", b"offline")
    text = "\n".join(rendered(shown, 80, 24))
    assert "waits for the first window; offline: tv" in text


def test_offline_devices_and_a_lost_connection_show() -> None:
    shown = picture(*WHOLE)
    shown.feed("oven", "availability", b"offline")
    shown.connection(False)  # noqa: FBT003
    text = "\n".join(rendered(shown, 80, 24))
    assert " offline oven " in text
    assert "no connection to the broker" in text
    shown.connection(True)  # noqa: FBT003
    assert "no connection" not in "\n".join(rendered(shown, 80, 24))


def test_where_only_ascii_can_be_shown_nothing_else_is() -> None:
    rows = plain(paint(picture(*WHOLE).now(), 80, 24, FOOTER), "ascii")
    text = "\n".join("".join(piece for piece, _ in row) for row in rows)
    assert text.isascii()
    assert "?" not in text
    assert all(len(row) == 80 for row in text.splitlines())
    assert "discharging    410 W =>" in text
    assert plain([[("━▶", "")]], "utf-8") == [[("━▶", "")]]


def test_a_tiny_terminal_gets_a_line() -> None:
    console = Console(width=40, height=10, file=io.StringIO(), force_terminal=True, record=True)
    console.print(LiveView(picture(*WHOLE), console=console).render())
    assert console.export_text().startswith("06:45  sun 320 W")


def test_what_hangs_on_a_circuit_stands_below_it_and_open_ones_are_marked() -> None:
    lines = rendered(picture(("clock", "clock", CLOCK), *SKY, INVERTER, *CIRCUITS, *BEHIND), 80, 24)
    assert [text[49:-2] for text in lines[2:13]] == [
        "╭━▶ base_load           230 W",
        "├┄┄ boiler           no power",
        "│ ╰┄┄ geyser         no power",
        "├┄┄ garden            tripped",
        "│ ╰┄┄ light               off",
        "┴━▶ kitchen             500 W",
        "  ├━▶ oven              460 W",
        "  ╰━▶ strip              40 W",
        "    ├━▶ lamp             40 W",
        "    ╰┄┄ tv_plug          open",
        "      ╰┄┄ tv              off",
    ]


def test_behind_an_open_switch_nobody_is_without_power() -> None:
    now = picture(*CIRCUITS, *BEHIND).now()
    assert {flow.name: (flow.on, flow.note, flow.fine) for flow in (*now.circuits, *now.loads)} == {
        "boiler": ("", "without power", False), "geyser": ("boiler", "without power", False),
        "garden": ("", "tripped", False), "light": ("garden", "switched off", True),
        "kitchen": ("", "", True), "oven": ("kitchen", "", True), "strip": ("kitchen", "", True), "lamp": ("strip", "", True),
        "tv_plug": ("strip", "open", True), "tv": ("tv_plug", "switched off", True), "base_load": ("", "", True),
    }  # fmt: skip
    assert now.load == 730, "what circuits carry is no load"


def test_of_many_loads_on_circuits_the_biggest_are_shown_with_what_they_hang_on() -> None:
    many: list[Device] = [(f"load_{number:02}", "oven", oven(number * 10.0) | {"circuit": f"plug_{number:02}"}) for number in range(30)]
    plugs: list[Device] = [(f"plug_{number:02}", "smart_switch", {"power": number * 10.0, "relay": True}) for number in range(30)]
    text = "\n".join(rendered(picture(("clock", "clock", CLOCK), INVERTER, *plugs, *many), 80, 24))
    for number in range(30):
        assert (f"load_{number:02}" not in text) or (f"plug_{number:02}" in text)
    assert "load_29" in text
    shown = sum(f"load_{number:02}" in text for number in range(30))
    assert f"{sum(number * 10 for number in range(30 - shown))} W" in text


def test_circuits_in_a_circle_or_on_nothing_hang_on_nothing() -> None:
    ring: list[Device] = [("a", "smart_switch", {"circuit": "b"}), ("b", "smart_switch", {"circuit": "a"}), ("c", "smart_switch", {"circuit": "a"})]
    lost: list[Device] = [("d", "smart_switch", {"circuit": "gone"}), ("e", "oven", oven(0.0) | {"circuit": 7}), ("f", "smart_switch", {"circuit": "f"})]
    now = picture(*ring, *lost).now()
    assert {flow.name: flow.on for flow in (*now.circuits, *now.loads)} == {"a": "", "b": "", "c": "a", "d": "", "e": "", "f": ""}
    rendered(picture(*ring, *lost), 80, 24)


# -- how it lives -------------------------------------------------------------------------------------------------------


def test_in_a_terminal_it_paints_over_itself_and_stays_at_the_end() -> None:
    file = io.StringIO()
    console = Console(width=80, height=24, file=file, force_terminal=True, _environ={"TERM": "xterm"})
    shown = picture(*WHOLE)
    with Loop() as loop, LiveView(shown, FOOTER, console=console) as view:
        view.drive(loop)
        loop.run(timeout=0.6)
        view.say("a word in between")
        shown.feed("oven", "state", orjson.dumps(oven(1234.0)))
    text = file.getvalue()
    assert text.count("roof_north") >= 4
    assert "a word in between" in text
    assert "1234 W" in text.rsplit("roof_north", 1)[1]


def test_a_terminal_that_cannot_paint_over_gets_lines() -> None:
    file = io.StringIO()
    console = Console(width=80, height=24, file=file, force_terminal=True, _environ={"TERM": "dumb"})
    with LiveView(picture(*WHOLE), FOOTER, console=console) as view:
        view.refresh()
    assert "06:45  sun 320 W" in file.getvalue()
    assert "roof_north" not in file.getvalue()


def test_elsewhere_it_says_a_line_now_and_then() -> None:
    file = io.StringIO()
    shown = picture(*WHOLE)
    with Loop() as loop, LiveView(shown, FOOTER, file=file, line_every=0.3) as view:
        view.drive(loop)
        shown.feed("oven", "state", orjson.dumps(oven(700.0)))
        loop.run(timeout=1.0)
        shown.feed("clock", "state", orjson.dumps({**CLOCK, "local_time": "2026-06-22 00:10:00"}))
    lines = file.getvalue().splitlines()
    assert lines[: len(FOOTER)] == list(FOOTER)
    assert lines[2] == "Sun 2026-06-21"
    assert [text.split()[0] for text in lines[3:]] == ["06:45", "06:45", "Mon", "00:10"]
    assert "oven 700" in lines[4]
    assert "\x1b" not in file.getvalue()


def test_an_ascii_file_gets_ascii() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    with LiveView(picture(*WHOLE), file=file) as view:
        view.refresh()
        file.flush()
    assert b"battery 54 % -410 W" in raw.getvalue()
