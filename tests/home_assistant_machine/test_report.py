from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from virtual_devices.home_assistant.machine import report
from virtual_devices.home_assistant.machine.found import WrittenDown, attribute, automations, problems, told
from virtual_devices.home_assistant.machine.in_step import Kept
from virtual_devices.record.store.happenings import COMMAND, Happening

START, END = 1000.0, 9000.0
LOG = """\
2026-06-21 07:05:00.833 ERROR (MainThread) [homeassistant.components.automation.wrong] Wrong: no such thing
2026-06-21 07:06:00.833 ERROR (MainThread) [homeassistant.components.automation.wrong] Wrong: no such thing
2026-06-21 07:07:00.833 WARNING (MainThread) [homeassistant.components.automation.slow] Already running
2026-06-21 07:08:00.833 ERROR (MainThread) [homeassistant.components.automation] Automation with alias 'x' could not be validated
  and a second line
"""
RESULT: dict[str, Any] = {
    "home": "flat", "start": "2026-06-21T06:50:00+02:00", "end": "2026-06-21T08:50:00+02:00", "soc": {"battery": 0.5},
    "loads": {"lamp": {"without_power_hours": 0.5, "unserved_kwh": 0.1}, "geyser": {"without_power_hours": 0.25, "unserved_kwh": 0.2}},
    "energy_kwh": {"grid_import": 1.0, "load_served": 2.0}, "cost": {"amount": 3.5, "currency": "ZAR"}, "audit": {"ok": True, "problems": []},
}  # fmt: skip


def line(kind: str, time: float, context: str = "", **data: Any) -> str:
    return json.dumps({"kind": kind, "time": time, "context": context, "data": data})


def call(time: float, context: str, action: str, **said: Any) -> str:
    domain, _, service = action.partition(".")
    return line("call_service", time, context, domain=domain, service=service, service_data=said)


def fired(time: float, context: str, entity: str = "automation.a") -> str:
    return line("automation_triggered", time, context, entity_id=entity, name="A", source="time")


def test_actions_belong_to_the_automation_that_they_have_the_context_of() -> None:
    found = told([fired(2000, "c"), call(2001, "c", "switch.turn_off", entity_id=["switch.x"]), call(2001, "d", "switch.turn_on")], START, END)
    assert [firing.calls for firing in found.firings["automation.a"]] == [["switch.turn_off switch.x"]]


def test_only_the_time_of_the_run_counts_and_what_cannot_be_read_is_passed_over() -> None:
    found = told([fired(999, "a"), fired(9001, "b"), '{"kind": "autom', "[]", line("started", 990)], START, END)
    assert found == WrittenDown(started=990.0)


def test_actions_that_are_cut_off_are_told_with_their_words() -> None:
    found = told([line("stands_in", 0, action="notify.phone"), call(2000, "c", "notify.phone", message="The geyser\nrests")], START, END)
    assert found.notices == [(2000.0, "notify.phone", "The geyser rests")]


DEVICES = {"switch.geyser": "geyser", "light.lamp": "lamp"}


@pytest.mark.parametrize(
    ("time", "device", "said", "mine"),
    [
        (2015, "geyser", {"entity_id": "switch.geyser"}, True),
        (2046, "geyser", {"entity_id": "switch.geyser"}, False),  # more than three steps later
        (1984, "geyser", {"entity_id": "switch.geyser"}, False),  # before it
        (2015, "lamp", {"entity_id": "switch.geyser"}, False),
        (2015, "lamp", {"area_id": "kitchen"}, True),  # names none of the home's
    ],
)
def test_a_command_belongs_to_the_call_that_names_its_device(time: int, device: str, said: dict[str, Any], *, mine: bool) -> None:
    found = told([fired(2000, "c"), call(2000, "c", "switch.turn_off", **said)], START, END)
    orphans = attribute(found, [Happening(time, device, COMMAND, {"changes": {"mode": "off"}, "by": "bus"})], DEVICES, 15)
    assert found.firings["automation.a"][0].commands == ([f"{device} mode=off"] if mine else [])
    assert len(orphans) == (0 if mine else 1)


def test_every_automation_is_told_with_what_the_log_says_of_it() -> None:
    states = [{"entity_id": f"automation.{name}", "state": state, "attributes": {"friendly_name": name}} for name, state in (("wrong", "on"), ("slow", "unavailable"))]
    found = {each.name: each for each in automations(states, told([fired(2000, "c", "automation.gone")], START, END), LOG)}
    assert found["wrong"].complaints == ["Wrong: no such thing"]
    assert (found["slow"].state, found["slow"].complaints) == ("unavailable", [])
    assert len(found["automation.gone"].firings) == 1
    assert problems(LOG) == ["Automation with alias 'x' could not be validated"]


def built(**more: Any) -> dict[str, Any]:
    found = told([fired(2000, "c"), call(2000, "c", "switch.turn_off", entity_id="switch.geyser")], START, END)
    states = [{"entity_id": "automation.a", "state": "on", "attributes": {"friendly_name": "A"}}]
    given: dict[str, Any] = {
        "result": RESULT, "without": RESULT, "automations": automations(states, found, ""), "told": found, "others": [], "kept": Kept(bound=17.0, looks=9),
        "cut": {"integrations": ["hue (Bridge)"], "yaml": []}, "problems": [], "failure": None, "written": report.written_in(ZoneInfo("UTC")),
    }  # fmt: skip
    return report.build(**{**given, **more})


def failed(found: dict[str, Any]) -> list[str]:
    return [name for name, why, _ in report.failures(found) if why is not None]


def test_nothing_fails_where_all_is_well() -> None:
    assert not failed(built())


@pytest.mark.parametrize(
    ("more", "case"),
    [
        ({"failure": "Home Assistant has ended"}, "the run comes to its end"),
        ({"problems": ["not validated"]}, "Home Assistant loads all automations"),
        ({"kept": Kept(bound=17.0, looks=9, beyond=1)}, "clocks are in step"),
        ({"without": {**RESULT, "loads": {}}}, "no darker than without automations"),
        ({"result": {**RESULT, "audit": {"ok": False, "problems": ["lost"]}}}, "the ledger balances"),
    ],
)
def test_what_fails_is_a_case_of_its_own(more: dict[str, Any], case: str) -> None:
    assert failed(built(**more)) == [case]


def test_an_automation_fails_by_its_errors_and_when_it_is_not_loaded() -> None:
    states = [{"entity_id": f"automation.{name}", "state": state, "attributes": {}} for name, state in (("wrong", "on"), ("dead", "unavailable"), ("idle", "off"))]
    assert failed(built(automations=automations(states, WrittenDown(), LOG))) == ["automation automation.dead", "automation automation.wrong"]


def test_the_check_is_read_by_machines() -> None:
    found = ET.fromstring(report.junit(built(failure="it died\nhere"), 61.0))  # noqa: S314 - our own
    suite = found[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("time")) == ("5", "1", "61.0")
    failure = suite[0].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("it died", "it died\nhere")
    assert suite[1].findtext("system-out") == "1970-01-01 00:33:20, time, did switch.turn_off switch.geyser"


def test_people_read_it_without_a_home_too() -> None:
    text = "\n".join(report.words(built(result=None, without=None, failure="Home Assistant does not run")))
    assert "It ended before its time: Home Assistant does not run" in text
    assert "A (automation.a, on): fired once" in text


def test_people_see_both_days_beside_each_other() -> None:
    lines = report.words(built(without={**RESULT, "soc": {"battery": 0.25}}))
    assert [line.split() for line in lines if "holds" in line] == [["battery", "holds,", "%", "50.0", "25.0"]]
    assert any("hue (Bridge)" in line for line in lines)
