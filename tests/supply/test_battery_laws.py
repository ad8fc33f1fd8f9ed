"""Laws of a battery that ages in the cold and leaks: in its limits, in its books, and the same however time is cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.members.members import member
from tests.laws import examples
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.proposal import ProposalMessage, proposal_bytes
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.quantities import MJ_PER_KWH as KWH
from virtual_devices.kit.store import advance, charge_limit, discharge_limit
from virtual_devices.kit.window import Span, Window

DAY = 86_400
BEFORE_A_WEEK = 20_628 * DAY
"""2026-06-24, a Wednesday: some drawn lives see the turn of a week."""
STEPS = st.sampled_from([60, 420, 1700, 3600])


@st.composite
def batteries(draw: st.DrawFn) -> dict[str, Any]:
    """What an owner may declare: small, so that a few steps fill or age it."""
    return {
        "capacity": draw(st.sampled_from([0.1, 2, 12])),
        "packs": draw(st.integers(1, 3)),
        "charge_limit": draw(st.sampled_from([0, 500, 20_000])),
        "discharge_limit": draw(st.sampled_from([500, 20_000])),
        "max_charge_rate": draw(st.sampled_from([0.3, 1, 10])),
        "taper_start": draw(st.sampled_from([0, 95, 100])),
        "self_discharge": draw(st.sampled_from([0, 2.5, 50])),
        "weather": draw(st.sampled_from([None, "weather"])),
        "temp_offset": draw(st.sampled_from([0, 2.5])),
        "cycle_life": draw(st.sampled_from([0, 1, 20, 6000])),
        "calendar_ageing": draw(st.sampled_from([0, 20])),
        "start_soc": draw(st.sampled_from([0, 50, 100])),
    }


@st.composite
def lives(draw: st.DrawFn) -> tuple[dict[str, Any], Span, list[float], list[int]]:
    """A battery, some days, the part of its limit that goes in (negative: out) in each step, and m°C of the air then."""
    step = draw(STEPS)
    span = Span(BEFORE_A_WEEK + draw(st.integers(0, DAY)), step, draw(st.integers(1, 150)))
    noise = draw(st.randoms(use_true_random=False))
    wishes = [noise.choice([0, 1, -1, 0.3, 1]) for _ in range(span.steps)]
    return draw(batteries()), span, wishes, [noise.randint(-9000, 6000) for _ in range(span.steps)]


@dataclass
class Played:
    """A life. into, out: mW per step.  stored, capacity: mJ after and in each step.  reset: mJ."""

    into: list[int] = field(default_factory=list)
    out: list[int] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    capacity: list[int] = field(default_factory=list)
    reset: int = 0
    end: dict[str, Any] = field(default_factory=dict)
    readings: dict[str, Any] = field(default_factory=dict)


def play(
    declared: dict[str, Any], span: Span, wishes: list[float], air: list[int], cuts: list[int], deaths: int = 0
) -> Played:
    """Live in windows that end at ``cuts``; in those whose bit is set in ``deaths`` it begins anew from its proposal."""
    one, life, done, seq = member("battery", declared=declared), Played(), 0, 0
    while done < span.steps:
        seq += 1
        asked = min(cut for cut in [*cuts, span.steps] if cut > done) - done
        inputs = {"weather": {"temp_air": air[done : done + asked]}} if declared["weather"] else {}
        proposal = one.propose(Window("run", seq, span.part(done, asked), (), seq - 1), inputs)
        if deaths >> seq & 1:
            heard = read(ProposalMessage, proposal_bytes(proposal)).to_kit("battery")
            assert heard.offer == proposal.offer
            one = member("battery", declared=declared)
            one.resume(heard)
        rule, stored = proposal.offer.rule, proposal.offer.stored - proposal.offer.reset
        for wish in wishes[done : done + proposal.span.steps]:
            life.into.append(int(charge_limit(rule.flat, stored, span.step) * max(wish, 0)))
            life.out.append(int(discharge_limit(rule.flat, stored, 0, span.step) * max(-wish, 0)))
            stored = advance(rule.flat, stored, life.into[-1], life.out[-1], span.step)
            life.stored.append(stored)
            life.capacity.append(rule.capacity)
        one.commit(Share(seq, proposal.span, charge=life.into[done:], discharge=life.out[done:], stored=stored))
        life.reset += proposal.offer.reset
        done += proposal.span.steps
    life.end = {**one.checkpoint(), "after": None}  # that counts windows
    life.readings = one.readings()
    return life


@given(lives(), st.lists(st.integers(1, 150), max_size=6))
@examples(max_examples=150, deadline=None)
def test_no_limit_is_passed_and_no_joule_lost(
    drawn: tuple[dict[str, Any], Span, list[float], list[int]], cuts: list[int]
) -> None:
    declared, span, wishes, air = drawn
    life = play(declared, span, wishes, air, cuts)
    new = declared["packs"] * round(declared["capacity"] * KWH)
    rate = declared["max_charge_rate"] * new / 3600
    for power, limit in ((life.into, declared["charge_limit"]), (life.out, declared["discharge_limit"])):
        assert max(power) <= declared["packs"] * limit * 1000
    assert max(life.into) <= rate + 1
    assert all(0 <= stored <= capacity <= new for stored, capacity in zip(life.stored, life.capacity, strict=True))
    assert life.capacity == sorted(life.capacity, reverse=True)
    hours = [time // 3600 for time in span.times]
    for into, hour in zip(life.into, hours, strict=True):
        if declared["weather"] and air[hours.index(hour)] + declared["temp_offset"] * 1000 < 0:
            assert into == 0
    begin = round(new * declared["start_soc"] / 100)
    counters = life.end["counters"]
    charged, discharged = sum(life.into) * span.step, sum(life.out) * span.step
    assert (counters["charge_energy"], counters["discharge_energy"]) == (charged, discharged)
    assert counters["loss_energy"] >= 0
    assert life.stored[-1] == begin + charged - discharged - counters["loss_energy"] - life.reset
    cycles = (charged + discharged) / (2 * new)
    assert life.readings["equivalent_full_cycles"] == pytest.approx(cycles, abs=1e-8)


@given(lives(), st.lists(st.integers(1, 150), max_size=12), st.integers(0, 2**20))
@examples(max_examples=150, deadline=None)
def test_neither_cuts_nor_deaths_change_a_millijoule(
    drawn: tuple[dict[str, Any], Span, list[float], list[int]], cuts: list[int], deaths: int
) -> None:
    declared, span, wishes, air = drawn
    longest = play(declared, span, wishes, air, [])
    assert play(declared, span, wishes, air, cuts, deaths) == longest
    assert play(declared, span, wishes, air, list(range(1, span.steps))) == longest


HOME = """
home: cold
site: {latitude: 61.5, longitude: 23.8, altitude: 100 m, time_zone: Europe/Helsinki}
clock: {start: 2026-03-25 12:20, step: STEP, speed: 60}
seed: 3
devices:
  sun: {}
  weather: {mean_temp_air: -1.5 °C, temp_swing: 6 K, mean_cloud_cover: 40 %, variability: 60 %}
  roof: {kind: pv_array, capacity: 9 kW, surface_tilt: 60}
  battery: {capacity: 1.5 kWh, packs: 2, weather: weather, temp_offset: 3 K, cycle_life: 30, calendar_ageing: 10 %, self_discharge: 20 %}
  cellar: {kind: battery, capacity: 2 kWh, start_soc: 100 %, cycle_life: 20, max_discharge_rate: 0.5}
  grid: {outages: "18:00-20:30"}
  inverter: {battery_low_capacity: 25 %}
  house: {kind: base_load, scale: 200 %}
  oven: {schedule: "08:40-09:10, 18:30-19:00"}
events:
  - {at: 2026-03-26 09:17, device: weather, set: {mean_temp_air: 3 °C}}
  - {at: 2026-03-26 16:40, device: weather, set: {mean_temp_air: -6 °C}}
  - {at: 2026-03-27 10:05, device: battery, set: {packs: 1}}
  - {at: 2026-03-27 11:30, device: battery, set: {packs: 2, cycle_life: 0}}
  - {at: 2026-03-27 13:13, device: battery, set: {temp_charge_min: -15 °C, cycle_life: 25}}
"""


def live(step: str, days: int, max_steps: int) -> tuple[str, dict[str, Any], int]:
    """Digest, batteries' ends and windows of some days."""
    home = parse(HOME.replace("STEP", step))
    house, auditor = House(home, max_steps=max_steps), Auditor()
    house.listeners.append(auditor.check)
    house.advance(home.start + days * DAY)
    assert auditor.problems == []
    ends = {name: {**house.members[name].checkpoint(), "after": None} for name in ("battery", "cellar")}
    return house.settler.digest, ends, house.seq


@pytest.mark.parametrize(("step", "days", "counted"), [("60 s", 4, 1), ("7 min", 18, 15)])
def test_a_house_through_cold_nights_has_one_digest_for_all_windows(step: str, days: int, counted: int) -> None:
    digest, ends, windows = live(step, days, 1440)
    assert windows < days * 24 * 3
    for each in ends.values():
        assert each["state"]["days"] == counted
        assert each["state"]["cycles"] > 0
    for max_steps in (1, 7, 60):
        assert live(step, days, max_steps)[:2] == (digest, ends)
