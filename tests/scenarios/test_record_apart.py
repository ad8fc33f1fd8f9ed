"""A record in a process of its own, over the real brokers: killed and moved while its home runs, and the only one who remembers it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine import BROKER_KINDS, free_ports
from tests.record.lives import Past, content, past_of, quarters_of
from tests.records import lines_in, records
from tests.scenarios.recorded import (
    RECORDED,
    audit_of,
    booked,
    end,
    kill,
    let_pass,
    only_record,
    others,
    record_apart,
    recorded_home,
    run_record,
    settled,
    stand_still,
    waiting_for,
)
from tests.scenarios.running import command
from tests.stage import Stage, undisturbed
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.runtime import run_choice
from virtual_devices.edge.runtime.booked import AHEAD
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.summary import Summary


@pytest.fixture(params=BROKER_KINDS)
def kind(request: pytest.FixtureRequest) -> BrokerKind:
    one: BrokerKind = request.param
    return one


@pytest.fixture
def broker(kind: BrokerKind, tmp_path: Path) -> Iterator[Broker]:
    with start_broker(tmp_path / "broker", kind=kind, port=0) as made:
        yield made


def summary_of(folder: Path, home: Home) -> Summary:
    """Of all that a record has written."""
    summary = Summary(home.name)
    for line in lines_in(only_record(folder)):
        summary.add(read_ledger(line))
    return summary


def assert_complete(folder: Path, home: Home) -> None:
    """Every window once, as if nothing had happened."""
    assert audit_of(folder).problems == []
    summary = summary_of(folder, home)
    assert summary.digest == undisturbed(home, summary.steps).digest
    found = content(only_record(folder))
    assert found.quarters == quarters_of(read_ledger(line) for line in found.lines)
    assert_told(found.past, past_of(home, summary.steps * home.step))


def assert_told(past: Past, whole: Past) -> None:
    """Every row once; who is ended before he has told of the last quarter does so when the home goes on."""
    assert past.items() <= whole.items()
    last = max(start for _, start in whole)
    assert [(device, start) for device, start in sorted(whole.keys() - past.keys()) if start != last] == []


def test_a_record_that_is_killed_and_comes_back_has_no_gap_and_time_has_waited(broker: Broker, tmp_path: Path) -> None:
    with Stage(broker.endpoint, recorded_home()) as stage:
        record = run_record(broker.endpoint, stage.home, tmp_path / "kept")
        stage.start(*others(stage))
        for _ in range(2):
            goal = booked(stage) + 150
            stage.wait(lambda goal=goal: booked(stage) >= goal)  # type: ignore[misc]
            kill(record)
            stage.wait(lambda: waiting_for(stage) == ["record"])
            let_pass(stage, 1.0)
            assert settled(stage) <= booked(stage) + AHEAD
            record = run_record(broker.endpoint, stage.home, tmp_path / "kept")
        goal = settled(stage) + 150
        stage.wait(lambda: booked(stage) >= goal)
        stand_still(stage)
        stage.wait(lambda: booked(stage) == len(stage.records) == settled(stage))
        assert end(record) == ""
        assert stage.errors("record") == []
    assert_complete(tmp_path / "kept", stage.home)


def test_a_record_that_is_moved_to_an_empty_folder_begins_where_it_has_everything(broker: Broker, tmp_path: Path) -> None:
    with Stage(broker.endpoint, recorded_home()) as stage:
        with record_apart(broker.endpoint, stage.home, tmp_path / "kept"):
            stage.start(*others(stage))
            stage.wait(lambda: booked(stage) >= 400)
        shutil.move(tmp_path / "kept", tmp_path / "lost")
        stage.wait(lambda: waiting_for(stage) == ["record"])
        with record_apart(broker.endpoint, stage.home, tmp_path / "kept"):
            stood = settled(stage)
            stage.wait(lambda: booked(stage) >= stood + 100)
            stand_still(stage)
            stage.wait(lambda: booked(stage) == len(stage.records))
            assert stage.errors("record") == []
    seqs = [read_ledger(line).seq for line in lines_in(only_record(tmp_path / "kept"))]
    assert seqs[0] <= stood - 200
    assert seqs == list(range(seqs[0], len(stage.records) + 1))
    assert audit_of(tmp_path / "kept").problems == []


@pytest.mark.parametrize("first", ["record", "devices"])
def test_a_home_goes_on_from_its_record_where_the_broker_has_forgotten_it(
    kind: BrokerKind, tmp_path: Path, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a node is lost, and all containers come up on another, in any order, and the record last."""
    monkeypatch.setattr(run_choice, "MEMORY", 1.0)
    home, folder = recorded_home(name=f"moved_{first}_{kind}"), tmp_path / "kept"
    with start_broker(tmp_path / "one", kind=kind, port=0) as broker, Stage(broker.endpoint, home) as stage:
        record = run_record(broker.endpoint, home, folder)
        stage.start(*others(stage))
        stage.wait(lambda: booked(stage) >= 100)
        for name in others(stage):
            stage.vanish(name)
        kill(record)
        run, written = stage.json("clock", "site")["run"], booked(stage)
    assert_complete(folder, home)
    with start_broker(tmp_path / "two", kind=kind, port=0) as broker, Stage(broker.endpoint, home) as stage:
        if first == "record":
            record = run_record(broker.endpoint, home, folder)
            stage.wait(lambda: stage.last.get(("clock", "site")))
        for name in others(stage):
            stage.runtimes[name] = stage.make(name, fresh=False)
            stage.runtimes[name].start()
        if first == "devices":
            let_pass(stage, 2.0)
            record = run_record(broker.endpoint, home, folder)
        stage.wait(lambda: booked(stage) >= written + 100)
        assert stage.json("clock", "site")["run"] == run
        stand_still(stage)
        stage.wait(lambda: booked(stage) == settled(stage))
        end(record)
        assert stage.fatal == []
    assert_complete(folder, home)


def test_a_broker_that_forgets_is_reminded_of_who_is_away(kind: BrokerKind, tmp_path: Path) -> None:
    home = recorded_home(name=f"reminded_{kind}")
    broker = start_broker(tmp_path / "one", kind=kind, port=0)
    try:
        with Stage(broker.endpoint, home) as stage, record_apart(broker.endpoint, home, tmp_path / "kept"):
            stage.start(*others(stage))
            stage.wait(lambda: booked(stage) >= 50)
            stage.stop("oven")
            spent = stage.state("oven")["energy_joules"]
            stage.wait(lambda: "oven" not in stage.json("inverter", "settlement")["members"])
            port = broker.endpoint.port
            broker.close()
            stage.last.clear()
            broker = start_broker(tmp_path / "two", kind=kind, port=port)
            stage.wait(lambda: stage.last.get(("oven", "proposal")))
            stage.start("oven")
            stage.wait(lambda: stage.last.get(("inverter", "settlement")) and "oven" in stage.json("inverter", "settlement")["members"])
            assert stage.state("oven")["energy_joules"] >= spent > 0
            stand_still(stage)
            stage.wait(lambda: booked(stage) == settled(stage))
            stage.audited()
    finally:
        broker.close()
    assert audit_of(tmp_path / "kept").problems == []


# -- beside a host -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolate", [False, True])
def test_a_record_and_its_host_s_own_have_the_same_windows_and_quarters(kind: BrokerKind, tmp_path: Path, *, isolate: bool) -> None:
    file, state = tmp_path / "home.yaml", tmp_path / "state"
    file.write_text(RECORDED.replace("HOME", "twice").replace("record: {}", "record: {whole_for: 2 d}"))
    words = ["up", str(file), "--state", str(state), "--broker-kind", kind, "--port", str(free_ports()), *(["--isolate"] if isolate else [])]
    result: dict[str, Any] = {}
    for hours in (7, 5):
        result = command(tmp_path, *words, "--for", f"{hours}h")
        assert result["audit"]["ok"]
    one, other = only_record(state / "home"), only_record(state / "home" / "record")
    assert records(state / "home" / "record")[0].stem == one.stem
    found, host = content(other), content(one)
    assert found.lines == host.lines
    assert found.quarters == host.quarters
    for told in (found.past, host.past):
        assert_told(told, past_of(recorded_home(name="twice"), 12 * 3600))
    assert found.kept == {}
    assert [happening for happening in found.happenings if happening.kind in ("outage", "grid back", "decision")] == [
        happening for happening in host.happenings if happening.kind in ("outage", "grid back", "decision")
    ]
    assert result["ledger_sha256"] == undisturbed(recorded_home(name="twice"), 12 * 60).digest
