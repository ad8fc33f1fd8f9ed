"""A record among the devices of its home: what it writes and says, what it has missed and asks for, and what nobody has any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.machine import DISKS, Disk, small_disk
from tests.record.lives import content, quarters_of
from tests.records import facts_in, kept_in, lines_in, records
from tests.scenarios.recorded import STANDING, audit_of, only_record, recorded_home, settled, waiting_for
from tests.scenarios.recorded import booked as booked_of
from tests.stage import START, STEP, Stage, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.messages.base import BookedMessage, MissingMessage, write
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.runtime import booked as bounds
from virtual_devices.fleet.credentials.access_list import acl
from virtual_devices.record.device import role as roles
from virtual_devices.record.device import vain
from virtual_devices.record.keeping import keeper
from virtual_devices.record.store.kept import LEAVES, moment

LISTENER = STANDING.replace(", books: record", "")
"""A home whose clock waits for nobody."""


@pytest.fixture
def stage(broker: Broker, tmp_path: Path) -> Iterator[Stage]:
    with Stage(broker.endpoint, recorded_home(STANDING), records=tmp_path) as made:
        made.start()
        yield made


def everything_written(stage: Stage) -> None:
    stage.wait(lambda: booked_of(stage) == settled(stage) == len(stage.records))


# -- what it writes and says -------------------------------------------------------------------------------------------


def test_it_writes_every_window_and_says_so(stage: Stage, tmp_path: Path) -> None:
    stage.steps(45)
    everything_written(stage)
    stage.stop("record")
    found = content(only_record(tmp_path / "record"))
    assert found.seqs == list(range(1, 46))
    assert found.quarters == quarters_of(record for _, record in sorted(stage.records.items()))
    assert [(happening.device, happening.kind) for happening in found.happenings if happening.kind in ("outage", "grid back")] == [
        ("grid", "outage"), ("grid", "grid back"),
    ]  # fmt: skip
    facts = facts_in(only_record(tmp_path / "record"))
    assert (facts["home"], facts["zone"], facts["step"]) == (stage.home.name, "Africa/Johannesburg", 60)
    assert audit_of(tmp_path / "record").problems == []


def test_it_shows_what_its_file_holds(stage: Stage, tmp_path: Path) -> None:
    assert stage.state("record")["windows"] is None
    stage.steps(10)
    everything_written(stage)
    stage.wait(lambda: stage.state("record")["last_window"] == 10)
    shown = stage.state("record")
    assert (shown["windows"], shown["missing_windows"]) == (10, 0)
    assert (shown["recorded_from"], shown["recorded_until"]) == ("2026-06-21T06:30:00+00:00", "2026-06-21T06:40:00+00:00")
    assert shown["size"] > only_record(tmp_path / "record").stat().st_size / 2 > 0
    assert (shown["whole_for"], shown["folder"]) == (30 * 86_400, "")


def test_it_takes_no_part_in_windows(stage: Stage) -> None:
    stage.steps(3)
    window = stage.json("clock", "window")
    assert "record" not in (*window["members"], *window["observers"])
    assert stage.audited().digest == undisturbed(stage.home, 3).digest


def test_no_joule_moves_otherwise_for_it() -> None:
    assert undisturbed(recorded_home(STANDING), 90).digest == undisturbed(small_home(), 90).digest


def test_the_record_that_is_waited_for_may_put_back_what_is_retained_of_others_and_no_other_may() -> None:
    home = recorded_home(STANDING.replace("record: {}", "record: {}\n  books: {kind: record}"), "guarded")
    rights = {section.partition("\n")[0]: section.splitlines()[1:] for section in acl(home).split("\nuser ")}
    written = {user: {line.rpartition(" ")[2] for line in lines if "write" in line} for user, lines in rights.items()}
    assert written["guarded.books"] == {"virtual/guarded/books/#", "homeassistant/device/virtual-guarded-books/config"}
    assert {f"virtual/guarded/+/{leaf}" for leaf in LEAVES} < written["guarded.record"]
    assert not any(topic.endswith("/set") or "/ledger" in topic or "#" in topic for topic in written["guarded.record"] - {"virtual/guarded/record/#"})


def test_many_windows_are_one_transaction_and_the_last_is_always_said(stage: Stage) -> None:
    stage.send("clock", "set", {"paused": False})
    stage.wait(lambda: settled(stage) >= 300)
    stage.send("clock", "set", {"paused": True})
    stage.rest()
    everything_written(stage)
    assert len(stage.all("record", "booked")) < len(stage.records)


def test_what_is_older_than_whole_for_is_kept_as_a_chain(broker: Broker, tmp_path: Path) -> None:
    home = recorded_home(STANDING.replace("record: {}", "record: {whole_for: 1 d}").replace("max_steps: 1", "max_steps: 720"))
    with Stage(broker.endpoint, home, records=tmp_path) as stage:
        stage.start()
        stage.steps(4 * 1440)
        everything_written(stage)
        stage.stop("record")
    audit = audit_of(tmp_path / "record")
    assert audit.problems == []
    assert audit.by_chain > 0


# -- who waits for it --------------------------------------------------------------------------------------------------


def test_the_clock_goes_no_further_ahead_than_the_record_can_catch_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "SILENCE", 0.2)
    stage.steps(5)
    everything_written(stage)
    stage.kill("record")
    stage.send("clock", "set", {"paused": False})
    stage.wait(lambda: settled(stage) == 5 + bounds.AHEAD)
    stage.wait(lambda: stage.errors("clock"))
    assert settled(stage) == 5 + bounds.AHEAD
    assert waiting_for(stage) == ["record"]
    assert "time waits for record to write what was settled, up to window 105: it has written up to window 5" in stage.errors("clock")[-1]["error"]
    assert len(stage.errors("clock")) == 1, "it is said once"
    stage.start("record")
    stage.wait(lambda: settled(stage) > 150)
    stage.send("clock", "set", {"paused": True})
    stage.rest()
    everything_written(stage)
    assert waiting_for(stage) == []
    assert stage.audited().digest == undisturbed(stage.home, len(stage.records)).digest


def test_few_of_the_longest_windows_may_be_ahead(broker: Broker, tmp_path: Path) -> None:
    home = recorded_home(STANDING.replace("max_steps: 1, ", ""))
    with Stage(broker.endpoint, home, records=tmp_path) as stage:
        stage.start()
        stage.send("clock", "set", {"paused": False})
        stage.wait(lambda: booked_of(stage) > 3)
        stage.kill("record")
        stage.wait(lambda: waiting_for(stage) == ["record"])
        beyond = sum(record.span.steps for seq, record in stage.records.items() if seq > booked_of(stage))
        assert bounds.AHEAD_STEPS - 1440 < beyond < bounds.AHEAD_STEPS + 1440


LIES = [b"", b"{", b'{"run":"RUN","seq":-1}', b'{"run":"RUN","seq":1e99}', b'{"run":"RUN"}', b"[]", b'{"run":"another","seq":1000}']


@pytest.mark.parametrize("name", ["record", "oven", "stranger", HOST])
def test_what_somebody_else_says_to_be_written_counts_for_nothing(stage: Stage, name: str) -> None:
    stage.steps(3)
    everything_written(stage)
    run = stage.json("clock", "site")["run"].encode()
    stage.kill("record")
    stage.send(name, "booked", LIES[0])
    stage.send("clock", "set", {"paused": False})
    most = 3 + bounds.AHEAD
    stage.wait(lambda: settled(stage) == most)
    for said in LIES:  # each alone would let time go on, if it counted
        stage.send(name, "booked", said.replace(b"RUN", run))
        stage.loop.run(timeout=0.3)
        assert settled(stage) == most, said
    assert stage.fatal == []


def test_a_record_of_another_run_has_written_nothing_of_this_one(stage: Stage) -> None:
    stage.steps(3)
    everything_written(stage)
    stage.kill("record")
    stage.send("record", "booked", LIES[-1])
    stage.send("clock", "set", {"paused": False})
    stage.wait(lambda: settled(stage) == bounds.AHEAD)
    stage.loop.run(timeout=0.3)
    assert settled(stage) == bounds.AHEAD
    assert stage.fatal == []


def test_a_word_that_is_cleared_or_changed_is_said_again(stage: Stage) -> None:
    stage.steps(3)
    everything_written(stage)
    for lie in (b"", b"nonsense", write(BookedMessage(run=stage.json("clock", "site")["run"], seq=999))):
        stage.spy.publish(stage.topic("record", "booked"), lie, 1, retain=True)
        stage.wait(lambda: stage.last["record", "booked"] not in (b"", b"nonsense") and booked_of(stage) == 3)


# -- what it has missed ------------------------------------------------------------------------------------------------


def test_a_record_that_was_away_asks_and_has_no_gap(broker: Broker, tmp_path: Path) -> None:
    with Stage(broker.endpoint, recorded_home(LISTENER), records=tmp_path) as stage:
        stage.start()
        stage.steps(10)
        everything_written(stage)
        stage.kill("record")
        stage.steps(150)
        stage.start("record")
        stage.wait(lambda: booked_of(stage) == 160)
        stage.steps(2)
        everything_written(stage)
        stage.stop("record")
        assert stage.errors("record") == []
    assert [place(line)[1] for line in lines_in(only_record(tmp_path / "record"))] == list(range(1, 163))
    assert audit_of(tmp_path / "record").problems == []


def test_a_record_that_joins_begins_where_it_has_everything(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vain, "ASKED_FOR", 0.5)
    with Stage(broker.endpoint, recorded_home(LISTENER), records=tmp_path) as stage:
        stage.start()  # the first window waits for everybody
        stage.kill("record")
        only_record(tmp_path / "record").unlink()
        stage.steps(300)
        stage.start("record")
        stage.wait(lambda: booked_of(stage) == 300)
        stage.steps(2)
        everything_written(stage)
        stage.stop("record")
        assert stage.errors("record") == []
    seqs = [place(line)[1] for line in lines_in(only_record(tmp_path / "record"))]
    assert seqs == list(range(300 - 256 + 1, 303)), "of 256 windows the inverter still has the records"
    assert audit_of(tmp_path / "record").problems == []


def test_what_nobody_has_any_more_is_named_and_it_goes_on(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vain, "ASKED_FOR", 0.5)
    with Stage(broker.endpoint, recorded_home(STANDING), records=tmp_path) as stage:
        stage.start()
        stage.steps(5)
        everything_written(stage)
        stage.kill("record")
        stage.steps(45)
        stage.kill("inverter")  # with it the records; the broker has those of the last eight windows
        stage.start("inverter")
        stage.start("record")
        stage.wait(lambda: booked_of(stage) == 50)
        assert [error["error"] for error in stage.errors("record")] == [
            "the record lacks windows 6 to 42: nobody has what was moved in them any more; it goes on behind them"
        ]
        stage.steps(5)
        everything_written(stage)
        stage.wait(lambda: stage.state("record")["missing_windows"] == 37)
        stage.stop("record")
    assert audit_of(tmp_path / "record").problems == ["windows 6 to 42 are missing"]


def test_time_goes_on_also_where_nobody_has_any_record(broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last settlement is all that is left: what comes after it is written."""
    monkeypatch.setattr(vain, "ASKED_FOR", 0.5)
    with Stage(broker.endpoint, recorded_home(STANDING), records=tmp_path) as stage:
        stage.start()
        stage.steps(5)
        everything_written(stage)
        stage.kill("record")
        stage.steps(100)
        stage.kill("inverter")
        for number in range(8):
            stage.spy.publish(stage.topic("inverter", f"ledger/{number}"), b"", 1, retain=True)
        stage.start("inverter")
        stage.send("clock", "set", {"paused": False})
        stage.start("record")
        stage.wait(lambda: settled(stage) > 120)
        stage.send("clock", "set", {"paused": True})
        stage.rest()
        stage.wait(lambda: booked_of(stage) == settled(stage))
        assert "the record lacks windows 6 to 105" in stage.errors("record")[0]["error"]
        stage.stop("record")
    assert audit_of(tmp_path / "record").problems == ["windows 6 to 105 are missing"]


# -- what the home goes on from ----------------------------------------------------------------------------------------


def test_who_is_waited_for_keeps_what_the_home_goes_on_from(stage: Stage, tmp_path: Path) -> None:
    stage.steps(12)
    everything_written(stage)
    stage.stop("record")
    assert moment(kept_in(only_record(tmp_path / "record"))) == (stage.json("clock", "site")["run"], 12)


def test_who_only_listens_keeps_nothing_to_go_on_from(broker: Broker, tmp_path: Path) -> None:
    with Stage(broker.endpoint, recorded_home(LISTENER), records=tmp_path) as stage:
        stage.start()
        stage.steps(12)
        everything_written(stage)
        stage.stop("record")
    assert kept_in(only_record(tmp_path / "record")) == {}


def test_where_a_host_has_the_home_its_record_is_the_one(stage: Stage, tmp_path: Path) -> None:
    stage.steps(3)
    everything_written(stage)
    claim = orjson.dumps({"machine": "here", "pid": 1, "since": 0, "renewed": 0, "token": "x"})
    stage.send(HOST, "availability", claim, retain=True)
    stage.steps(3)
    everything_written(stage)
    assert kept_in(only_record(tmp_path / "record")) == {}
    stage.send(HOST, "availability", b"offline", retain=True)
    stage.steps(3)
    everything_written(stage)
    stage.stop("record")
    assert moment(kept_in(only_record(tmp_path / "record"))) == (stage.json("clock", "site")["run"], 9)


def test_windows_are_written_where_no_set_is_of_one_moment(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a broker drops the proposals of a device for whoever listens: time must not stand still for that."""
    monkeypatch.setattr(roles, "STUCK_AFTER", 0.5)
    stage.steps(3)
    everything_written(stage)
    record = stage.runtimes["record"].role
    assert isinstance(record, roles.RecordRole)
    hear = record._memory.hear
    monkeypatch.setattr(
        record._memory, "hear", lambda device, leaf, payload: None if leaf == "proposal" else hear(device, leaf, payload)
    )
    stage.steps(4)
    everything_written(stage)
    stage.stop("record")
    assert kept_in(only_record(tmp_path / "record")) == {}
    assert [place(line)[1] for line in lines_in(only_record(tmp_path / "record"))] == list(range(1, 8))


# -- files -------------------------------------------------------------------------------------------------------------


def test_two_records_do_not_write_the_same_file(stage: Stage, tmp_path: Path) -> None:
    stage.steps(2)
    stage.described["twin"] = stage.described["record"].__class__(
        stage.home.name, "twin", "record", stage.described["record"].settings.model_copy(update={"folder": str(tmp_path / "record")})
    )
    stage.make("twin").start()
    del stage.described["twin"]
    stage.wait(lambda: stage.fatal)
    assert "another process writes the record" in stage.fatal[0]
    stage.steps(2)
    everything_written(stage)


@pytest.mark.parametrize("kind", DISKS)
def test_a_disk_that_is_full_is_told_and_nothing_is_said_to_be_written(broker: Broker, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "RETRY_EVERY", 0.1)
    with small_disk(tmp_path / "disk", kind) as disk, Stage(broker.endpoint, recorded_home(STANDING), records=disk.folder) as stage:
        stage.start()
        stage.steps(5)
        everything_written(stage)
        disk.fill()
        _windows_that_do_not_fit(stage, disk)
        before = booked_of(stage)
        stage.send("clock", "set", {"paused": False})
        stage.wait(lambda: waiting_for(stage) == ["record"])
        assert booked_of(stage) == before
        assert settled(stage) == before + bounds.AHEAD
        disk.free()
        stage.wait(lambda: booked_of(stage) > before + bounds.AHEAD)
        stage.send("clock", "set", {"paused": True})
        stage.rest()
        everything_written(stage)
        told = [error["error"] for error in stage.errors("record")]
        assert len(told) == 2
        assert "cannot be kept" in told[0]
        assert "is kept again" in told[1]
        stage.stop("record")
        assert audit_of(disk.folder / "record").problems == []


def _windows_that_do_not_fit(stage: Stage, disk: Disk) -> None:
    """Let windows pass until the room that the log had is used up."""
    for _ in range(200):
        stage.steps(1)
        if stage.errors("record"):
            return
    raise AssertionError(f"{disk.folder} took everything")


def test_a_new_run_has_a_record_of_its_own(stage: Stage, tmp_path: Path) -> None:
    stage.steps(5)
    everything_written(stage)
    before = stage.json("clock", "site")["run"]
    stage.kill("clock")
    stage.start("clock", fresh=True)
    stage.wait(lambda: stage.json("clock", "site")["run"] != before and stage.runtimes["record"].online)
    stage.steps(4)
    everything_written(stage)
    stage.stop("record")
    assert {path.stem for path in records(tmp_path / "record")} == {before, stage.json("clock", "site")["run"]}
    assert kept_in(tmp_path / "record" / f"{before}.sqlite") == {}, "nobody goes on with a run that was given up"
    last = [read_ledger(line) for line in lines_in(tmp_path / "record" / f"{stage.json('clock', 'site')['run']}.sqlite")]
    assert [record.seq for record in last] == [1, 2, 3, 4]
    assert last[0].span.start == START
    assert last[-1].span.end == START + 4 * STEP


# -- who may ask -------------------------------------------------------------------------------------------------------


def test_only_a_record_or_the_host_has_ledger_records_repeated(stage: Stage) -> None:
    stage.steps(20)
    run = stage.json("clock", "site")["run"]
    ask = write(MissingMessage(run=run, after=15))
    for name, heard in (("oven", 0), ("stranger", 0), ("record", 5), (HOST, 5)):
        before = len(stage.all("inverter", "ledger"))
        stage.send(name, "missing", ask)
        assert len(stage.all("inverter", "ledger")) - before == heard, name
    stage.steps(1)


def test_a_flood_of_asking_makes_no_flood_of_answers(stage: Stage) -> None:
    stage.steps(20)
    before = len(stage.all("inverter", "ledger"))
    for _ in range(500):
        stage.spy.publish(stage.topic("record", "missing"), write(MissingMessage(run=stage.json("clock", "site")["run"], after=15)), 1)
    stage.loop.complete(stage.spy.flush(20))
    stage.sync()
    stage.sync()
    assert len(stage.all("inverter", "ledger")) - before <= 10 * 5
    stage.steps(1)
