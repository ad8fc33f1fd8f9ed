"""Which run a state folder resumes: the broker's own; and what is said where the home is another."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.former import as_former
from tests.machine import BROKER_KINDS
from tests.records import facts_in, kept_in, records
from tests.stage import SMALL, START, STEP, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.site import KEPT as KEPT_OF_A_SITE
from virtual_devices.edge.runtime.site import changes
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.files import runs
from virtual_devices.record.files.former import FILE, NEWEST
from virtual_devices.record.files.runs import OWN, Runs, broker_of
from virtual_devices.record.keeping import keeper
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.store.kept import Messages, moment

RUNNING = SMALL.replace(", paused: true", "").replace("HOME", "cape")


class Place:
    """A state folder, and brokers that forget everything between two plays unless they are said to stay."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, folder / "state"
        self._numbers = itertools.count(1)
        self.staying: dict[str, Broker] = {}

    @contextmanager
    def _broker(self, name: str) -> Iterator[Broker]:
        if name in self.staying:
            yield self.staying[name]
            return
        with start_broker(self.folder / f"broker{next(self._numbers)}", kind=BROKER_KINDS[-1], port=0) as made:
            yield made

    def play(self, broker: str = OWN, steps: int = 10, *, text: str = RUNNING, **options: Any) -> dict[str, Any]:
        home = small_home(text, "cape")
        with self._broker(broker) as made, Loop() as loop:
            orders = HostOptions(home, {}, made.endpoint, self.state, self.folder, steps * STEP, broker=broker, **options)
            return loop.complete(HomeHost(loop, orders).run())

    def records(self) -> list[Path]:
        """The one that was written last at the end."""
        return records(self.state)

    @property
    def run(self) -> str:
        return self.records()[-1].stem

    def facts(self) -> dict[str, Any]:
        return facts_in(self.records()[-1])

    def kept(self) -> Messages:
        return kept_in(self.records()[-1])

    def aside(self) -> list[str]:
        return sorted(path.stem for path in self.records()[:-1])

    def as_before(self) -> None:
        """The state as it was written before files said where they are from."""
        as_former(self.state, "cape", says_where=False)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def expected(steps: int) -> str:
    return undisturbed(small_home(RUNNING, "cape"), steps).digest


# -- the broker decides ------------------------------------------------------------------------------------------------


def test_one_home_on_two_brokers_has_two_runs_and_each_goes_on(place: Place) -> None:
    place.play(OWN, 10)
    first = place.run
    elsewhere = place.play("one:1883", 7)
    assert place.run != first
    assert place.aside() == [first]
    assert elsewhere["ledger_sha256"] == expected(7), "it begins anew"
    assert place.play(OWN, 10)["ledger_sha256"] == expected(20)
    assert place.run == first
    assert place.play("one:1883", 7)["ledger_sha256"] == expected(14)
    assert place.play("two:1883", 3)["ledger_sha256"] == expected(3)
    assert len(place.aside()) == 2


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_the_run_that_a_broker_retains_picks_the_state_whatever_the_broker_is_called(place: Place, kind: BrokerKind) -> None:
    """Its address has changed, and the state of another run was kept last."""
    with start_broker(place.folder / "stays", kind=kind, port=0) as broker:
        place.staying = {"old:1883": broker, "new:1883": broker}
        place.play("old:1883", 5)
        run = place.run
        place.play(OWN, 9)
        assert place.aside() == [run]
        assert place.play("new:1883", 5)["ledger_sha256"] == expected(10)
        assert place.run == run
        assert place.facts()["broker"] == "new:1883"
    # the same broker with an empty memory: the run that was kept last there
    place.staying = {}
    assert place.play("new:1883", 5)["ledger_sha256"] == expected(15)


def test_a_run_that_the_folder_does_not_know_goes_on_from_what_the_broker_has(place: Place) -> None:
    with start_broker(place.folder / "stays", port=0) as broker:
        place.staying = {"one:1883": broker}
        place.play("one:1883", 5)
        place.records()[-1].unlink()
        place.play(OWN, 9)
        assert place.play("one:1883", 5)["ledger_sha256"] == expected(10)
        assert len(place.aside()) == 1


def test_a_host_that_is_killed_loses_no_window(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it did not wait for the disk with survives it all the same."""
    place.play(OWN, 10)
    with monkeypatch.context() as patched:
        patched.setattr(keeper, "SYNC_EVERY", 1e9)
        patched.setattr(Keeper, "close", Keeper.let_go)
        place.play(OWN, 10)
    kept = place.kept()
    place.play("one:1883", 3)
    assert place.play(OWN, 10)["ledger_sha256"] == expected(30)
    assert moment(kept) is not None


def test_only_so_many_runs_are_kept_and_the_last_ones(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_RUNS", 4)
    for number in range(6):
        place.play(f"broker{number}:1883", 2)
    assert len(place.aside()) == 3
    assert place.play("broker2:1883", 2)["ledger_sha256"] == expected(4)
    assert place.play("broker0:1883", 2)["ledger_sha256"] == expected(2), "forgotten"


def test_fresh_gives_up_this_brokers_run_and_no_other(place: Place) -> None:
    place.play(OWN, 10)
    place.play("one:1883", 7)
    assert place.play(OWN, 4, fresh=True)["ledger_sha256"] == expected(4)
    assert place.play("one:1883", 7, fresh=True)["ledger_sha256"] == expected(7)
    assert place.play(OWN, 4)["ledger_sha256"] == expected(8)
    assert place.play("one:1883", 7)["ledger_sha256"] == expected(14)


# -- what users have ---------------------------------------------------------------------------------------------------


def test_a_state_that_does_not_say_where_it_is_from_goes_on(place: Place) -> None:
    place.play(OWN, 10)
    place.as_before()
    assert place.play(OWN, 10)["ledger_sha256"] == expected(20)
    assert place.facts()["broker"] == OWN
    assert (place.facts()["zone"], place.facts()["step"]) == ("Africa/Johannesburg", STEP)
    assert place.aside() == []


def test_such_a_state_with_its_last_windows_in_the_second_file_goes_on(place: Place) -> None:
    """As a killed host left it: what it overwrote in place is newer."""
    place.play(OWN, 10)
    older = place.kept()
    place.play(OWN, 10)
    as_former(place.state, "cape", says_where=False, waited_for=older)
    assert (place.state / NEWEST).exists()
    assert place.play(OWN, 10)["ledger_sha256"] == expected(30)
    assert not (place.state / NEWEST).exists()
    assert not (place.state / FILE).exists()


def test_such_a_state_of_ones_own_broker_is_not_taken_to_another(place: Place) -> None:
    place.play(OWN, 10)
    place.as_before()
    assert place.play("one:1883", 7)["ledger_sha256"] == expected(7)
    assert place.play(OWN, 10)["ledger_sha256"] == expected(20)


def test_such_a_state_of_an_owners_broker_stays_there(place: Place) -> None:
    place.play("one:1883", 7, start_now=True, text=RUNNING.replace("speed: max", "speed: 600"))
    run = place.run
    place.as_before()
    assert place.play(OWN, 10)["ledger_sha256"] == expected(10)
    assert place.aside() == [run]


@pytest.mark.parametrize("former", [False, True])
def test_a_broken_file_is_told_and_fresh_mends_it(place: Place, *, former: bool) -> None:
    place.play(OWN, 5)
    if former:
        place.as_before()
    file = place.state / FILE if former else place.records()[-1]
    file.write_text("{")
    with pytest.raises(ConfigurationError, match="start with --fresh"):
        place.play(OWN, 5)
    assert place.play(OWN, 5, fresh=True)["ledger_sha256"] == expected(5)
    assert [path.read_text() for path in place.state.glob("*.damaged-1")] == ["{"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b'{"broker": 3, "at": "x"}', b"SQLite format 3\0" + bytes(84)])
def test_rubbish_among_the_records_hinders_nobody(place: Place, content: bytes) -> None:
    place.play(OWN, 5)
    place.play("one:1883", 3)
    (place.state / "rubbish.sqlite").write_bytes(content)
    (place.state / "folder.sqlite").mkdir()
    (place.state / "runs").mkdir()
    (place.state / "runs" / "rubbish.json").write_bytes(content)
    (place.state / "runs" / "folder.json").mkdir()
    assert place.play(OWN, 5)["ledger_sha256"] == expected(10)


@pytest.mark.parametrize("run", ["../../escape", "a/b", "", "x" * 65, "."])
def test_a_run_that_is_no_name_of_a_file_leads_nowhere(tmp_path: Path, run: str) -> None:
    runs = Runs(tmp_path / "state", "cape")
    (tmp_path / "escape.sqlite").write_text("{}")
    assert runs.pick(run) is None
    with pytest.raises(ConfigurationError, match="cannot be recorded"):
        runs.writer(run)
    assert not (tmp_path / "state").exists()


def test_what_a_broker_is_known_by() -> None:
    assert broker_of(None) == OWN
    assert broker_of(Endpoint.parse("mqtt://anna@Broker.Example")) == "broker.example:1883"
    assert broker_of(Endpoint.parse("mqtts://[::1]")) == "::1:8883"


# -- another home ------------------------------------------------------------------------------------------------------


def refusal(place: Place, broker: str, text: str, file: Path | None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        place.play(broker, 5, text=text, home_file=file)
    return str(caught.value)


def test_another_file_of_the_same_name_is_refused_with_both_and_a_remedy(place: Place, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.yaml", tmp_path / "other.yaml"
    place.play(OWN, 5, home_file=mine)
    assert refusal(place, OWN, RUNNING.replace("08:30, step", "2026-06-22 06:00, step").replace("2026-06-21 2026", "2026"), other) == (
        "this home was started with start 2026-06-21 08:30, now it says start 2026-06-22 06:00; a run keeps that. "
        f"It was started from {mine}, now it is read from {other}. "
        "Go on with the home as it was, start with --fresh, which gives that run up, or choose another --state"
    )
    assert place.play(OWN, 5, home_file=mine)["ledger_sha256"] == expected(10), "nothing was lost by the attempt"


def test_a_file_that_has_changed_is_named_once(place: Place, tmp_path: Path) -> None:
    place.play(OWN, 5, home_file=tmp_path / "mine.yaml")
    text = refusal(place, OWN, RUNNING.replace("seed: 7", "seed: 8"), tmp_path / "mine.yaml")
    assert f"seed 7, now it says seed 8; a run keeps that. {tmp_path / 'mine.yaml'} has changed since. Go on" in text


def test_where_nobody_knows_the_first_file_that_is_said(place: Place, tmp_path: Path) -> None:
    place.play(OWN, 5)
    place.as_before()
    text = refusal(place, OWN, RUNNING.replace("seed: 7", "seed: 8"), tmp_path / "mine.yaml")
    assert f"Now it is read from {tmp_path / 'mine.yaml'}; from which file it was started is not known. Go on" in text


def test_on_an_owners_broker_another_state_folder_would_not_help(place: Place, tmp_path: Path) -> None:
    place.play("one:1883", 5)
    text = refusal(place, "one:1883", RUNNING.replace("seed: 7", "seed: 8"), None)
    assert text.endswith("start with --fresh, which gives that run up, or give this home another name")


def test_a_file_that_was_moved_goes_on(place: Place, tmp_path: Path) -> None:
    place.play(OWN, 5, home_file=tmp_path / "mine.yaml")
    assert place.play(OWN, 5, home_file=tmp_path / "moved.yaml")["ledger_sha256"] == expected(10)
    assert place.facts()["home_file"] == str(tmp_path / "moved.yaml")
    assert (place.facts()["zone"], place.facts()["step"]) == ("Africa/Johannesburg", STEP)


def test_devices_of_their_own_processes_are_spared_the_attempt(place: Place) -> None:
    place.play(OWN, 3)
    with pytest.raises(ConfigurationError, match="step 60 s, now it says step 30 s"):
        place.play(OWN, 3, text=RUNNING.replace("step: 60 s", "step: 30 s"), isolate=True)


SITE = SiteMessage(
    run="r", home="cape", latitude=-33.92, longitude=18.42, altitude=25.0, time_zone="Africa/Johannesburg", seed=7, step=60, start=START, patience=60.0
)


@pytest.mark.parametrize(
    ("change", "then", "now"),
    [
        ({"step": 30}, "step 60 s", "step 30 s"),
        ({"seed": 8}, "seed 7", "seed 8"),
        ({"latitude": -34.0}, "latitude -33.92°", "latitude -34.0°"),
        ({"longitude": 18.5}, "longitude 18.42°", "longitude 18.5°"),
        ({"altitude": 26.0}, "altitude 25.0 m", "altitude 26.0 m"),
        ({"start": START + 90}, "start 2026-06-21 08:30", "start 2026-06-21 08:31:30"),
        ({"time_zone": "Europe/Berlin"}, "time zone Africa/Johannesburg", "time zone Europe/Berlin"),
        (
            {"start": START + 60, "time_zone": "Asia/Kolkata"},
            "start 2026-06-21 08:30 (Africa/Johannesburg), time zone Africa/Johannesburg",
            "start 2026-06-21 12:01 (Asia/Kolkata), time zone Asia/Kolkata",
        ),
        ({"start": 2**40}, "start 2026-06-21 08:30", "start 1099511627776 s UTC"),
    ],
)
def test_what_has_changed_is_told_as_people_read_it(change: dict[str, Any], then: str, now: str) -> None:
    assert changes(SITE, SITE.model_copy(update=change)) == f"this home was started with {then}, now it says {now}"
    assert set(change) <= set(KEPT_OF_A_SITE)


def test_what_a_run_does_not_keep_changes_nothing() -> None:
    assert changes(SITE, SITE.model_copy(update={"patience": 1.0, "run": "another"})) == ""


def test_no_number_of_seconds_is_told() -> None:
    """What is read is a date, not the count of seconds that is kept."""
    assert not re.search(r"\d{9}", changes(SITE, SITE.model_copy(update={"start": START + 3600})))


