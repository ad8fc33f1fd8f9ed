"""What devices tell of their past: by hand, against a reckoning step by step, and the same however time was cut, and whoever goes on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.device import Carries, Conditions, Keeps, Settles, Ticks
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.members.house import House, member_of
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.members.past import PARTS, Past, PastQuarter, PastRows, joined, standing_of
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.window import Span, Window

NOON = 1_782_043_200
ROOT = Path(__file__).parents[3]
ALL = """\
home: all
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 05:10, step: 60 s}
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 40 %, variability: 60 %}
  pv_array: {weather: weather, capacity: 4 kW}
  battery: {start_soc: 40 %, weather: weather}
  grid: {outages: "09:03-10:10"}
  inverter: {rated_power: 4 kW, battery_low_capacity: 38 %}
events:
  - {at: 2026-06-21 07:41, device: battery, set: {capacity: 4 kWh}}
"""
"""The home in which every kind is tried."""


def kinds() -> list[str]:
    """Every kind that takes steps of its own."""
    return [kind for kind in sorted(catalogue.kinds()) if not issubclass(catalogue.load(kind), Ticks | Settles | Keeps)]


def home_with(kind: str) -> Home:
    """A home with a device of a kind, under the name of its kind."""
    there = f"\n  {kind}:" in ALL
    return parse(ALL if there else ALL.replace("\n  inverter:", f"\n  {kind}: {{}}\n  inverter:"), "home.yaml")


def told(house: House, hours: float, windows: int) -> dict[str, list[PastQuarter]]:
    """Rows by device."""
    rows: dict[str, list[PastQuarter]] = {}
    house.max_steps = windows
    house.tell_past(lambda name, told: rows.setdefault(name, []).extend(told.quarters()))
    house.advance(house.time + round(hours * 3600))
    return rows


def over(past: Past) -> list[PastQuarter]:
    """The rows that are over."""
    return [row for rows in past.take() for row in rows.quarters()]


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_a_quarter_by_hand() -> None:
    past = Past()
    past.add(Span(NOON, 300, 2), {"ghi": [500, 700], "none": [0, 0]}, {"supplied": [(1, True), (1, False)]})
    assert past.take() == []
    past.add(Span(NOON + 600, 300, 2), {"ghi": [600, 1], "none": [0, 0]}, {"supplied": [(2, True)]}, [{"temperature": 0}])
    assert over(past) == [PastQuarter(NOON, 300, 3, {"ghi": Tally(1800, 500, 700, 600)}, {"supplied": 600}, {"temperature": 0})]
    assert past.take() == []
    assert past.open == PastQuarter(NOON + 900, 300, 1, {"ghi": Tally(1, 1, 1, 1)}, {"supplied": 300})


def test_one_that_was_away_tells_the_part_that_it_knows() -> None:
    past = Past()
    past.add(Span(NOON, 60, 4), {"ghi": [1, 2, 3, 4]})
    assert not past.is_behind(NOON + 899)
    assert past.is_behind(NOON + 900)
    past.add(Span(NOON + 1860, 60, 1), {"ghi": [9]})
    assert over(past) == [PastQuarter(NOON, 60, 4, {"ghi": Tally(10, 1, 4, 4)})]
    past.end({"temperature": 20_000})
    assert over(past) == [PastQuarter(NOON + 1800, 60, 1, {"ghi": Tally(9, 9, 9, 9)}, {}, {"temperature": 20_000})]


def test_steps_of_an_hour_fill_one_quarter_in_four() -> None:
    past = Past()
    past.add(Span(NOON, 3600, 2), {"ghi": [5, 6]}, {"supplied": [(2, True)]}, [{"t": 1}, {"t": 2}])
    assert [(row.start, row.steps, row.seconds, row.last) for row in over(past)] == [
        (NOON, 1, {"supplied": 3600}, {"t": 1}), (NOON + 3600, 1, {"supplied": 3600}, {"t": 2})
    ]  # fmt: skip
    assert past.open is None


# -- laws ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps without a break."""

    span: Span
    ghi: list[int]
    supplied: list[int]


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    step, start = draw(st.sampled_from([7, 60, 300, 900, 3600])), NOON + draw(st.integers(0, 900))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        steps = draw(st.integers(1, 60))
        ghi = draw(st.lists(st.one_of(st.just(0), st.integers(-(10**6), 10**6)), min_size=steps, max_size=steps))
        supplied = draw(st.one_of(st.just([1] * steps), st.lists(st.integers(0, 1), min_size=steps, max_size=steps)))
        found.append(Stretch(Span(start, step, steps), ghi, supplied))
        start += steps * step + draw(st.integers(0, 1500))
    return found


def step_by_step(of: Iterable[Stretch]) -> list[PastQuarter]:
    """The same rows, the plain way; also the last one that may go on. A reading is the time at which the last step ended."""
    steps = [(time, ghi, on, each.span.step) for each in of for time, ghi, on in zip(each.span.times, each.ghi, each.supplied, strict=True)]
    rows = []
    for start, group in itertools.groupby(steps, key=lambda item: item[0] // 900 * 900):
        mine = list(group)
        ghi, seconds, step = [item[1] for item in mine], sum(item[2] * item[3] for item in mine), mine[0][3]
        columns = {"ghi": Tally(sum(ghi), min(ghi), max(ghi), ghi[-1])} if any(ghi) else {}
        rows.append(PastQuarter(start, step, len(mine), columns, {"supplied": seconds} if seconds else {}, {"time": mine[-1][0] + step}))
    return rows


class Told:
    """One who adds windows, each time as if it had just been started from what was kept."""

    def __init__(self) -> None:
        self.kept, self.time = "null", 0
        self.rows: list[PastQuarter] = []

    def add(self, span: Span, ghi: list[int], supplied: list[int]) -> None:
        again = [self._once(span, ghi, supplied) for _ in range(2)]
        assert again[0] == again[1]
        rows, self.kept = again[0]
        self.rows += rows
        self.time = span.end

    def _once(self, span: Span, ghi: list[int], supplied: list[int]) -> tuple[list[PastQuarter], str]:
        kept = json.loads(self.kept)
        past = Past(PastQuarter.of(kept) if kept is not None else None)
        if past.is_behind(span.start):
            past.end({"time": self.time})
        ends = [time + span.step for time in span.times if time // 900 < (time + span.step) // 900]
        past.add(span, {"ghi": ghi}, {"supplied": [(1, bool(on)) for on in supplied]}, [{"time": end} for end in ends])
        return over(past), json.dumps(past.open.json() if past.open is not None else None)


@given(of=stretches(), data=st.data())
@examples(max_examples=200, deadline=None)
def test_rows_do_not_depend_on_cuts_and_are_those_of_a_reckoning_step_by_step(of: list[Stretch], data: st.DataObject) -> None:
    whole, cut = Told(), Told()
    for each in of:
        whole.add(each.span, each.ghi, each.supplied)
        bounds = sorted({0, each.span.steps, *data.draw(st.lists(st.integers(0, each.span.steps), max_size=8))})
        for begin, end in itertools.pairwise(bounds):
            cut.add(each.span.part(begin, end - begin), each.ghi[begin:end], each.supplied[begin:end])
    assert cut.rows == whole.rows
    assert cut.kept == whole.kept
    expected = step_by_step(of)
    assert whole.rows == expected[: len(whole.rows)]
    assert len(expected) - len(whole.rows) == (whole.kept != "null")


@given(of=stretches(), data=st.data())
@examples(max_examples=100, deadline=None)
def test_rows_are_the_same_one_by_one_in_parts_and_together(of: list[Stretch], data: st.DataObject) -> None:
    plain = step_by_step(of)
    pieces = joined([PastRows.of(row) for row in plain])
    assert [row for rows in pieces for row in rows.quarters()] == plain
    assert len(pieces) == len({row.step for row in plain})
    for rows in pieces:
        begin = data.draw(st.integers(0, len(rows.starts)))
        parts = [rows.part(0, begin), rows.part(begin, len(rows.starts))]
        assert [row for part in parts for row in part.quarters()] == rows.quarters()
        assert joined(parts) == [rows]


@given(of=stretches())
@examples(max_examples=50, deadline=None)
def test_a_row_survives_json(of: list[Stretch]) -> None:
    for row in step_by_step(of):
        assert PastQuarter.of(json.loads(json.dumps(row.json()))) == row


# -- every kind ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_tells_the_same_however_time_is_cut(kind: str) -> None:
    rows = told(House(home_with(kind)), 6.2, 1440)
    assert [(row.start % 900, row.steps) for row in rows[kind]] == [(0, 5), *[(0, 15)] * 24]
    for windows in (60, 7, 1):
        assert told(House(home_with(kind)), 6.2, windows) == rows, windows


@pytest.mark.parametrize("kind", kinds())
def test_what_stands_at_the_end_of_a_quarter_is_what_its_report_says(kind: str) -> None:
    house = House(home_with(kind))
    found: list[PastQuarter] = []
    house.tell_past(lambda name, rows: found.extend(rows.quarters()) if name == kind else None)
    known = {reading.name: reading for reading in readings_of(type(house.members[kind].device))}
    house.advance(NOON - 3600)
    readings = house.members[kind].readings()
    for name, value in found[-1].last.items():
        assert known[name].type == "number"
        assert value == pytest.approx(readings[name] * PARTS, abs=1)


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_tells_its_conditions_and_every_number_that_it_shows_at_first_look(kind: str) -> None:
    one = catalogue.load(kind)
    row = told(House(home_with(kind)), 6.2, 1440)[kind][-1]
    if issubclass(one, Conditions):
        assert row.columns.keys() <= one.fields.keys()
        assert row.columns
    known = standing_of(one)
    if known is not None and not known.own and not issubclass(one, Carries):  # what circuits measure the ledger knows
        assert row.last.keys() >= {name for name in known.usual if house_has(kind, name)}


def house_has(kind: str, name: str) -> bool:
    house = House(home_with(kind))
    house.advance(house.time + 900)
    return house.members[kind].readings()[name] is not None


@pytest.mark.parametrize("step", [7, 300, 3600])
def test_steps_of_any_length_tell_the_same_however_time_is_cut(step: int) -> None:
    text = ALL.replace("step: 60 s", f"step: {step} s").replace("2026-06-21 05:10", "2026-06-21 05:00")
    hours = 2 if step == 7 else 30
    rows = told(House(parse(text, "home.yaml")), hours, 1440)
    assert told(House(parse(text, "home.yaml")), hours, 13) == rows
    if step == 3600:
        assert [row.start % 3600 for row in rows["battery"]] == [0] * 30


@pytest.mark.parametrize("name", ["cape_town", "every_feature"])
def test_a_day_of_a_whole_home_is_told_the_same_however_time_is_cut_and_changes_nothing(name: str) -> None:
    from virtual_devices.answers import simulate  # noqa: PLC0415

    def house() -> House:
        return simulate.load(ROOT / "examples" / f"{name}.yaml", [], step=60)

    one, silent = house(), house()
    rows = told(one, 24, 1440)
    silent.advance(silent.time + 86_400)
    assert one.last is not None
    assert silent.last is not None
    assert one.last.digest == silent.last.digest
    assert all(one.members[each].checkpoint()["state"] == silent.members[each].checkpoint()["state"] for each in one.members)
    assert all(one.members[each].checkpoint()["counters"] == silent.members[each].checkpoint()["counters"] for each in one.members)
    assert "past" not in silent.members["battery"].checkpoint()
    assert rows.keys() == {member.name for member in (*one.participants, *one.observers)}
    assert all(sum(row.steps for row in each) == 1440 for each in rows.values())
    for windows in (60, 7, 1):
        assert told(house(), 24, windows) == rows, windows


# -- going on from a checkpoint --------------------------------------------------------------------------------------------


def test_who_goes_on_from_a_proposal_tells_the_same() -> None:
    """Each commit is done once more by a device that was made anew and has nothing but its retained proposal."""
    house = House(parse(ALL.replace("inverter:", "geyser: {}\n  inverter:", 1), "home.yaml"))
    entries = {entry.name: entry for entry in house.home.devices}
    said: dict[str, Proposal] = {}
    redone: dict[str, int] = {}

    def watched(member: Participant) -> None:
        propose, commit = member.propose, member.commit

        def proposing(window: Window, inputs: Any, **_: Any) -> Proposal:
            said[member.name] = propose(window, inputs)
            return said[member.name]

        def committing(share: Share) -> None:
            kept = said[member.name]
            checkpoint = json.loads(json.dumps(kept.checkpoint, default=list))
            other = member_of(house.home, entries[member.name], {})
            other.tell_past()
            assert isinstance(other, Participant)
            other.resume(Proposal(kept.run, kept.seq, kept.name, kept.after, kept.span, kept.offer, checkpoint))
            other.commit(share)
            commit(share)
            assert other.past == member.past
            assert other.checkpoint() == member.checkpoint()
            redone[member.name] = redone.get(member.name, 0) + 1

        member.propose, member.commit = proposing, committing  # type: ignore[method-assign]

    for member in house.participants:
        watched(member)
    told(house, 6, 22)
    assert set(redone) == {member.name for member in house.participants}
    assert min(redone.values()) > 16


def test_a_checkpoint_without_a_past_is_gone_on_from() -> None:
    house = House(home_with("battery"))
    house.tell_past(lambda *_: None)
    house.advance(house.time + 1800)
    kept = house.members["battery"].checkpoint()
    assert kept["past"]["steps"] == 10
    other = member_of(house.home, next(entry for entry in house.home.devices if entry.name == "battery"), {})
    other.tell_past()
    other.restore({name: value for name, value in kept.items() if name != "past"})
    assert other.past == Past()
    other.restore(kept)
    assert other.past is not None
    assert other.past.open is not None
    silent = member_of(house.home, next(entry for entry in house.home.devices if entry.name == "battery"), {})
    silent.restore(kept)
    assert silent.past is None
