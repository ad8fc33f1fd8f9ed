"""Homes that earlier versions left, kept as files: this version goes on with them as if nothing had happened.

`written/make_written_homes.py` made them and says what each of them is. The digest that a home has to come to was worked out by the
version that wrote it. It holds for one architecture and one set of package versions, as all digests do.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.machine import free_ports
from tests.scenarios.running import BROKERS
from tests.scenarios.written.make_written_homes import PACKED
from virtual_devices.edge.ledger.audit import audit_file
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.fleet.up import Options, up
from virtual_devices.kit.home.model import Home

WRITTEN = Path(__file__).parent / "written"
EXPECTED = sorted(WRITTEN.glob("*/*/expected.json"))


@dataclass
class Witness:
    """Sees that no counter falls behind what the home showed when it ended, nor behind anything later."""

    shown: dict[str, dict[str, float]]
    falls: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    """Devices that have said a state."""

    def meet(self, home: Home) -> None:
        """The home is the one that is resumed."""

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""
        if leaf != "state" or not payload:
            return
        state, before = orjson.loads(payload), self.shown.get(device, {})
        self.told.add(device)
        for name, value in before.items():
            now = state.get(name)
            if now is None:
                continue  # nothing is known before the first window
            if now < value:
                self.falls.append(f"{device}.{name} fell from {value} to {now}")
            before[name] = now


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[[Path], Path]:
    """The folder in which the home ran, as it was."""

    def copy(folder: Path) -> Path:
        target = shutil.copytree(folder, tmp_path / folder.name)
        for file in (file for ending in PACKED for file in target.rglob(f"*{ending}.gz")):
            file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
            file.unlink()
        return target

    return copy


def test_there_are_homes_to_resume() -> None:
    assert {file.parent.name for file in EXPECTED} == {"stopped", "killed"}


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("file", EXPECTED, ids=lambda file: f"{file.parent.parent.name}-{file.parent.name}")
def test_a_home_of_an_earlier_version_goes_on(
    file: Path, broker: str, unpacked: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = orjson.loads(file.read_bytes())
    folder = unpacked(file.parent)
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    below = (folder / "state" / "virtual-devices").is_dir()  # where `up` keeps it unless told otherwise
    (ledger,) = folder.glob("ledger.*")
    witness, said = Witness(expected["counters"]), list[str]()
    result = up(
        Options(
            home_file=folder / "home.yaml", broker_kind=broker, port=free_ports(), speed=0, state=None if below else folder / "state",
            duration=expected["later"] - expected["resumes_at"], ledger=ledger,
        ),
        watcher=witness, say=said.append,
    )  # fmt: skip
    assert [line for line in said if "dropped" in line or "cannot" in line] == []
    assert instant(result["start"]) == expected["resumes_at"], "the run goes on where it was"
    assert instant(result["end"]) == expected["later"]
    assert result["ledger_sha256"] == expected["digest"]
    assert result["audit"]["ok"]
    assert witness.falls == []
    assert witness.told >= set(expected["counters"])
    audit = audit_file(ledger)
    assert (audit.problems, audit.checked_steps) == ([], expected["steps"]), "its ledger file has no gap"
    assert witness.shown["grid"]["import_energy_joules"] * 1000 == pytest.approx(imported(ledger), abs=1), "its meter counts on"


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def imported(ledger: Path) -> int:
    """mJ that the grid gave according to all of a ledger file."""
    opened: Any = gzip.open if ledger.suffix == ".gz" else open
    with opened(ledger, "rb") as lines:
        records = [read_ledger(line) for line in lines]
    return sum(
        sum(column) for record in records for edge, column in zip(record.edges, record.energy, strict=True) if edge == ("grid", "meter")
    )
