"""A device made anew from changed files goes on from where it is, from the next window on that is not proposed yet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kit.members.members import SITE, START, member, window
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.members.waiting import AppliedCommand
from virtual_devices.kit.offers import Demand
from virtual_devices.kit.site import Context
from virtual_devices.kit.window import Span

HOME = """\
home: plain
site: {latitude: -26.2, longitude: 28.04, time_zone: Africa/Johannesburg}
clock: {start: 2026-07-01, step: 60 s}
devices:
  grid: {outage_calendar: off.ics}
  house: {kind: base_load, file: load.csv}
  geyser: {}
"""
EMPTY = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{}END:VCALENDAR\n"
OFF = EMPTY.format("BEGIN:VEVENT\nUID:a\nDTSTART:20260701T060000\nDTEND:20260701T070000\nRRULE:FREQ=DAILY\nEND:VEVENT\n")
OLD = {"off.ics": EMPTY.format(""), "load.csv": "2026-01-01T00:00:00,100\n2026-01-01T01:00:00,200\n"}
NEW = {"off.ics": OFF, "load.csv": "2026-01-01T00:00:00,300\n2026-01-01T01:00:00,50\n2026-01-01T02:00:00,70\n"}


def renew(house: House) -> None:
    for name, setting in (("grid", "outage_calendar"), ("house", "file")):
        one = house.members[name]
        device = type(one.device)(Context(name, house.home.site, NEW))
        one.renew(device, {setting: getattr(one.settings, setting)})


def run(max_steps: int, *, renewed: bool) -> tuple[Summary, House, list[LedgerRecord]]:
    home = parse(HOME)
    house, summary, records = House(home, OLD, max_steps=max_steps), Summary(home.name), list[LedgerRecord]()
    house.listeners += [summary.add, records.append]
    house.advance(home.start + 300 * 60)
    if renewed:
        renew(house)
    house.advance(home.start + 600 * 60)
    return summary, house, records


def test_what_is_new_holds_from_the_next_window_on_however_time_is_cut() -> None:
    runs = [run(most, renewed=True) for most in (1, 7, 60, 1440)]
    assert len({summary.digest for summary, _, _ in runs}) == 1
    summary, house, records = runs[0]
    assert summary.auditor.ok
    demand = [record.demand["house"][0] for record in records]
    assert demand[:300] == [(100 if minute // 60 % 2 == 0 else 200) * 60_000 for minute in range(300)]
    new = (300, 50, 70)
    assert demand[300:] == [new[(minute // 60 + 181 * 24) % 3] * 60_000 for minute in range(300, 600)]  # 1 July is day 181
    imported = [sum(column[0] for (source, _), column in zip(record.edges, record.energy, strict=True) if source == "grid") for record in records]
    assert [minute for minute, energy in enumerate(imported) if energy == 0] == list(range(360, 420))
    start = house.home.start + 300 * 60
    assert house.members["grid"].take_applied() == [AppliedCommand({"outage_calendar": "off.ics"}, start, "file")]
    assert house.members["house"].take_applied() == [AppliedCommand({"file": "load.csv"}, start, "file")]


def test_without_a_change_nothing_changes() -> None:
    assert run(60, renewed=False)[0].digest == run(1440, renewed=False)[0].digest != run(60, renewed=True)[0].digest


def test_state_settings_counters_and_waiting_commands_stay() -> None:
    one = member("geyser")
    one.command({"setpoint": 55}, START + 3600)
    one.propose(window(), {})
    one.commit(Share(1, Span(START, 60, 30), supply=((30, True),)))
    before = one.checkpoint()
    one.renew(catalogue.load("geyser")(Context("geyser", SITE)), {})
    one.begin(Span(START + 1800, 60, 1))
    assert one.checkpoint() == before
    assert before["counters"]["energy"] > 0


def test_what_is_proposed_is_committed_as_it_was_proposed() -> None:
    device = catalogue.load("base_load")
    one = member("base_load", declared={"variation": 0})
    proposal = one.propose(window(), {})
    other = Context("base_load", SITE, {})
    one.renew(device(other), {})
    assert isinstance(proposal.offer, Demand)
    one.commit(Share(1, Span(START, 60, 30), supply=((30, True),)))
    assert one.counters["energy"] == 60 * sum(proposal.offer.power)


@pytest.mark.parametrize("steps", [1, 30])
def test_conditions_come_from_the_new_device(steps: int) -> None:
    one = member("sun")
    first = one.conditions(window(steps=30), {})
    elsewhere: Any = catalogue.load("sun")(Context("sun", type(SITE)(10.0, 18.42, 25, SITE.zone, 3)))
    one.renew(elsewhere, {"file": "other"})
    again = one.conditions(window(2, START + 1800, steps), {})
    told = len(again["ghi_clear"])  # a short window's go on behind it
    assert told >= steps
    assert again == elsewhere.conditions(one.settings, Span(START + 1800, 60, told), {})
    assert again["solar_zenith"] != first["solar_zenith"][:steps]
