"""Many homes in one process: each as if it were alone, whatever happens to its neighbours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.machine import DISKS, family, free_port, hold, small_disk
from tests.stage import RUNNING, small_home, undisturbed
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.chosen import RunAsked
from virtual_devices.fleet.claim.folder_lock import FolderLock
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.fleet.keeping import archive
from virtual_devices.fleet.together import hosting
from virtual_devices.fleet.together.home_files import home_files
from virtual_devices.fleet.together.hosted import TRIES, HostedHome
from virtual_devices.fleet.together.hosting import TogetherOptions, host_together
from virtual_devices.fleet.up import Options, up
from virtual_devices.fleet.watcher import Watcher
from virtual_devices.kit.errors import BrokerError, ConfigurationError
from virtual_devices.kit.home.model import Home
from virtual_devices.record.keeping import keeper

STEP = 60


class Teller:
    """What was said, and who is told of a home."""

    def __init__(self, watchers: dict[str, Watcher] | None = None) -> None:
        self.said: list[str] = []
        self.watchers = watchers or {}
        self.states: list[tuple[str, bool, bool]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def watcher_of(self, name: str) -> Watcher | None:
        return self.watchers.get(name)

    def changed(self, home: HostedHome) -> None:
        self.states.append((home.name, home.begun, home.over))


def files(folder: Path, *names: str, text: str = RUNNING) -> list[Path]:
    folder.mkdir(exist_ok=True)
    found = [folder / f"{name}.yaml" for name in names]
    for path in found:
        path.write_text(text.replace("HOME", path.stem), encoding="utf-8")
    return found


def hosted(tmp_path: Path, homes: list[Path], steps: int, teller: Teller | None = None, **options: Any) -> dict[str, HostedHome]:
    found = host_together(
        TogetherOptions(homes, port=free_port(), duration=steps * STEP, state=tmp_path / "state", **options), teller or Teller()
    )
    return {home.name: home for home in found}


def digest(home: HostedHome) -> str:
    assert home.failure is None
    assert home.result is not None
    assert home.result["audit"]["ok"]
    assert not home.result.get("unwritten")
    return str(home.result["ledger_sha256"])


def alone(name: str, steps: int, text: str = RUNNING) -> str:
    return undisturbed(small_home(text, name), steps).digest


def test_homes_of_a_folder_each_come_to_what_they_come_to_alone(tmp_path: Path) -> None:
    files(tmp_path / "homes", "one", "two")
    files(tmp_path / "homes", "three", text=RUNNING.replace("seed: 7", "seed: 8").replace("max_solar", "max_solar").replace("4 kW", "3 kW"))
    found = hosted(tmp_path, [tmp_path / "homes"], 60)
    assert list(found) == ["one", "three", "two"], "in the order of the files"
    assert digest(found["one"]) == alone("one", 60)
    assert digest(found["two"]) == alone("two", 60)
    assert digest(found["three"]) == alone("three", 60, RUNNING.replace("seed: 7", "seed: 8").replace("4 kW", "3 kW"))
    assert digest(found["three"]) != digest(found["one"])


def test_a_home_goes_on_between_up_and_host_and_up(tmp_path: Path) -> None:
    homes = files(tmp_path / "homes", "goes", "beside")
    first = up(Options(homes[0], port=free_port(), duration=20 * STEP, state=tmp_path / "state" / "goes"), say=print)
    second = hosted(tmp_path, homes, 30)["goes"]
    assert second.resumed
    assert second.result is not None
    assert second.result["start"] == first["end"]
    assert digest(second) == alone("goes", 50)
    third = up(Options(homes[0], port=free_port(), duration=10 * STEP, state=tmp_path / "state" / "goes"), say=print)
    assert third["start"] == second.result["end"]
    assert third["ledger_sha256"] == alone("goes", 60)


def test_a_home_that_begins_anew_under_host_goes_on_from_there_under_up(tmp_path: Path) -> None:
    """What the broker of ``up`` retained is of the run that was given up."""
    (home,) = files(tmp_path / "homes", "anew")
    state = tmp_path / "state" / "anew"
    first = up(Options(home, port=free_port(), duration=20 * STEP, state=state), say=print)
    fresh = hosted(tmp_path, [home], 5, fresh=True)["anew"]
    assert fresh.result is not None
    assert fresh.result["start"] == first["start"]
    third = up(Options(home, port=free_port(), duration=5 * STEP, state=state), say=print)
    assert third["start"] == fresh.result["end"]
    assert third["ledger_sha256"] == alone("anew", 10)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_what_was_commanded_while_time_stood_still_is_not_lost(tmp_path: Path, sent: signal.Signals) -> None:
    """The broker of ``host`` keeps nothing between two starts, and no settlement has come that the record would have kept it with."""
    (home,) = files(tmp_path / "homes", "still", text=RUNNING.replace("speed: max", "speed: 600"))
    port = free_port()
    endpoint = Endpoint("127.0.0.1", port)
    words = [sys.executable, "-m", "virtual_devices", "host", str(home), "--state", str(tmp_path / "state"), "--port", str(port), "--json"]

    def life(ends: signal.Signals, do: Callable[[RunningHome], None]) -> None:
        with (tmp_path / "log").open("ab") as log, subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
            deadline = time.monotonic() + 60
            while True:
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                try:
                    with RunningHome(endpoint, "still") as running:
                        do(running)
                    break
                except (BrokerError, ConfigurationError):
                    time.sleep(0.2)
            process.send_signal(ends)
            process.wait(30)

    def command(running: RunningHome) -> None:
        until = time.monotonic() + 60
        while not running.get("clock", "windows") and time.monotonic() < until:
            time.sleep(0.05)  # before its first window a home has nothing to go on from
        running.clock(paused=True)
        running.set("battery", charge_limit="2 kW")
        time.sleep(4)  # the record is written each second of the wall

    found: list[Any] = []
    life(sent, command)
    life(signal.SIGINT, lambda running: found.append((running.get("clock", "paused"), running.get("battery", "charge_limit"))))
    assert found == [(True, 2000)]


def test_two_files_of_one_home_are_refused_with_both_paths(tmp_path: Path) -> None:
    one, two = files(tmp_path / "homes", "same", "other")
    two.write_text(one.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        hosted(tmp_path, [one, two], 5)
    assert f"{two} and {one}" in str(refused.value) or f"{one} and {two}" in str(refused.value)
    assert "same" in str(refused.value)
    assert not (tmp_path / "state").exists(), "nothing has begun"
    assert digest(hosted(tmp_path, [one, one], 5)["same"]) == alone("same", 5), "one file named twice is one home"


def test_one_file_by_several_paths_is_one_home(tmp_path: Path) -> None:
    (one,) = files(tmp_path / "homes", "same")
    (tmp_path / "homes" / "link.yaml").symlink_to(one.name)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "homes")
    named = [one, tmp_path / "homes" / ".." / "homes" / "same.yaml", tmp_path / "homes", tmp_path / "elsewhere"]
    assert home_files(named) == [one]
    assert list(hosted(tmp_path, named, 5)) == ["same"]


def test_what_else_lies_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    (good,) = files(tmp_path / "homes", "good")
    other = {
        "compose.yml": "services: &all\n  broker: {image: mosquitto}\nvolumes: *all\n", "tariff.yaml": "vat: 15 %\nimport: {flat: 3.84}\n",
        "._good.yaml": "\x00\x05\x16", ".hidden.yaml": RUNNING.replace("HOME", "hidden"), "notes.txt": "home: no\n", "cluster.yaml": "---\nkind: Pod\n---\nkind: Service\n",
    }  # fmt: skip
    for name, text in other.items():
        (tmp_path / "homes" / name).write_text(text, encoding="utf-8")
    (tmp_path / "homes" / "folder.yaml").mkdir()
    (tmp_path / "homes" / "gone.yaml").symlink_to("nowhere")
    teller = Teller()
    found = hosted(tmp_path, [tmp_path / "homes"], 5, teller)
    assert {name: home.failure for name, home in found.items()} == {"good": None}
    said = [line for line in teller.said if "passed over" in line]
    assert [Path(line.split()[0]).name for line in said] == ["cluster.yaml", "compose.yml", "tariff.yaml"]
    assert "broken" in hosted(tmp_path, [*files(tmp_path / "homes", "broken", text="home: [\n"), good], 5)
    named = hosted(tmp_path, [tmp_path / "homes" / "tariff.yaml"], 5)
    assert "section devices is missing" in (named["tariff"].failure or ""), "who names a file means it"
    for text in ("", "# to be written\n", "- home\n", "{home: flow}\n", "\ufeffhome: marked\n", "devices: {}\n"):
        (tmp_path / "homes" / "cluster.yaml").write_text(text, encoding="utf-8")
        assert tmp_path / "homes" / "cluster.yaml" in home_files([tmp_path / "homes"]), text


def test_a_bad_file_and_a_folder_in_use_leave_the_others_alone(tmp_path: Path) -> None:
    homes = files(tmp_path / "homes", "good", "taken", "better")
    bad = tmp_path / "homes" / "bad.yaml"
    bad.write_text("home: bad\n", encoding="utf-8")
    teller = Teller()
    with FolderLock(tmp_path / "state" / "taken", "taken"):
        found = hosted(tmp_path, [*homes, bad], 20, teller)
    assert digest(found["good"]) == alone("good", 20)
    assert digest(found["better"]) == alone("better", 20)
    assert "section devices is missing" in (found["bad"].failure or "")
    assert "runs already" in (found["taken"].failure or "")
    assert any(line.startswith("taken: error: it is not hosted: home taken runs already") for line in teller.said)
    assert any(line.startswith("bad: error: it is not hosted") and str(bad) in line for line in teller.said)


class Faulty:
    """Makes a callback of its home fail at a window."""

    def __init__(self, at: int) -> None:
        self._at, self._seen = at, 0
        self.loop: Loop | None = None

    def meet(self, home: Home) -> None:
        pass

    def feed(self, _device: str, leaf: str, _payload: bytes) -> None:
        self._seen += leaf == "settlement"
        if leaf == "settlement" and self._seen == self._at:
            assert self.loop is not None
            self.loop.call_soon(self._fail)

    def _fail(self) -> None:
        raise ZeroDivisionError("on purpose")


def test_a_fault_in_one_home_ends_that_one_in_order(tmp_path: Path) -> None:
    homes = files(tmp_path / "homes", "first", "faulty", "last", text=RUNNING.replace("speed: max", "speed: max, max_steps: 2"))
    faulty, loops = Faulty(5), list[Loop]()
    teller = Teller({"faulty": faulty})

    def started(loop: Loop, _: hosting.Hosting) -> None:
        loops.append(loop)
        faulty.loop = loop

    options = TogetherOptions(homes, port=free_port(), duration=60 * STEP, state=tmp_path / "state")
    found = {home.name: home for home in host_together(options, teller, started)}
    assert found["faulty"].failure == "a fault of the program: ZeroDivisionError('on purpose')"
    assert any("please report it" in line and "ZeroDivisionError" in line for line in teller.said)
    assert digest(found["first"]) == alone("first", 60)
    assert digest(found["last"]) == alone("last", 60)
    again = hosted(tmp_path, homes, 200)  # it ended in order, so it goes on
    assert again["faulty"].resumed
    assert again["faulty"].result is not None
    assert digest(again["faulty"]) == alone("faulty", 200 + _steps_before(again["faulty"]), RUNNING)


class Ending(Watcher):
    """Ends its home in order after some messages."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.loop: Loop | None = None
        self.home: HostedHome | None = None
        self._left = after

    def meet(self, home: Home) -> None:
        pass

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        self._left -= 1
        if not self._left and self.loop is not None and self.home is not None:
            self.loop.call_soon(self.home.finish)


class ScrapedAtTheEnd(Teller):
    """The page as it is when a home is over."""

    def __init__(self, port: int, watchers: dict[str, Watcher]) -> None:
        super().__init__(watchers)
        self._port = port
        self.pages: dict[str, str] = {}

    def changed(self, home: HostedHome) -> None:
        if home.over:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as answer:
                self.pages[home.name] = answer.read().decode()


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_home_said_that_has_ended_is_no_metric_any_more(tmp_path: Path, fails: bool) -> None:  # noqa: FBT001
    """Else its powers count in every sum for ever, and alerts ask why it stands still; one that failed is told to be offline."""
    homes, port = files(tmp_path / "homes", "brief", "long", text=RUNNING.replace("speed: max", "speed: 600")), free_port()
    watcher: Faulty | Ending = Faulty(40) if fails else Ending(40)
    teller = ScrapedAtTheEnd(port, {"brief": watcher})

    def started(loop: Loop, host: hosting.Hosting) -> None:
        watcher.loop = loop
        if isinstance(watcher, Ending):
            watcher.home = next(home for home in host.homes if home.name == "brief")

    host_together(TogetherOptions(homes, port=free_port(), duration=60 * STEP, state=tmp_path / "state", metrics=MetricsAddress(port)), teller, started)
    samples = [sample for family in text_string_to_metric_families(teller.pages["brief"]) for sample in family.samples]
    assert any(sample.labels.get("home") == "long" and sample.name == "virtual_devices_windows" for sample in samples)
    brief = [sample for sample in samples if sample.labels.get("home") == "brief"]
    assert not [sample.name for sample in brief if sample.name in ("virtual_devices_windows", "virtual_devices_load_power_watts", "virtual_devices_device_info")]
    assert {sample.value for sample in brief if sample.name == "virtual_devices_online"} == ({0.0} if fails else set())
    assert bool(brief) == fails


def _steps_before(home: HostedHome) -> int:
    assert home.result is not None
    begun = datetime.fromisoformat(home.result["start"]).timestamp()
    return int(begun - small_home(RUNNING, home.name).start) // STEP


def begun(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_a_home_that_another_host_has_on_the_broker_is_left_to_it(tmp_path: Path, broker: Broker) -> None:
    """On a broker of the owner's: found taken when it starts, and the others run."""
    homes = files(tmp_path / "homes", "theirs", "ours")
    with Loop() as loop:
        theirs = HomeHost(loop, HostOptions(small_home(RUNNING.replace("speed: max", "speed: 60"), "theirs"), {}, broker.endpoint, tmp_path / "elsewhere", tmp_path))
        found: list[HostedHome] = []

        async def ready(_: bool) -> None:  # noqa: FBT001 - a callback's one argument
            command = [sys.executable, "-m", "virtual_devices", "host", *map(str, homes), "--json", "--for", "20min", "--speed", "max", "--start", "2026-06-21 08:30",
                       "--broker", broker.endpoint.url, "--state", str(tmp_path / "state")]  # fmt: skip
            process = begun(command)
            assert await loop.until(lambda: process.poll() is not None, 60)
            told.update(json.loads(process.communicate()[0]))
            told["code"] = process.returncode
            theirs.finish()

        told: dict[str, Any] = {}
        loop.complete(theirs.run(ready))
    assert not found
    results = {each["home"]: each for each in told["homes"]}
    assert told["code"] == 1
    assert "theirs" in results["theirs"]["error"]
    assert results["ours"]["ledger_sha256"] == alone("ours", 20)


@pytest.mark.parametrize("kind", [kind for kind in DISKS if kind == "mounted"])
def test_a_full_disk_of_one_home_is_its_own_affair(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "RETRY_EVERY", 0.1)
    homes = files(tmp_path / "homes", "full", "roomy", text=RUNNING.replace("speed: max", "speed: max, max_steps: 2"))
    (tmp_path / "state").mkdir()
    with small_disk(tmp_path / "disk", kind) as disk:
        (tmp_path / "state" / "full").symlink_to(disk.folder)
        disk.fill()
        teller = Teller()
        found = hosted(tmp_path, homes, 40, teller)
        assert digest(found["roomy"]) == alone("roomy", 40)
        full = found["full"]
        assert full.failure is not None or (full.result is not None and full.result["unwritten"])
        assert any(line.startswith("full: ") for line in teller.said)
        assert not any(line.startswith("roomy: ") for line in teller.said)


def test_one_prefix_for_the_entities_of_two_homes_is_refused_to_the_second(tmp_path: Path) -> None:
    """What is announced is heard once for all homes of the process, and each is asked about the others'."""
    text = RUNNING.replace("inverter: {", "inverter: {entity_prefix: ss, ").replace("speed: max", "speed: 600")
    homes = files(tmp_path / "homes", "a", "b", text=text)
    monkey = hosting.AT_ONCE
    hosting.AT_ONCE = 1  # one after the other: which is the second is certain
    try:
        found = hosted(tmp_path, homes, 60)
    finally:
        hosting.AT_ONCE = monkey
    assert found["a"].failure is None
    assert "entity_prefix 'ss' makes entities that home a has" in (found["b"].failure or "")


def test_a_home_whose_broker_is_too_busy_to_answer_asks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_CONNECT_TIMEOUT", 0.0)

    class Relieved(Teller):
        def say(self, text: str) -> None:
            super().say(text)
            if "it is tried again" in text:
                monkeypatch.setattr(archive, "_CONNECT_TIMEOUT", 15.0)

    teller = Relieved()
    found = hosted(tmp_path, files(tmp_path / "homes", "busy"), 20, teller)
    assert digest(found["busy"]) == alone("busy", 20)
    assert [line.partition(":")[0] for line in teller.said] == ["busy"]


def test_a_home_whose_broker_never_answers_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_CONNECT_TIMEOUT", 0.0)
    teller = Teller()
    found = hosted(tmp_path, files(tmp_path / "homes", "never"), 20, teller)
    assert "no broker answers" in (found["never"].failure or "")
    assert sum("it is tried again" in line for line in teller.said) == TRIES - 1


# -- as a program ------------------------------------------------------------------------------------------------------


def program(tmp_path: Path, *words: object, limits: str = "") -> subprocess.Popen[str]:
    """limits: what a shell does before it."""
    command = [sys.executable, "-m", "virtual_devices", "host", *map(str, words), "--state", str(tmp_path / "state"), "--port", str(free_port())]
    shell = ["sh", "-c", f'{limits} exec "$@"', "sh"] if limits else []
    return subprocess.Popen([*shell, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ)


def scraped(port: int, process: subprocess.Popen[str], homes: set[str]) -> str:
    """The page, once all homes are on it."""
    with Loop() as loop:
        for _ in range(600):
            assert process.poll() is None
            loop.run(timeout=0.1)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    text = str(answer.read().decode())
            except OSError:
                continue
            if all(f'virtual_devices_windows{{device="clock",home="{home}"' in text for home in homes):
                return text
    raise AssertionError("not all homes came")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_with_their_results(tmp_path: Path, sent: signal.Signals) -> None:
    names, metrics = {"x", "y", "z"}, free_port()
    files(tmp_path / "homes", *names, text=RUNNING.replace("speed: max", "speed: 600"))
    process = program(tmp_path, tmp_path / "homes", "--json", "--metrics", metrics)
    try:
        page = scraped(metrics, process, names)
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    results = json.loads(out)["homes"]
    assert {each["home"] for each in results} == names
    for each in results:
        assert each["ledger_sha256"] == alone(each["home"], each["steps"])
    types = [line for line in page.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)), "each family once"
    families = {each.name: each for each in text_string_to_metric_families(page)}
    assert {sample.labels["home"] for sample in families["virtual_devices_windows"].samples} == names
    assert {sample.labels["home"] for sample in families["virtual_devices_online"].samples} == names
    assert {(sample.labels["home"], sample.value) for sample in families["virtual_devices_audit_problems"].samples} == {(name, 0) for name in names}
    assert len(families["process_resident_memory_bytes"].samples) == 1


@pytest.mark.skipif(find_mosquitto() is None, reason="its broker is held up")
def test_a_broker_that_hangs_holds_nobody_up_for_ever(tmp_path: Path) -> None:
    files(tmp_path / "homes", "x", "y", text=RUNNING.replace("speed: max", "speed: 600"))
    metrics = free_port()
    process = program(tmp_path, tmp_path / "homes", "--json", "--metrics", metrics)
    try:
        scraped(metrics, process, {"x", "y"})
        stuck = family(process.pid)["broker"]
        hold(stuck)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=hosting.ENDS_WITHIN + 4 * hosting.CUT_WITHIN)
    finally:
        process.kill()
    assert "Traceback" not in err


def test_too_few_open_files_are_told_before_anything_begins(tmp_path: Path) -> None:
    files(tmp_path / "homes", *(f"h{number}" for number in range(4)))
    process = program(tmp_path, tmp_path / "homes", "--json", limits="ulimit -n 150;")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert "4 homes with 32 devices need 208 open files and connections, and the system allows 150" in err


def test_a_low_limit_that_may_be_raised_is_raised(tmp_path: Path) -> None:
    files(tmp_path / "homes", *(f"h{number}" for number in range(4)))
    process = program(tmp_path, tmp_path / "homes", "--json", "--for", "10min", limits="ulimit -Sn 64;")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert [each["steps"] for each in json.loads(out)["homes"]] == [10] * 4


def test_the_owners_broker_has_the_homes_at_the_time_of_day(tmp_path: Path) -> None:
    homes = files(tmp_path / "homes", "now_1", "now_2", text=RUNNING.replace("step: 60 s", "step: 1 s"))
    before = time.time()
    with start_broker(tmp_path / "broker", port=0) as broker:
        options = TogetherOptions(homes, RunAsked(foreign=True), broker.endpoint, duration=2, state=tmp_path / "state")
        found = host_together(options, Teller())
    for home in found:
        assert digest(home)
        assert home.result is not None
        assert home.result["steps"] == 2
        assert before - 1 <= datetime.fromisoformat(home.result["start"]).timestamp() <= time.time()
