"""A host that is killed together with its broker: what is on the disk then has to fit together, whenever that is."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.machine import BROKER_KINDS
from tests.records import kept_in, lines_in, records
from tests.stage import PLUGS, SMALL, STEP, small_home, undisturbed
from virtual_devices.edge.broker.start import BrokerKind, start_broker
from virtual_devices.edge.ledger.audit import audit_file
from virtual_devices.edge.ledger.file import LedgerFile
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.keeping import moments
from virtual_devices.record.store.kept import moment
from virtual_devices.record.store.writer import RecordWriter


def running(text: str) -> str:
    """Without a pause, in short windows."""
    return text.replace(", paused: true", "").replace("speed: max", "speed: max, max_steps: 2")


RUNNING = running(SMALL)


async def as_it_is(_: HomeHost) -> None:
    """Nothing happens."""


class Disk:
    """A folder on which a home is played, each time on a broker that remembers nothing."""

    def __init__(self, folder: Path, kind: BrokerKind) -> None:
        self.folder, self.kind = folder, kind
        self.state, self.ledger = folder / "state", folder / "ledger.jsonl"
        self._lives = 0

    def play(self, home: Home, steps: int, ready: Callable[[HomeHost], Awaitable[None]] = as_it_is) -> HomeHost:
        self._lives += 1
        with start_broker(self.folder / f"broker{self._lives}", kind=self.kind, port=0) as broker, Loop() as loop:
            orders = HostOptions(home, {}, broker.endpoint, self.state, self.folder, steps * STEP, ledger=self.ledger)
            host = HomeHost(loop, orders)
            loop.complete(host.run(lambda _: ready(host)))
            return host

    def kept(self) -> int:
        """The window from which the next host goes on."""
        settled = moment(kept_in(records(self.state)[-1])) if records(self.state) else None
        return settled[1] if settled is not None else 0

    def recorded(self) -> list[LedgerRecord]:
        return [read_ledger(line) for line in lines_in(records(self.state)[-1])]

    def records(self) -> list[LedgerRecord]:
        lines = self.ledger.read_bytes().splitlines(keepends=True) if self.ledger.exists() else []
        return [read_ledger(line) for line in lines if line.endswith(b"\n")]

    def copy(self, folder: Path) -> Disk:
        """What would be there if everything were killed now."""
        made = Disk(folder, self.kind)
        folder.mkdir()
        shutil.copytree(self.state, made.state)
        shutil.copy(self.ledger, made.ledger)
        return made


def copied_at(disk: Disk, monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[Disk]:
    """Copies of the disk after each of its writes, from now on."""
    copies: list[Disk] = []

    def after(original: Callable[..., Any]) -> Callable[..., Any]:
        def write(*arguments: Any, **options: Any) -> Any:
            done = original(*arguments, **options)
            if disk.state.exists() and disk.ledger.exists():
                copies.append(disk.copy(folder / str(len(copies))))
            return done

        return write

    for owner in (RecordWriter, LedgerFile):
        monkeypatch.setattr(owner, "write", after(owner.write))
    return copies


@pytest.mark.parametrize("text", [SMALL, PLUGS], ids=["small", "plugs"])
@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_whenever_it_dies_its_books_have_all_that_the_next_one_goes_on_behind(
    kind: BrokerKind, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = small_home(running(text))
    disk = Disk(tmp_path, kind)
    (tmp_path / "copies").mkdir()
    with monkeypatch.context() as patched:
        copies = copied_at(disk, patched, tmp_path / "copies")
        disk.play(home, 30)
    assert len(copies) >= 30
    unlike = [(seq, recorded) for copy in copies if (seq := copy.kept()) != (recorded := len(copy.recorded()))]
    assert unlike == [], "a home goes on behind what is in its books, and behind no less"
    assert disk.kept() == len(disk.records()), "an orderly end leaves nothing to settle again"
    assert len({copy.kept() for copy in copies}) >= 10
    for copy in [copy for copy in copies if copy.kept() >= 5][:: len(copies) // 4]:
        assert_whole(copy, home, 50)


def assert_whole(disk: Disk, home: Home, steps: int) -> None:
    """The home goes on as if nothing had happened, to so many steps in all; no record is missing, and all have counted what the ledger says."""
    settled = sum(record.span.steps for record in disk.records() if record.seq <= disk.kept())
    host = disk.play(home, steps - settled)
    audit = audit_file(disk.ledger)
    assert audit.problems == []
    assert audit.checked_steps == steps
    got: Counter[str] = Counter()
    summary = Summary(home.name)
    for record in disk.records():
        summary.add(record)
        for (_, sink), column in zip(record.edges, record.energy, strict=True):
            got[sink] += sum(column)
    assert summary.digest == undisturbed(home, steps).digest
    for name in {"oven", "geyser", "plug", "kitchen"} & got.keys():
        assert round(host.archive.state(name)["energy_joules"] * 1000) == got[name] > 0


def withheld(host: HomeHost, seqs: range, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Ledger records that this host does not hear, not even when they are repeated, until the patch is undone."""
    kept: list[bytes] = []
    hear = host._books._hear_ledger

    def lose(payload: bytes) -> None:
        if orjson.loads(payload)["seq"] in seqs:
            kept.append(payload)
        else:
            hear(payload)

    monkeypatch.setattr(host._books, "_hear_ledger", lose)
    return kept


def test_a_window_whose_record_has_not_come_is_not_kept_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = small_home(RUNNING)
    disk = Disk(tmp_path, BROKER_KINDS[0])

    async def lose(host: HomeHost) -> None:
        withheld(host, range(6, 9), monkeypatch)
        assert await host.loop.until(lambda: (moment(host.archive.found) or ("", 0))[1] >= 14, 60)
        copies.append(disk.copy(tmp_path / "copy"))
        monkeypatch.undo()

    copies: list[Disk] = []
    disk.play(home, 50, lose)
    assert [record.seq for record in copies[0].records()] == list(range(1, 6))
    assert copies[0].kept() == 5
    assert_whole(copies[0], home, 50)
    assert audit_file(disk.ledger).problems == [], "they came when it asked for them"
    assert disk.kept() == len(disk.records())


def test_a_record_that_nobody_has_any_more_is_a_gap_in_the_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "LONGEST_WAIT", 0.2)
    home = small_home(RUNNING.replace("speed: max", "speed: 1200"))
    disk = Disk(tmp_path, BROKER_KINDS[0])
    done: list[bool] = []

    async def lose(host: HomeHost) -> None:
        withheld(host, range(4, 5), monkeypatch)
        done.append(await host.loop.until(lambda: disk.kept() >= 10, 60))

    disk.play(home, 60, lose)
    assert done == [True]
    assert [record.seq for record in disk.records()][:6] == [1, 2, 3, 5, 6, 7]
    assert disk.kept() == disk.records()[-1].seq
