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
from virtual_devices.loads.base_load import WORKDAY

WRITTEN = Path(__file__).parent / "written"
EXPECTED = sorted(WRITTEN.glob("*/*/expected.json"))
STOPPED_SINCE = {
    "2026-11-25": "3d4385f0b4da0e5800f1cbacb6dbc82630580c004d14fe93b27e20f5c08f7461",
    "2026-11-28": "8dfaf231f73c66daee1a20f2f817c12797166eacbafeb7da9bc58ee553c4c5cb",
}
"""Digests of homes that come to something else than under the version that wrote them, by what this one has worked out. Panels see the sky, reflect
it and use its spectrum otherwise from the next window on; and here nobody had set their weather's swing and wind, so that both are of the climate
from then on."""
KILLED_SINCE = {
    "mosquitto": "136c5302a9a8da9855d1825692ef28ab5232241b334ed38364458bf7c2670370",
    "iotcore": "af450ce466b27200d16c78a3d825c1d050b45a723080e0c1a8b9df1f52c592b8",
}
"""Mosquitto kept what the panels had proposed for the window that was open, and that holds; the embedded broker did not, so that it is proposed anew."""
SINCE_BUT_WEATHER = {
    "2026-11-25": "19f56742d97d5d07dfb4e1e85c51a3d2af39e79a01fc6af91f43ea28647dd9b4",
    "2026-11-28": "3deb402622bd9aad8153aa824f42738ec300748148b4b0898ee8fd0acd065737",
}
"""Of the stopped ones whose weather is told to be as it was."""
FORMER_WEATHER = ("mean_temp_air: 13 °C}", "mean_temp_air: 13 °C, temp_swing: 5 K, mean_wind_speed: 3 m/s}")
"""What the home files would say of it, and what they would have to say so that it stays."""
FORMER_HOUSEHOLD = ("{kind: base_load, priority: 1}", f'{{kind: base_load, priority: 1, spikes: 0, weekend_profile: "{WORKDAY}"}}')
"""What the home files say of their household, and what they have to say so that it is as it was: without spikes, all days alike."""


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
        home = target / "home.yaml"
        home.write_text(home.read_text("utf-8").replace(*FORMER_HOUSEHOLD), "utf-8")
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
    version, ended = file.parent.parent.name, file.parent.name
    since = STOPPED_SINCE[version] if ended == "stopped" else KILLED_SINCE[broker]
    said = goes_on(unpacked(file.parent), broker, monkeypatch, {**expected, "digest": since})
    told = [line for line in said if "nobody had set these former defaults" in line]
    assert len(told) == (ended == "stopped"), "once"
    assert not told or "temp_swing 5.0, mean_wind_speed 3.0" in told[0]


@pytest.mark.parametrize("file", [file for file in EXPECTED if file.parent.name == "stopped"], ids=lambda file: file.parent.parent.name)
def test_what_the_former_weather_was_by_default_holds_on_where_it_is_set(
    file: Path, unpacked: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpacked(file.parent)
    text = (folder / "home.yaml").read_text("utf-8")
    assert FORMER_WEATHER[0] in text
    (folder / "home.yaml").write_text(text.replace(*FORMER_WEATHER), "utf-8")
    goes_on(folder, BROKERS[-1], monkeypatch, {**orjson.loads(file.read_bytes()), "digest": SINCE_BUT_WEATHER[file.parent.parent.name]})


def goes_on(folder: Path, broker: str, monkeypatch: pytest.MonkeyPatch, expected: dict[str, Any]) -> list[str]:
    """The home goes on as expected; what it said."""
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
    return said


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
