"""What devices tell of their past on the bus is what they tell in one process, whoever dies or is away, and it is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.stage import START, STEP, WEATHER, Stage, small_home
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.messages.base import MissingMessage, write
from virtual_devices.edge.messages.past import past_bytes, read_past
from virtual_devices.edge.messages.topics import HOST, KEEPS_PAST
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.past import PARTS, PastQuarter, PastRows, TallyColumns, joined

Rows = dict[tuple[str, int], PastQuarter]
"""By device and start."""


@pytest.fixture(params=BROKER_KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with start_broker(tmp_path, kind=request.param, port=0) as broker, Stage(broker.endpoint, small_home(WEATHER)) as made:
        made.spy.publish(made.topic(HOST, "keeps"), KEEPS_PAST, 1, retain=True)
        made.start()
        yield made


def in_process(home: Home, steps: int) -> Rows:
    rows: Rows = {}
    house = House(home)
    house.tell_past(lambda name, told: rows.update({(name, row.start): row for row in told.quarters()}))
    house.advance(home.start + steps * home.step)
    return rows


def told(stage: Stage) -> Rows:
    """Each row once; told twice, it is the same."""
    rows: Rows = {}
    for name, leaf, payload in stage.heard:
        if leaf == "past":
            for row in read_past(payload).to_kit().quarters():
                assert rows.setdefault((name, row.start), row) == row
    return rows


def messages(stage: Stage, name: str) -> int:
    return len(stage.all(name, "past"))


def test_it_is_what_they_tell_in_one_process(stage: Stage) -> None:
    for steps in (1, 14, 7, 90, 3, 20):
        stage.steps(steps)
    rows = told(stage)
    assert rows == in_process(stage.home, 135)
    assert len(rows) == 9 * len([name for name in stage.described if name not in ("clock", "inverter")])
    assert rows["sun", START].columns["ghi_clear"].sum > 0
    assert rows["geyser", START].last["temperature"] > 20 * PARTS


@pytest.mark.parametrize("names", [("oven",), ("sun",), ("weather", "roof"), ("battery", "grid"), ("inverter",), ("clock",)], ids="+".join)
@pytest.mark.parametrize("point", ["window", "proposal", "settlement"])
def test_killed_in_the_window_that_ends_a_quarter_it_tells_the_same(stage: Stage, point: str, names: tuple[str, ...]) -> None:
    by = {"window": "clock", "proposal": "battery", "settlement": "inverter"}[point]
    stage.steps(10)

    def kill() -> None:
        for name in names:
            stage.vanish(name)

    stage.when(by, point, kill)
    stage.begin_steps(10)
    stage.wait(lambda: not any(name in stage.runtimes for name in names))
    stage.wait(lambda: all(stage.availability(name) == "offline" for name in names))
    stage.start(*names)
    stage.wait(lambda: stage.settled >= START + 20 * STEP)
    stage.rest()
    stage.steps(40)
    mine, whole = told(stage), in_process(stage.home, 60)
    assert mine.keys() <= whole.keys()
    if point == "settlement":  # killed before that, it may have been left out
        assert mine == whole


def test_one_that_was_away_tells_the_part_that_it_knows(stage: Stage) -> None:
    stage.steps(10)
    stage.stop("oven")
    stage.steps(25)
    stage.start("oven")
    assert ("oven", START) not in told(stage)
    stage.steps(25)
    rows, whole = told(stage), in_process(stage.home, 60)
    assert rows["oven", START] == PastQuarter(START, STEP, 10, {}, {"supplied": 600}, rows["oven", START].last)
    assert rows["oven", START].last["temperature"] == 20 * PARTS  # as cold as the room
    assert ("oven", START + 900) not in rows
    assert rows["oven", START + 1800].steps == 10
    assert rows["oven", START + 2700].steps == 15
    others = {key: row for key, row in whole.items() if key[0] in ("sun", "weather", "grid")}
    assert {key: rows[key].columns for key in others} == {key: row.columns for key, row in others.items()}


@pytest.mark.parametrize("name", ["sun", "weather"])
def test_conditions_that_were_away_tell_the_part_that_they_know(stage: Stage, name: str) -> None:
    stage.steps(10)
    stage.stop(name)
    stage.steps(25)
    stage.start(name)
    stage.steps(25)
    rows, whole = told(stage), in_process(stage.home, 60)
    assert [(row.start - START, row.steps) for (device, _), row in rows.items() if device == name] == [(0, 10), (1800, 10), (2700, 15)]
    assert rows[name, START + 2700] == whole[name, START + 2700]


@pytest.mark.parametrize("name", ["sun", "weather", "oven", "grid"])
def test_what_it_told_last_before_it_left_it_tells_again_when_it_comes_back(stage: Stage, name: str) -> None:
    """A record of the home may have left a moment before it."""
    stage.steps(30)
    row = told(stage)[name, START + 900]
    for _ in range(2):
        stage.stop(name)
        stage.heard.clear()
        stage.start(name)
        stage.sync()
        assert told(stage)[name, START + 900] == row
    stage.steps(30)
    rows, whole = told(stage), in_process(stage.home, 60)
    assert rows[name, START + 2700] == whole[name, START + 2700]


def test_it_is_repeated_to_a_host_that_lacks_it(stage: Stage) -> None:
    for _ in range(6):
        stage.steps(10)
    before, (first, *rest) = messages(stage, "battery"), stage.all("battery", "past")
    assert rest
    run = stage.json("clock", "site")["run"]
    ledgers = len(stage.all("inverter", "ledger"))
    stage.send(HOST, "missing", write(MissingMessage(run=run, after=first["seq"], past=True)))
    assert messages(stage, "battery") == before + len(rest)
    stage.send(HOST, "missing", write(MissingMessage(run=run, after=0, past=True)))
    assert messages(stage, "battery") == before + len(rest) + before
    assert len(stage.all("inverter", "ledger")) == ledgers
    stage.send(HOST, "missing", write(MissingMessage(run="another", after=0, past=True)))
    stage.send(HOST, "missing", write(MissingMessage(run=run, after=0)))
    stage.send(HOST, "missing", b"rubbish")
    assert messages(stage, "battery") == before + len(rest) + before
    assert len(stage.all("inverter", "ledger")) > ledgers
    assert not stage.errors("battery")
    assert len(stage.errors("inverter")) == 1
    told(stage)


def test_nothing_is_told_until_a_host_keeps_it(stage: Stage) -> None:
    stage.stop(*stage.runtimes)
    stage.send(HOST, "keeps", b"", retain=True)
    stage.read(small_home(WEATHER, stage.home.name))
    stage.start("clock", fresh=True)
    stage.start(*(name for name in stage.described if name != "clock"))
    stage.steps(20)
    assert told(stage) == {}
    assert "past" not in stage.json("battery", "proposal")["checkpoint"]
    stage.send(HOST, "keeps", b"rubbish")
    stage.steps(1)
    assert "past" not in stage.json("battery", "proposal")["checkpoint"]
    stage.send(HOST, "keeps", KEEPS_PAST)
    stage.steps(29)
    rows = told(stage)
    assert [(row.start - START, row.steps) for (name, _), row in rows.items() if name == "battery"] == [(900, 9), (1800, 15)]
    stage.kill("battery")
    stage.start("battery")
    stage.steps(20)
    assert told(stage)["battery", START + 2700].steps == 15, "not retained, it is known from the checkpoint"


# -- the message ---------------------------------------------------------------------------------------------------------

ROW = PastQuarter(START, 60, 15, {"ghi": Tally(10, -1, 5, 2)}, {"supplied": 900}, {"temperature": -20_000})


def test_rows_go_over_the_wire() -> None:
    (rows,) = joined([PastRows.of(row) for row in (ROW, PastQuarter(START + 900, 60, 3))])
    said = read_past(past_bytes("run", 7, rows))
    assert (said.run, said.seq) == ("run", 7)
    assert said.to_kit() == rows
    assert said.to_kit().quarters() == [ROW, PastQuarter(START + 900, 60, 3)]


@pytest.mark.parametrize(
    "row",
    [
        PastQuarter(START + 1, 60, 15), PastQuarter(START, 60, 16), PastQuarter(START, 3600, 2), PastQuarter(START, 0, 1),
        PastQuarter(START, 60, 0), PastQuarter(START, 60, 1, last={"A": 1}), PastQuarter(START, 60, 1, last={"a": 2**63}),
        PastQuarter(START, 60, 1, seconds={"supplied": -1}),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_is_no_row(row: PastQuarter) -> None:
    with pytest.raises(ProtocolError, match="not a past message"):
        read_past(past_bytes("run", 7, PastRows.of(row))).to_kit()


@pytest.mark.parametrize(
    "rows",
    [
        PastRows(60, [], []), PastRows(60, [START], []), PastRows(60, [START, START], [15, 15]), PastRows(60, [START, START - 900], [15, 15]),
        PastRows(60, [START], [15, 15]), PastRows(60, [START], [15], {"ghi": TallyColumns([1], [1], [1], [1, 1])}),
        PastRows(60, [START], [15], {"ghi": TallyColumns([1], [1], [1], [])}), PastRows(60, [START], [15], {}, {"supplied": []}),
        PastRows(60, [START, START + 900], [15, 15], {}, {}, {"temperature": [None]}),
        PastRows(60, [START + 900 * number for number in range(1442)], [15] * 1442),
    ],
    ids=lambda rows: str(rows)[:60],
)  # fmt: skip
def test_lists_that_do_not_belong_together_are_no_rows(rows: PastRows) -> None:
    with pytest.raises(ProtocolError, match="not a past message"):
        read_past(past_bytes("run", 7, rows)).to_kit()
