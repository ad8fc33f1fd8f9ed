"""examples/every_feature.yaml: everything happens in a day of it, and the joules are the same wherever and however it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from inverter.explaining import Verdict
from inverter.hybrid import HybridState
from tests.scenarios.running import BROKERS, EXAMPLES, assert_same, command, members_of
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House

HOME = EXAMPLES / "every_feature.yaml"
HOURS = 26
"""Two mornings with an outage, the evening of the calendar's, every program, midnight, and the Thursday on which batteries age."""
STEP, WATT = 60, 60_000
"""Seconds, and millijoules of a watt in so many."""


@dataclass
class Ran:
    digest: str
    problems: list[str]
    checked: int
    windows: int
    members: dict[str, dict[str, Any]]


@dataclass
class Minute:
    """What one step came to. flows: mJ by edge.  state: the inverter's.  readings: by device."""

    clock: str
    flows: dict[tuple[str, str], int]
    state: HybridState
    readings: dict[str, dict[str, Any]]

    def watts(self, source: str, sink: str) -> float:
        return self.flows.get((source, sink), 0) / WATT

    @property
    def charge(self) -> float:
        return self.watts("dc_bus", "battery")

    @property
    def discharge(self) -> float:
        return self.watts("battery", "dc_bus")

    @property
    def imported(self) -> float:
        return self.watts("grid", "meter")

    @property
    def exported(self) -> float:
        return self.watts("meter", "grid")

    @property
    def sun(self) -> float:
        return self.watts("sun", "roof_north") + self.watts("sun", "carport")

    @property
    def served(self) -> float:
        """W of all loads."""
        return sum(energy for (_, sink), energy in self.flows.items() if sink == "heat") / WATT

    @property
    def ports(self) -> float:
        """W that the inverter gives to the LOAD and the AUX port."""
        return self.watts("inverter", "essential") + self.watts("inverter", "aux")

    @property
    def volts(self) -> float:
        return float(self.readings["battery"]["voltage"])

    def decided(self, verdict: Verdict) -> bool:
        return self.state.decision == verdict


def run(max_steps: int, *, compiled: bool = False, look: Callable[[House, LedgerRecord], None] | None = None) -> Ran:
    house, auditor = House(*read_home(HOME), max_steps=max_steps), Auditor()
    assert house.home.step == STEP
    if compiled:
        house.compile()
    house.listeners.append(auditor.check)
    while house.time < house.home.start + HOURS * 3600:
        record = house.step(house.home.start // STEP + HOURS * 60 - house.time // STEP)
        if look is not None:
            look(house, record)
    members = members_of(house)
    return Ran(house.settler.digest, auditor.problems, auditor.checked_steps, house.seq, members)


@pytest.fixture(scope="module")
def longest() -> Ran:
    return run(1440)


@pytest.fixture(scope="module")
def shortest() -> tuple[Ran, list[Minute]]:
    """In windows of one step, and a look at each."""
    minutes: list[Minute] = []

    def look(house: House, record: LedgerRecord) -> None:
        begin = house.home.site.calendar.local(record.span.start)
        flows = {edge: column[0] for edge, column in zip(record.edges, record.energy, strict=True)}
        readings = {name: house.members[name].readings() for name in ("battery", "grid", "roof_north", "carport")}
        minutes.append(Minute(f"{begin:%d %H:%M}", flows, house.settler.state, readings))

    return run(1, look=look), minutes


@pytest.fixture(scope="module")
def minutes(shortest: tuple[Ran, list[Minute]]) -> list[Minute]:
    return shortest[1]


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return command(tmp_path_factory.mktemp("simulate"), "simulate", str(HOME), "--for", f"{HOURS}h")


# -- one ledger --------------------------------------------------------------------------------------------------------


def assert_equal(ran: Ran, longest: Ran) -> None:
    assert ran.problems == longest.problems == []
    assert ran.checked == longest.checked == HOURS * 60
    assert ran.digest == longest.digest
    assert ran.members == longest.members  # states, counters, bills, day totals: all of it


def test_minute_by_minute_it_is_the_same(shortest: tuple[Ran, list[Minute]], longest: Ran) -> None:
    assert shortest[0].windows == HOURS * 60
    assert_equal(shortest[0], longest)


@pytest.mark.parametrize("max_steps", [7, 60, 600])
def test_the_digest_does_not_depend_on_the_windows(longest: Ran, max_steps: int) -> None:
    assert_equal(run(max_steps), longest)


def test_compiled_it_is_the_same(longest: Ran) -> None:
    assert_equal(run(1440, compiled=True), longest)


def hosted(folder: Path, duration: str, *more: str) -> dict[str, Any]:
    return command(folder, "up", str(HOME), "--for", duration, "--speed", "max", *more)


@pytest.mark.parametrize("broker", BROKERS)
def test_over_a_broker_it_is_the_same(tmp_path: Path, in_process: dict[str, Any], longest: Ran, broker: str) -> None:
    assert in_process["ledger_sha256"] == longest.digest
    assert_same(in_process, hosted(tmp_path, f"{HOURS}h", "--broker-kind", broker))


@pytest.mark.heavy
def test_with_a_process_per_device_it_is_the_same(tmp_path: Path, in_process: dict[str, Any]) -> None:
    assert_same(in_process, hosted(tmp_path, f"{HOURS}h", "--isolate"))


@pytest.mark.heavy
@pytest.mark.parametrize("first", ["7h17min", "13h42min", "20h"])  # an open breaker, a tripped inverter, frost
def test_stopped_and_resumed_it_is_the_same(tmp_path: Path, in_process: dict[str, Any], first: str) -> None:
    before = hosted(tmp_path, first)
    after = hosted(tmp_path, f"{HOURS * 60 - before['steps']}min")
    assert after["start"] == before["end"]
    assert after["end"] == in_process["end"]
    assert after["ledger_sha256"] == in_process["ledger_sha256"]


# -- everything happens ------------------------------------------------------------------------------------------------

FEATURES: dict[str, Callable[[Minute], bool]] = {
    "the grid charges the battery": lambda m: m.decided(Verdict.GRID_CHARGE) and m.watts("inverter", "dc_bus") > 1000 and m.charge > 1000,
    "at no more than the current that is set": lambda m: (
        m.decided(Verdict.GRID_CHARGE) and m.sun == 0 and abs(m.charge / m.volts - 25) < 0.2
    ),
    "until the frost": lambda m: (
        m.state.program == 1 and m.readings["battery"]["temperature"] < 0 and m.state.soc < 790_000 and m.charge == 0 and m.imported > 0
    ),
    "the battery is held at its target": lambda m: m.decided(Verdict.HOLD),
    "the battery is sold at night, with the program's power": lambda m: (
        m.decided(Verdict.SELL) and m.sun == 0 and m.exported > 1500 and m.discharge == 2500
    ),
    "surplus sun is sold": lambda m: m.exported > 1000 and m.discharge == 0 and m.sun > 1000,
    "the battery rests while the grid serves": lambda m: m.decided(Verdict.REST) and m.discharge == 0 and m.imported > 300 and m.state.soc > 500_000,
    "scarce sun goes to a battery that rests": lambda m: m.decided(Verdict.REST) and 0 < m.sun < m.served and m.charge > 0 and m.imported > m.served - 50,
    "zero export keeps importing a little, and what solar export draws": (
        lambda m: m.decided(Verdict.SERVE) and m.imported == 30 + 40 and m.discharge > 0
    ),
    "the peak is shaved": lambda m: m.decided(Verdict.PEAK_SHAVING) and m.imported == 4500 and m.discharge > 0 and m.served > 4500,
    "the strings are clipped": lambda m: m.readings["roof_north"]["clipped_power"] > 0 and m.readings["carport"]["clipped_power"] == 0,
    "sun is left over": lambda m: m.readings["roof_north"]["power"] < m.readings["roof_north"]["available_power"],
    "two packs give more than one": lambda m: m.discharge > 3500,
    "the inverter off passes the grid through": lambda m: m.decided(Verdict.OFF) and m.watts("meter", "essential") > 3000 and m.ports == 0,
    "the breaker opens": lambda m: (
        m.state.supplying.breaker_until > 0 and m.readings["grid"]["connected"] and m.served == 0 and not m.state.supplying.connected
    ),
    "an overload is borne": lambda m: m.decided(Verdict.ISLAND) and m.ports > 6000,
    "then the inverter trips": lambda m: m.decided(Verdict.TRIPPED) and m.ports == 0 and m.clock.startswith("16 18:"),
    "the least important is shed": lambda m: (
        m.decided(Verdict.ISLAND) and "bread_oven" in m.state.supplying.shed and m.watts("essential", "oven") > 1000
    ),
    "the grid is away every morning": lambda m: m.clock == "17 05:30" and not m.readings["grid"]["connected"] and m.imported == 0,
    "the grid is away by the calendar": lambda m: m.readings["grid"]["stage"] == 4 and m.imported == 0 and m.watts("inverter", "essential") > 500,
    "non-essential loads are dark then": lambda m: m.clock == "16 20:00" and m.watts("non_essential", "garden_lights") == 0 and "garden_lights" in m.state.shed,
    "it stays islanded for a while when the grid is back": lambda m: (
        m.decided(Verdict.RECONNECTING) and m.readings["grid"]["connected"] and m.imported == m.watts("non_essential", "garden_lights")
    ),
    "the geyser heats on the AUX port": lambda m: m.state.supplying.aux and m.watts("aux", "geyser") > 2900,
    "the evening sags": lambda m: 190 < m.readings["grid"]["voltage"] < 0.93 * 230,
    "and what is sold lifts the voltage": lambda m: m.exported > 1500 and m.readings["grid"]["voltage"] > 1.03 * 230,
    "a holiday's morning costs what a Sunday's does": lambda m: m.clock == "16 08:00" and abs(m.readings["grid"]["price_now"] - 2.10 * 1.15) < 1e-9,
    "a working day's does not": lambda m: m.clock == "17 06:30" and abs(m.readings["grid"]["price_now"] - 6.40 * 1.15) < 1e-9,
    "the evening peak pays": lambda m: m.exported > 1500 and m.readings["grid"]["feed_in_price_now"] == 2.30,
    "midnight brings the day's charge": lambda m: m.clock == "17 00:00" and abs(m.readings["grid"]["fixed_cost"] - 5.10 * 1.15) < 1e-9,
}  # fmt: skip


@pytest.mark.parametrize("name", FEATURES)
def test_it_happens(minutes: list[Minute], name: str) -> None:
    assert any(FEATURES[name](minute) for minute in minutes)


def test_the_aux_port_switches_on_and_off_by_the_state_of_charge(minutes: list[Minute]) -> None:
    turns = {
        (after.state.supplying.aux, before.state.soc)
        for before, after in pairwise(minutes)
        if before.state.supplying.aux != after.state.supplying.aux and after.state.supplying.tied and before.state.supplying.tied
    }
    assert any(on and soc >= 900_000 for on, soc in turns)
    assert any(not on and soc < 750_000 for on, soc in turns)


def test_every_program_holds_in_its_time(minutes: list[Minute]) -> None:
    assert {minute.state.program for minute in minutes} == set(range(7))  # 0 while the inverter is off


def test_every_load_draws(minutes: list[Minute]) -> None:
    loads = {source for _, source in minutes[0].flows if (source, "heat") in minutes[0].flows}
    assert len(loads) == 9
    assert not [name for name in loads if not any(minute.watts(name, "heat") > 0 for minute in minutes)]


def test_the_battery_ages_on_thursday_and_tells_its_voltage(minutes: list[Minute]) -> None:
    health = {minute.clock: minute.readings["battery"]["state_of_health"] for minute in minutes}
    assert health["16 05:00"] == health["17 01:59"] == 97
    assert 96.9 < health["17 02:00"] < 97
    volts = [minute.volts for minute in minutes]
    assert 46 < min(volts) < 53 < max(volts) < 58
    assert {round(minute.readings["battery"]["current"] * minute.volts - minute.discharge + minute.charge, 6) for minute in minutes} == {0}
