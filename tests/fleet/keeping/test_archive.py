"""What survives a broker: a consistent set, whole or not at all, put back where it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.former import former_text, overwritten
from tests.records import kept_in, records
from tests.stage import START, STEP, Stage, undisturbed
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.keeping.archive import Archive
from virtual_devices.kit.errors import BrokerError, ConfigurationError
from virtual_devices.record.files.former import FILE, NEWEST, TAKEN_OVER
from virtual_devices.record.store.kept import KEPT, LEAVES, Messages, moment


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint) as made:
        yield made


Make = Callable[..., Archive]


@pytest.fixture
def make(stage: Stage, tmp_path: Path) -> Iterator[Make]:
    made: list[Archive] = []

    def one(folder: Path | None = None) -> Archive:
        archive = Archive(stage.loop, stage.endpoint, stage.home.name, folder or tmp_path / "state", lambda *_: None)
        stage.loop.complete(archive.open())
        made.append(archive)
        return archive

    yield one
    for archive in made:
        stage.loop.complete(archive.client.leave())
        archive.keeper.let_go()


def written(folder: Path) -> Messages:
    return kept_in(records(folder)[-1])


def message(run: str, seq: int, **more: Any) -> bytes:
    return orjson.dumps({"run": run, "seq": seq, **more})


def saved(folder: Path, home: str, *messages: tuple[str, str, bytes], version: int = 1) -> Path:
    """As versions before records kept a set."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(former_text(home, {(device, leaf): payload for device, leaf, payload in messages}, version=version))
    return folder / FILE


# -- saving ------------------------------------------------------------------------------------------------------------


def test_only_a_set_of_one_moment_is_kept(stage: Stage, make: Make, tmp_path: Path) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(5)
    archive.keeper.save()
    first = written(tmp_path / "state")
    assert {leaf for _, leaf in first} == set(KEPT)
    assert {device for device, leaf in first if leaf == "proposal"} == {"roof", "battery", "grid", "oven", "geyser"}
    settled = len(stage.records)
    # a window that is proposed and not settled belongs to no moment
    stage.when_heard_by("inverter", "clock", "window", lambda: stage.vanish("inverter"))
    stage.begin_steps(5)
    stage.wait(lambda: stage.availability("inverter") == "offline")
    stage.sync()
    assert orjson.loads(archive.found["oven", "proposal"])["seq"] == settled + 1
    archive.keeper.save()
    assert moment(written(tmp_path / "state")) == moment(first), "what is proposed for the next window may be in it"
    stage.start("inverter")
    stage.wait(lambda: stage.settled == START + 10 * STEP)
    stage.rest()
    archive.keeper.save()
    assert written(tmp_path / "state") != first


def test_who_dies_while_it_is_written_leaves_the_set_before(stage: Stage, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(2)
    stage.steps(2)
    archive.keeper.save()
    before = written(tmp_path / "state")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("virtual_devices.record.store.writer.RecordWriter._note", dies)
        with pytest.raises(KeyboardInterrupt):
            archive.keeper.save()
    assert written(tmp_path / "state") == before
    stage.steps(1)
    archive.keeper.save()
    assert written(tmp_path / "state") != before


def seq_of(messages: Messages) -> int:
    return int(orjson.loads(messages["inverter", "settlement"])["seq"])


def test_a_killed_host_loses_no_window(stage: Stage, make: Make, tmp_path: Path) -> None:
    """For the last one the disk was not waited for."""
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(1)
    archive.keeper.save()
    stage.steps(1)
    archive.keeper.save(sync=False)
    assert seq_of(written(tmp_path / "state")) == len(stage.records)


def test_an_orderly_end_leaves_one_file(stage: Stage, make: Make, tmp_path: Path) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(2)
    stage.loop.complete(archive.close())
    (file,) = (tmp_path / "state").iterdir()
    assert file == records(tmp_path / "state")[0]
    assert seq_of(kept_in(file)) == len(stage.records)


def test_the_folder_is_its_owners_alone(stage: Stage, make: Make, tmp_path: Path) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(1)
    archive.keeper.save()
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


# -- loading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b'{"version": 1}', b'{"version": 1, "home": "H", "messages": 5}',
        b'{"version": 1, "home": "H", "messages": [["a", "b"]]}', b'{"version": 1, "home": "H", "messages": [["a", "b", 5]]}',
        b'{"version": 1, "home": "H", "messages": [["a", "b", "*"]]}', b'{"version": 7, "home": "H", "messages": []}',
        b"[" * 200_000, b'{"version": 1, "home": ' + b"[" * 200_000, b'{"version": 1, "home": "H", "messages": [["+", "site", ""]]}',
        b'{"version": 1, "home": "H", "messages": [["#", "site", ""]]}', b'{"version": 1, "home": "H", "messages": [["a", "#", ""]]}',
        b'{"version": 1, "home": "H", "messages": [[5, "site", ""]]}', b'{"version": 1, "home": "H", "messages": [["a", 5, ""]]}',
        b'{"version": 1, "home": "H", "messages": [["a", ["site"], ""]]}', b'{"version": 1, "home": "H", "messages": [["a/b", "site", ""]]}',
        b'{"version": 1, "home": "H", "messages": [["a", "set", ""]]}', b'{"version": 1, "home": "H", "messages": [[null, null, null]]}',
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_resumed_is_refused_in_words(stage: Stage, make: Make, tmp_path: Path, content: bytes) -> None:
    archive = make()
    file = saved(tmp_path / "state", stage.home.name)
    file.write_bytes(content.replace(b'"H"', f'"{stage.home.name}"'.encode()))
    with pytest.raises(ConfigurationError, match="--fresh") as caught:
        archive.kept()
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("content", [b"0 " + b"9" * 5000 + b"\n", b"\n", b"00000000 0\n", b"rubbish", b"\xff" * 100, "0 ٣\n".encode()])
def test_a_second_file_that_is_damaged_gives_way(stage: Stage, make: Make, tmp_path: Path, content: bytes) -> None:
    archive = make()
    saved(tmp_path / "state", stage.home.name, ("clock", "site", message("r1", 0)))
    (tmp_path / "state" / NEWEST).write_bytes(content)
    assert archive.kept() == {("clock", "site"): message("r1", 0)}


@pytest.mark.parametrize(("run", "cut", "more", "seq"), [("r1", 0, b"", 5), ("r1", 0, b"of an earlier one", 5), ("r1", 1, b"", 4), ("r1", 60, b"", 4), ("r2", 0, b"", 4)])
def test_the_second_file_counts_when_it_is_whole_and_of_the_same_run(stage: Stage, make: Make, tmp_path: Path, run: str, cut: int, more: bytes, seq: int) -> None:
    archive = make()
    home = stage.home.name
    saved(tmp_path / "state", home, ("clock", "site", message("r1", 0)), ("inverter", "settlement", message("r1", 4)))
    newest = overwritten(former_text(home, {("clock", "site"): message(run, 0), ("inverter", "settlement"): message(run, 5)}))
    (tmp_path / "state" / NEWEST).write_bytes(newest[: len(newest) - cut] + more)
    assert seq_of(archive.kept()) == seq
    assert {path.name for path in (tmp_path / "state").iterdir()} == {"r1.sqlite", FILE + TAKEN_OVER, NEWEST + TAKEN_OVER}


def test_no_file_is_nothing_to_resume(make: Make) -> None:
    archive = make()
    assert archive.kept() == {}
    assert archive.put_back() is False


def test_a_file_of_another_home_is_refused(make: Make, tmp_path: Path) -> None:
    archive = make()
    saved(tmp_path / "state", "elsewhere", ("clock", "site", message("r1", 0)))
    with pytest.raises(ConfigurationError, match="elsewhere"):
        archive.kept()


# -- putting back ------------------------------------------------------------------------------------------------------


def retained(stage: Stage) -> dict[tuple[str, str], bytes]:
    stage.sync()
    return {key: value for key, value in stage.last.items() if value and key[1] in LEAVES}


def test_everything_is_put_back_on_a_broker_that_has_nothing(stage: Stage, make: Make, tmp_path: Path) -> None:
    messages = [("clock", "site", message("r1", 0)), ("oven", "proposal", message("r1", 4)), ("inverter", "settlement", message("r1", 4))]
    saved(tmp_path / "state", stage.home.name, *messages)
    archive = make()
    assert archive.put_back() is True
    stage.loop.complete(archive.settle_down())
    assert retained(stage) == {(device, leaf): payload for device, leaf, payload in messages}


def test_of_one_run_the_higher_seq_wins(stage: Stage, make: Make, tmp_path: Path) -> None:
    saved(
        tmp_path / "state", stage.home.name, ("clock", "site", message("r1", 0)),
        ("oven", "proposal", message("r1", 4)), ("tv", "proposal", message("r1", 4)), ("grid", "proposal", message("r1", 4)),
    )  # fmt: skip
    for device, leaf, payload in (
        ("clock", "site", message("r1", 0, place="here")), ("oven", "proposal", message("r1", 5)), ("tv", "proposal", message("r1", 3)),
    ):  # fmt: skip
        stage.send(device, leaf, payload, retain=True)
    archive = make()
    assert archive.put_back() is True
    stage.loop.complete(archive.settle_down())
    found = retained(stage)
    assert found["clock", "site"] == message("r1", 0, place="here"), "what is there stays"
    assert found["oven", "proposal"] == message("r1", 5)
    assert found["tv", "proposal"] == message("r1", 4)
    assert found["grid", "proposal"] == message("r1", 4)


def test_another_run_on_the_broker_is_left_alone(stage: Stage, make: Make, tmp_path: Path) -> None:
    saved(
        tmp_path / "state", stage.home.name, ("clock", "site", message("r1", 0)), ("oven", "proposal", message("r1", 40)),
        ("tv", "proposal", message("r1", 40)),
    )  # fmt: skip
    stage.send("clock", "site", message("r2", 0), retain=True)
    stage.send("oven", "proposal", message("r2", 3), retain=True)
    archive = make()
    assert archive.put_back() is True
    stage.loop.complete(archive.settle_down())
    found = retained(stage)
    assert found["oven", "proposal"] == message("r2", 3)
    assert ("tv", "proposal") not in found


def test_a_broker_with_an_older_moment_does_not_turn_back_the_time(stage: Stage, make: Make) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(5)
    older = {key: value for key, value in stage.last.items() if key[1] in KEPT}
    stage.steps(10)
    stage.kill(*stage.described)
    newer = {key: value for key, value in stage.last.items() if key[1] in KEPT}
    stage.loop.complete(archive.close())
    for (device, leaf), payload in older.items():
        stage.send(device, leaf, payload, retain=True)
    second = make()
    assert second.put_back() is True
    stage.loop.complete(second.settle_down())
    assert {key: value for key, value in retained(stage).items() if key[1] in KEPT} == newer
    assert newer != older


def test_a_home_goes_on_from_what_was_put_back(tmp_path: Path, stage: Stage, make: Make) -> None:
    archive = make(tmp_path / "kept")
    archive.put_back()
    stage.start()
    stage.steps(20)
    stage.kill(*stage.described)
    stage.loop.complete(archive.close())
    digest = stage.digest
    with start_broker(tmp_path / "other", port=0) as other, Stage(other.endpoint, stage.home) as elsewhere:
        second = Archive(elsewhere.loop, other.endpoint, stage.home.name, tmp_path / "kept", lambda *_: None)
        elsewhere.loop.complete(second.open())
        assert second.put_back() is True
        elsewhere.loop.complete(second.settle_down())
        elsewhere.sync()  # the spy has heard of the run, else its clock would begin another one
        elsewhere.start()
        elsewhere.begin_steps(30)
        elsewhere.wait(lambda: elsewhere.settled == START + 50 * STEP)
        elsewhere.rest()
        assert elsewhere.audited().digest == undisturbed(stage.home, 50).digest != digest
        elsewhere.loop.complete(second.client.leave())


# -- clearing ----------------------------------------------------------------------------------------------------------


def discovered(stage: Stage) -> set[str]:
    found: set[str] = set()
    client = Client(stage.loop, stage.endpoint, "looker", on_message=lambda topic, payload, _: found.add(topic) if payload else None)
    client.subscribe((f"homeassistant/device/virtual-{stage.home.name}-oven/config", 0), ("looker/mark", 0))
    client.subscribe((f"homeassistant/device/virtual-{stage.home.name}-geyser/config", 0))
    client.connect()
    stage.wait(lambda: client.subscribed)
    client.publish("looker/mark", b"1")
    stage.wait(lambda: "looker/mark" in found)
    client.publish("looker/mark", b"2")
    stage.loop.complete(client.flush(5))
    stage.loop.complete(client.leave())
    return found - {"looker/mark"}


def said_by_devices(stage: Stage) -> set[str]:
    """All leaves that the broker retains of the home's devices."""
    with Session(stage.endpoint) as session:
        topics = [topic.split("/") for topic in session.collect(f"virtual/{stage.home.name}/#")]
    return {leaf for _, _, device, leaf, *_ in topics if device in stage.described}


def test_what_a_removed_device_left_is_cleared_and_the_rest_stays(stage: Stage, make: Make) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(2)
    stage.stop("oven")
    assert stage.loop.complete(archive.forget({"oven"})) >= 4
    stage.loop.complete(archive.settle_down())
    found = retained(stage)
    assert {device for device, _ in found} == set(stage.described) - {"oven"}
    assert discovered(stage) == {discovery.topic(stage.home.name, "geyser")}


def test_forgetting_all_devices_leaves_nothing(stage: Stage, make: Make) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(2)
    assert {"ahead", "face", "state"} <= said_by_devices(stage)
    stage.stop(*stage.described)
    stage.loop.complete(archive.forget({device for device, _ in archive.found}))
    stage.loop.complete(archive.settle_down())
    stage.sync()
    assert retained(stage) == {}
    assert discovered(stage) == set()
    assert said_by_devices(stage) == set()


def test_a_fresh_start_clears_what_a_resume_would_begin_from(stage: Stage, make: Make, tmp_path: Path) -> None:
    archive = make()
    archive.put_back()
    stage.start()
    stage.steps(2)
    stage.stop(*stage.described)
    archive.keeper.save()
    archive.start_afresh()
    stage.loop.complete(archive.settle_down())
    left = {leaf for _, leaf in retained(stage)}
    assert not left & set(KEPT)
    assert {"about", "availability", "state"} <= left
    assert archive.put_back() is False
    assert not (tmp_path / "state" / FILE).exists()


def test_no_broker_is_told_in_words(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.fleet.keeping.archive._CONNECT_TIMEOUT", 0.3)
    archive = Archive(stage.loop, Endpoint("127.0.0.1", 1), stage.home.name, tmp_path, lambda *_: None)
    with pytest.raises(BrokerError, match=r"no broker answers at mqtt://127.0.0.1:1 .*--broker"):
        stage.loop.complete(archive.open())
    stage.loop.complete(archive.client.leave())
