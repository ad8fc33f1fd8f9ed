"""Who hosts homes for a console: real processes on a real broker, and nobody makes any who may not."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from virtual_devices.cli import commands
from virtual_devices.console.bus import Bus
from virtual_devices.console.door.auth import Users, Who
from virtual_devices.console.door.gate import LOCAL
from virtual_devices.console.door.roles import Person, PersonRole
from virtual_devices.console.hosting.home_files import HomeFiles, named
from virtual_devices.console.hosting.keeper import AskingKeeper
from virtual_devices.console.hosting.local_homes import LocalHomes
from virtual_devices.console.serve import ConsoleOptions
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import ROOT
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.keeping.finding import records_of
from virtual_devices.fleet.keeping.places import state_folder
from virtual_devices.kit.errors import ConfigurationError, HomeFileError

ANNA = Person("anna", "login")
TEXT = """\
# as somebody wrote it
home: written
site: {latitude: 52.5, longitude: 13.4, time_zone: Europe/Berlin}
clock: {start: 2026-06-21 11:30, speed: 60}
devices:
  grid: {price: 0.3, currency: EUR}
  inverter: {rated_power: 5 kW}
  house: {kind: base_load, priority: 1}
"""


class Hosted:
    """A console's homes in a loop of their own. said: what the console said unasked."""

    def __init__(self, loop: Loop, bus: Bus, users: Users, folder: Path) -> None:
        self.loop, self.bus, self.users, self.folder = loop, bus, users, folder
        self.said: list[str] = []
        self.begin()

    def begin(self) -> None:
        self.host = LocalHomes(self.bus, self.folder, self.said.append)
        self.keeper = AskingKeeper(self.bus.who, self.host)
        self.host.begin()

    def pid(self, name: str) -> int:
        return self.host.processes.running()[name]

    def wait(self, home: str, *, runs: bool) -> None:
        assert self.loop.run(until=lambda: (home in self.host.processes.running()) == runs, timeout=60)

    def topics(self, home: str) -> dict[str, bytes]:
        with Session(self.bus.endpoint) as session:
            return session.collect(f"{ROOT}/{home}/#")


@pytest.fixture
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosted]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    users = Users(tmp_path / "users")
    with start_broker(tmp_path / "broker", port=0) as broker, Loop() as loop:
        bus = Bus(loop, broker.endpoint, Who(users))
        bus.client.connect()
        loop.run(until=lambda: bus.client.subscribed, timeout=30)
        made = Hosted(loop, bus, users, tmp_path / "homes")
        try:
            yield made
        finally:
            loop.complete(made.host.close())
            loop.complete(bus.client.leave())


def test_a_home_is_made_stopped_started_copied_and_deleted(hosted: Hosted) -> None:
    loop, keeper = hosted.loop, hosted.keeper
    assert loop.complete(keeper.create(LOCAL, "lake_house", TEXT)) == "home lake_house is made and started"
    assert (hosted.folder / "lake_house.yaml").read_text(encoding="utf-8") == TEXT.replace("home: written", "home: lake_house")
    with pytest.raises(ConfigurationError, match="runs already"):
        loop.complete(keeper.start(LOCAL, "lake_house"))
    with pytest.raises(ConfigurationError, match="there is a home lake_house already"):
        loop.complete(keeper.create(LOCAL, "lake_house", TEXT))
    watch = hosted.bus.look_at("lake_house")
    assert loop.run(until=lambda: watch.fleet_online and watch.now().speed == 60 and watch.now().time is not None, timeout=60)
    assert str(watch.now().time).startswith("2026-06-21 1"), "the start of its file holds on a broker of one's owner too"
    # copied as it is now: with what came live
    loop.complete(hosted.bus.wish(LOCAL, "lake_house", "spawn", kind="lights", name="porch", settings={"rated_power": 40}))
    assert loop.run(until=lambda: "porch" in watch.wanted, timeout=30)
    assert "lake_copy is kept" in loop.complete(keeper.copy(LOCAL, "lake_house", "lake_copy"))
    copied = HomeFiles(hosted.folder).home("lake_copy")
    assert copied.entry("porch").declared == {"rated_power": 40}
    assert loop.complete(keeper.stored()) == ["lake_copy", "lake_house"]
    # stopped by its fleet: nobody's fault, and it is noted
    loop.complete(hosted.bus.wish(LOCAL, "lake_house", "down"))
    hosted.wait("lake_house", runs=False)
    loop.run(timeout=0.5)
    assert (loop.complete(keeper.ended()), hosted.said) == ({}, [])
    assert loop.complete(keeper.start(LOCAL, "lake_house")) == "home lake_house is started"
    # killed: told, with the reason
    os.kill(hosted.pid("lake_house"), signal.SIGKILL)
    assert loop.run(until=lambda: bool(hosted.said), timeout=30)
    assert loop.complete(keeper.ended())["lake_house"] == "its process ended (killed by SIGKILL)"
    assert "the process ended (killed by SIGKILL)" in loop.complete(keeper.said("lake_house", 5))[-1]
    loop.complete(keeper.start(LOCAL, "lake_house"))
    assert loop.complete(keeper.ended()) == {}
    # the copy was never started: nothing on the broker; its original goes while it runs
    assert "0 topics" in loop.complete(keeper.delete(LOCAL, "lake_copy"))
    assert records_of(state_folder("lake_house"))
    told = loop.complete(keeper.delete(LOCAL, "lake_house", records=True))
    assert "its records are gone" in told
    assert hosted.topics("lake_house") == {}
    assert loop.run(until=lambda: "lake_house" not in hosted.bus.homes, timeout=30)
    assert not state_folder("lake_house").exists()
    assert loop.complete(keeper.stored()) == []
    assert sorted(path.name.split(".")[0] for path in (hosted.folder / "trash").iterdir()) == ["lake_copy", "lake_house"]
    hosted.bus.look_away("lake_house")


def test_homes_end_with_the_console_and_begin_with_it(hosted: Hosted) -> None:
    hosted.loop.complete(hosted.keeper.create(LOCAL, "lake_house", TEXT))
    pid = hosted.pid("lake_house")
    hosted.loop.complete(hosted.host.close())
    assert not Path(f"/proc/{pid}").exists()
    hosted.begin()
    hosted.wait("lake_house", runs=True)


def test_what_cannot_start_says_why(hosted: Hosted) -> None:
    loop, keeper = hosted.loop, hosted.keeper
    with pytest.raises(HomeFileError, match=r"lake_house\.yaml:5: .*priorty"):
        loop.complete(keeper.create(LOCAL, "lake_house", "home: x\nsite: {latitude: 0, longitude: 0}\ndevices:\n  house:\n    {kind: base_load, priorty: 1}\n"))
    assert loop.complete(keeper.stored()) == []
    for name in ("Lake House", "../lake", "", "a" * 41):
        with pytest.raises(ConfigurationError, match="no home can be called"):
            loop.complete(keeper.create(LOCAL, name, TEXT))
        with pytest.raises(ConfigurationError, match="this console keeps no home"):
            loop.complete(keeper.delete(LOCAL, name))
    with pytest.raises(ConfigurationError, match="this console keeps no home"):
        loop.complete(keeper.start(LOCAL, "elsewhere"))
    hosted.host.files.add("broken", TEXT)
    (hosted.folder / "broken.yaml").write_text("home: broken\n", encoding="utf-8")
    with pytest.raises(HomeFileError):
        loop.complete(keeper.start(LOCAL, "broken"))
    # what `up` alone finds out is told in its words
    state = state_folder("taken")
    state.parent.mkdir(parents=True)
    state.write_text("a file where its folder should be", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"home taken does not start: its process ended .exit code .*the state folder"):
        loop.complete(keeper.create(LOCAL, "taken", TEXT))
    assert loop.complete(keeper.stored()) == ["broken"]
    assert loop.complete(keeper.ended()) == {}


@pytest.mark.parametrize("role", [None, PersonRole.LOOK, PersonRole.OPERATE])
def test_only_who_builds_may(hosted: Hosted, role: PersonRole | None) -> None:
    if role is not None:
        hosted.users.grant("anna", role)
    keeper = hosted.keeper
    for doing in (keeper.create(ANNA, "lake", TEXT), keeper.start(ANNA, "lake"), keeper.copy(ANNA, "lake", "sea"), keeper.delete(ANNA, "lake")):
        with pytest.raises(ConfigurationError, match=r"takes the role build|may nothing"):
            hosted.loop.complete(doing)
    assert list(hosted.folder.iterdir()) == []


@pytest.mark.parametrize(("words", "folder"), [([], None), (["--homes"], "state/homes"), (["--homes", "mine"], "mine")])
def test_it_is_on_request_only(words: list[str], folder: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    served: list[ConsoleOptions] = []
    monkeypatch.setattr("virtual_devices.cli.console.serve", lambda options, **_words: served.append(options))
    done = CliRunner().invoke(commands, ["console", "--state", "state", *words])
    assert done.exit_code == 0, done.output
    assert served[0].homes == (Path(folder) if folder is not None else None)


def test_a_home_file_is_named_and_stays_as_it_was_written() -> None:
    assert named(TEXT, "lake") == TEXT.replace("home: written", "home: lake")
    assert named("site: {}\n", "lake").startswith("home: lake\nsite:")
    with pytest.raises(ConfigurationError, match="at most"):
        named("#" * (1 << 21), "lake")
