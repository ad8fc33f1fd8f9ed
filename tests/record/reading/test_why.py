"""What was at a moment: who set what, where revisions and commands tell it, and where nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.answers.outage_homes import CONSTANT
from tests.record.recorded import settled, write
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice
from virtual_devices.record.reading import why_words
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.reading.settings_then import SettingThen, settings_then
from virtual_devices.record.reading.why import why
from virtual_devices.record.store.happenings import COMMAND, DECISION, GRID_BACK, OUTAGE, Happening
from virtual_devices.record.store.writer import RecordWriter

HOME = parse(CONSTANT.replace("12:00-18:00", "00:00-06:00"))
START, HOUR = HOME.start, 3600
KEPT: dict[str, Any] = {"zone": "Africa/Johannesburg", "step": 60}


def wanted(number: int, by: str, **settings: Any) -> Revision:
    return Revision(number, 1_700_000_000.0 + number, by, Wanted({"grid": WantedDevice(Declaration("grid", settings))}))


def command(time: int, by: str, **changes: Any) -> Happening:
    return Happening(time, "grid", COMMAND, {"changes": changes, "by": by})


def at(time: int) -> Callable[[Times], int]:
    return lambda _: time


def grid(found: Any) -> dict[str, SettingThen]:
    return {each.setting: each for each in found.chosen["grid"]}


def test_the_last_command_holds() -> None:
    found = grid(settings_then([wanted(1, "home file", price=2.0, export_limit=0)], [command(10, "anna", price=3.0), command(20, "bus", price=4.0)]))
    assert (found["price"].value, found["price"].by, found["price"].time, found["price"].unit) == (4.0, "bus", 20, "/kWh")
    assert (found["export_limit"].value, found["export_limit"].by, found["export_limit"].time) == (0, "home file", None)


def test_declarations_that_differ_are_both_told() -> None:
    found = grid(settings_then([wanted(1, "home file", price=2.0), wanted(2, "anna", price=5.0), wanted(3, "ben", price=5.0, export_limit=0)], []))
    assert (found["price"].value, found["price"].by, found["price"].revision, found["price"].others) == (5.0, "anna", 2, (2.0,))
    assert found["export_limit"].others == (5000.0,)  # before it was declared it was at its default
    assert why_words.value_words(found["price"]) == "5 /kWh or 2 /kWh"


def test_a_command_may_have_been_overruled_by_a_later_declaration() -> None:
    found = grid(settings_then([wanted(1, "home file", price=2.0), wanted(2, "anna", price=5.0)], [command(10, "bus", price=2.0)]))
    assert (found["price"].value, found["price"].by, found["price"].others) == (2.0, "bus", (5.0,))


def test_without_declarations_only_commands_are_known() -> None:
    found = settings_then([], [command(10, "anna", price=3.0), Happening(11, "grid", COMMAND, {"more": 7})])
    assert not found.declared
    assert found.unheard == 7
    assert found.complete("grid") is None
    assert [(each.setting, each.value) for each in found.chosen["grid"]] == [("price", 3.0)]


def test_what_is_no_setting_is_left_out_and_a_kind_that_is_not_installed_harms_nobody() -> None:
    revisions = [Revision(1, 0.0, "x", Wanted({"thing": WantedDevice(Declaration("no_such_kind", {"size": 1})), "grid": WantedDevice(Declaration("grid"))}))]
    found = settings_then(revisions, [command(1, "bus", nonsense=1, **{"…": "and 3 more"})])
    assert "grid" not in found.chosen
    assert found.chosen["thing"][0].value == 1
    assert found.complete("thing") is None
    assert found.value("grid", "currency") == "ZAR"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = write(tmp_path / "constant.sqlite", settled(HOME, 8 * HOUR), "constant", **KEPT)
    writer = RecordWriter(path, "constant", "house", KEPT)
    writer.want([Revision(1, 1_700_000_000.0, "home file", Wanted({"inverter": WantedDevice(Declaration("inverter", {"battery_shutdown_capacity": 15}))}))])
    for happening in (
        Happening(START, "grid", OUTAGE, {}), Happening(START + HOUR - 60, "inverter", DECISION, {"decision": "island", "limit": "nothing", "program": 0}),
        Happening(START + 6 * HOUR, "grid", GRID_BACK, {}), Happening(START + 7 * HOUR - 60, "inverter", DECISION, {"decision": "self use"}),
        Happening(START + HOUR, "inverter", COMMAND, {"changes": {"battery_shutdown_capacity": 5}, "by": "anna"}),
    ):  # fmt: skip
        writer.happened(happening)
    writer.write()
    writer.close()
    return path


def test_a_decision_is_told_with_the_settings_of_its_time(record: Path) -> None:
    first, later = (why(record, at(time)) for time in (START + HOUR - 60, START + 2 * HOUR))
    assert first.decision is not None
    assert later.decision is not None
    assert first.decision.text == "The grid is away: sun and battery serve the LOAD port, down to 15 %."
    assert later.decision.text == "The grid is away: sun and battery serve the LOAD port, down to 5 %."
    assert first.dark
    assert later.dark
    assert any("anna, 2026-07-01 01:00:00" in row[2] for row in why_words.setting_rows(later))


def test_what_is_told_of_the_end_of_a_window_is_said_to_be(record: Path) -> None:
    found = why(record, lambda _: START + 6 * HOUR + 120)
    assert found.window is not None
    assert found.window[1:] == (START + 6 * HOUR, START + 7 * HOUR)
    assert found.decision is not None
    assert found.decision.later is not None
    assert (found.decision.decision, found.decision.later.decision) == ("island", "self use")
    assert "In which step it changed is not recorded." in why_words.decision_words(found)
    assert not found.dark
    assert found.decision.later.limit is None
    assert found.decision.later.program is None


def test_before_the_first_decision_the_next_is_told(record: Path) -> None:
    found = why(record, lambda _: START)
    assert found.decision is not None
    assert found.decision.since == START + HOUR - 60
    assert "first" in why_words.decision_words(found)[0]


def test_windows_that_are_not_kept_whole_leave_the_quarter_hour(record: Path) -> None:
    writer = RecordWriter(record, "constant", "house", KEPT)
    writer._connection.execute("UPDATE ledger SET lines = NULL WHERE end <= ?", (START + 3 * HOUR,))
    writer.close()
    found = why(record, lambda _: START + 1000)
    assert found.window is None
    assert found.flows is not None
    assert (found.flows.start, found.flows.end, found.flows.seconds) == (START + 900, START + 1800, 900)
    assert found.flows.watts(found.flows.totals["battery_discharge"]) == 1250
    assert found.flows.stored["battery"] == 9_000_000_000 - 1_250_000 * 1800  # 2.5 kWh, less half an hour of 1.25 kW, in mJ
    assert "not kept any more" in why_words.flow_words(found)[0]


def test_what_no_bill_says_is_not_made_up(record: Path) -> None:
    found = why(record, lambda _: START)
    assert found.cost is None  # this record has no readings
    assert why_words.cost_words(found) == ["What this quarter-hour cost is not recorded."]


def test_a_moment_in_words() -> None:
    times = Times("Africa/Johannesburg", START, START + HOUR)
    assert times.moment("2026-07-01 00:07:30") == START + 450
    for text in ("2026-07-01 01:00", "2026-06-30 23:59", "soon"):
        with pytest.raises(ConfigurationError):
            times.moment(text)
