"""A home with circuits three deep: timers, power-on, a breaker that trips at dinner, rewiring, shedding, outages, a night of 23 hours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.running import BROKERS, EXAMPLES, assert_same, command, members_of
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House

HOME = (EXAMPLES / "switched.yaml").read_text(encoding="utf-8")
DAYS = 3
EVENTS = """
events:
  - {at: 2026-03-28 10:00, device: geyser, set: {rated_power: 3 kW}}            # more than its plug may carry
  - {at: 2026-03-28 14:00, device: geyser, set: {rated_power: 2 kW}}
  - {at: 2026-03-28 14:30, device: boiler, set: {reset: true}}
  - {at: 2026-03-28 20:15, device: tv_plug, set: {circuit: essential}}          # in an outage, past the lounge's breaker
  - {at: 2026-03-29 10:00, device: tv_plug, set: {countdown: 45 min}}
  - {at: 2026-03-29 11:30, device: desk, set: {relay: on}}
  - {at: 2026-03-29 11:30, device: tv_plug, set: {circuit: strip}}
  - {at: 2026-03-29 12:10, device: strip, set: {circuit: kitchen}}
"""


@dataclass
class Ran:
    digest: str
    windows: int
    members: dict[str, dict[str, Any]]
    relays: dict[str, list[tuple[int, bool]]]
    """When each circuit was seen to turn, and how it stood from then on."""
    unserved: int


def run(max_steps: int) -> Ran:
    home = parse(HOME + EVENTS)
    house = House(home, max_steps=max_steps)
    auditor, unserved = Auditor(), 0
    relays: dict[str, list[tuple[int, bool]]] = defaultdict(list)

    def look(record: LedgerRecord) -> None:
        nonlocal unserved
        auditor.check(record)
        columns = dict(zip(record.edges, record.energy, strict=True))
        unserved += sum(map(sum, record.demand.values())) - sum(sum(columns[name, "heat"]) for name in record.demand)
        for name, member in house.members.items():
            if member.device.ability == "carries":
                taken = [column for (_, sink), column in columns.items() if sink == name]
                given = [column for (source, _), column in columns.items() if source == name]
                assert len(taken) == 1
                assert taken[0] == [sum(parts) for parts in zip(*given, strict=True)] or not given
                if not relays[name] or relays[name][-1][1] != member.state.closed:
                    relays[name].append((record.span.end, member.state.closed))

    house.listeners.append(look)
    house.advance(home.start + DAYS * 86_400)
    assert auditor.problems == []
    assert auditor.checked_steps == DAYS * 1440
    members = members_of(house)
    return Ran(house.settler.digest, house.seq, members, relays, unserved)


@pytest.fixture(scope="module")
def longest() -> Ran:
    return run(1440)


@pytest.mark.parametrize("max_steps", [1, 7, 60])
def test_the_digest_does_not_depend_on_the_windows(longest: Ran, max_steps: int) -> None:
    ran = run(max_steps)
    assert ran.digest == longest.digest
    assert ran.members == longest.members
    assert ran.unserved == longest.unserved


def test_what_was_to_happen_happens(longest: Ran) -> None:
    home = parse(HOME + EVENTS)
    local = home.site.calendar

    def opened(name: str) -> list[str]:
        return [f"{local.local(time):%a %H:%M}" for time, closed in longest.relays[name] if not closed]

    assert longest.windows < 110
    # 5 kW are 2.17 × its 10 A: 0.011 of the heat per second, so that the second minute fills it
    assert opened("kitchen") == ["Fri 17:52", "Sat 17:52", "Sun 17:52"], "dinner trips it"
    assert longest.members["kitchen"]["state"]["closed"], "somebody has closed it 40 minutes later"
    assert len(opened("boiler")) >= 3
    assert longest.members["desk"]["state"]["tripped"]


def test_the_books_agree_on_what_was_unserved(longest: Ran) -> None:
    """The ledger's, the inverter's total, and those of the loads."""
    totals = longest.members["inverter"]["state"]["totals"]
    loads = sum(member["counters"].get("unserved_energy", 0) for member in longest.members.values() if "counters" in member)
    assert totals["unserved"] == longest.unserved == loads > 0


def test_meters_say_what_their_edges_carry(longest: Ran) -> None:
    counters = {name: member["counters"]["energy"] for name, member in longest.members.items() if member.get("counters", {}).get("energy")}
    assert counters["kitchen"] > counters["oven"] + counters["kettle"], "from noon of the last day the strip hangs on it"
    assert counters["boiler"] == counters["geyser"]
    assert counters["garden"] == counters["garden_lights"]


@pytest.fixture
def home(tmp_path: Path) -> str:
    file = tmp_path / "switched.yaml"
    file.write_text(HOME + EVENTS, encoding="utf-8")
    return str(file)


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What it comes to in one process without a broker."""
    folder = tmp_path_factory.mktemp("simulated")
    (folder / "switched.yaml").write_text(HOME + EVENTS, encoding="utf-8")
    return command(folder, "simulate", str(folder / "switched.yaml"), "--for", "3d")


@pytest.mark.parametrize("broker", BROKERS)
def test_one_process_over_a_broker_keeps_the_ledger(tmp_path: Path, home: str, three_days: dict[str, Any], broker: str) -> None:
    assert_same(three_days, command(tmp_path, "up", home, "--for", "3d", "--speed", "max", "--broker-kind", broker))


def test_a_process_per_device_keeps_the_ledger_too(tmp_path: Path, home: str) -> None:
    house = command(tmp_path, "simulate", home, "--for", "1d")
    assert_same(house, command(tmp_path, "up", home, "--for", "1d", "--speed", "max", "--isolate"))


def test_a_home_that_was_stopped_goes_on(tmp_path: Path, home: str) -> None:
    command(tmp_path, "up", home, "--for", "31h", "--speed", "max")  # in the outage of the second evening
    second = command(tmp_path, "up", home, "--for", "30h", "--speed", "max")
    assert second["audit"]["ok"]
    assert second["ledger_sha256"] == command(tmp_path, "simulate", home, "--for", "61h")["ledger_sha256"]


def test_a_month_with_four_timers_a_day_takes_few_windows() -> None:
    text = (EXAMPLES / "cape_town.yaml").read_text(encoding="utf-8")
    plug = '  plug: {kind: smart_switch, timer_1: "06:00 on", timer_2: "08:00 off", timer_3: "17:00 on", timer_4: "22:30 off"}\n'
    house = House(parse(text.replace("  tv: {", f"{plug}  tv: {{circuit: plug, ")))
    house.advance(house.time + 30 * 86_400)
    assert house.members["tv"].readings()["energy"] > 0
    assert house.seq <= 200
