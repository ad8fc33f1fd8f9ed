"""``virtual-devices run`` as a container has it: from one file, and gone within 2 s of being asked, whatever holds it up."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.machine import hold
from tests.stage import STEP, Stage, small_home
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.fleet.described import written

PROGRAM = [sys.executable, "-m", "virtual_devices"]
AT_MOST = 2.0
"""Wall seconds from the signal to the end."""
HOME = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array}
  battery: {start_soc: 40 %}
  grid: {}
  inverter: {}
  plug: {kind: smart_switch}
  oven: {schedule: "08:40-09:10", circuit: plug}
  record: {}
events:
  - {at: "2026-06-21 08:50", device: oven, set: {setpoint: 190}}
"""


@contextmanager
def running(*words: object, **options: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*PROGRAM, "run", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def seconds_to_end(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> float:
    begin = time.monotonic()
    process.send_signal(number)
    process.wait(20)
    return time.monotonic() - begin


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint, small_home(HOME)) as made:
        yield made


@pytest.mark.parametrize("name", ["clock", "sun", "weather", "roof", "battery", "grid", "inverter", "plug", "oven", "record"])
@pytest.mark.parametrize("by", ["SIGTERM", "stop"])
def test_from_one_file_it_runs_and_ends_in_time_with_its_checkpoint_published(stage: Stage, tmp_path: Path, name: str, by: str) -> None:
    file = tmp_path / "device.json"
    file.write_text(written(stage.described[name]))
    others = [each for each in stage.described if each != name]
    fresh = ["--fresh"] if name == "clock" else []
    if name != "clock":
        stage.start("clock")
    stage.runtimes.update({each: stage.make(each) for each in others if each not in stage.runtimes})
    for each in others:
        stage.runtimes[each].start()
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    with running("--description", file, "--broker", stage.endpoint.url, "--health", tmp_path / "healthy", *fresh, env=environment) as process:
        stage.wait(lambda: all(stage.availability(each) == "online" for each in stage.described))
        stage.steps(25)
        stage.wait(lambda: "at work" in (tmp_path / "healthy").read_text())
        assert name != "oven" or stage.all("oven", "applied") == [{"changes": {"setpoint": 190}, "time": stage.home.start + 20 * STEP, "by": "home file"}]
        begin = time.monotonic()
        if by == "stop":
            stage.spy.publish(stage.topic(name, "stop"), b"now", 1)
            stage.loop.complete(stage.spy.flush(10))
        else:
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.communicate()[1]
        assert time.monotonic() - begin < AT_MOST
    assert not (tmp_path / "healthy").exists()
    stage.wait(lambda: stage.availability(name) == "offline")
    if name in ("battery", "roof", "grid", "plug", "oven"):  # whose word the window's end is
        kept = orjson.loads(stage.last[name, "proposal"])
        assert kept["seq"] == stage.json("inverter", "settlement")["seq"]
        assert kept["checkpoint"]
    stage.sync()
    stage.audited()


def test_what_a_command_line_says_wins_over_the_file(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "device.json"
    file.write_text(json.dumps({"home": "elsewhere", "name": "another", "kind": "tv", "settings": {"setpoint": 100, "rated_power": 1000}}))
    stage.start("clock")
    words = ("oven", "--description", file, "--home", stage.home.name, "--name", "oven", "--set", "setpoint=210", "--broker", stage.endpoint.url)
    with running(*words) as process:
        stage.wait(lambda: stage.availability("oven") == "online")
        assert (stage.state("oven")["setpoint"], stage.state("oven")["rated_power"]) == (210, 1000)
        assert seconds_to_end(process) < AT_MOST


def test_files_lie_beside_the_description_also_as_a_mounted_volume_lays_them(stage: Stage, tmp_path: Path) -> None:
    """A volume's files are links into a folder that is replaced whole."""
    for version, watts in (("..1", 100), ("..2", 250)):
        (tmp_path / version / "loads").mkdir(parents=True)
        (tmp_path / version / "loads" / "house.csv").write_text(f"2026-06-21T00:00:00+02:00,{watts}\n2026-06-22T00:00:00+02:00,{watts}\n")
        (tmp_path / version / "device.json").write_text(
            json.dumps({"home": stage.home.name, "name": "house", "kind": "base_load", "settings": {"file": "loads/house.csv"}})
        )
    (tmp_path / "..data").symlink_to("..1")
    for name in ("device.json", "loads"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    stage.start()
    with running("--description", tmp_path / "device.json", "--broker", stage.endpoint.url, cwd="/") as process:
        stage.wait(lambda: stage.availability("house") == "online")
        stage.steps(2)
        stage.wait(lambda: stage.state("house")["power"] == 100)
        (tmp_path / "..new").symlink_to("..2")
        (tmp_path / "..new").rename(tmp_path / "..data")
        while stage.state("house")["power"] != 250:  # soon after two looks at it
            stage.loop.run(timeout=0.2)
            stage.steps(1)
            assert len(stage.records) < 100
        assert seconds_to_end(process) < AT_MOST


# -- what holds it up --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_a_broker_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    with start_broker(tmp_path, kind="mosquitto", port=0) as broker, Stage(broker.endpoint, small_home(HOME)) as stage:
        stage.start("clock")
        with running("oven", "--home", stage.home.name, "--name", "oven", "--broker", broker.endpoint.url) as process:
            stage.wait(lambda: stage.availability("oven") == "online")
            hold(broker.pid)
            try:
                assert seconds_to_end(process) < AT_MOST
                assert process.returncode == 0
            finally:
                os.kill(broker.pid, signal.SIGCONT)
            stage.wait(lambda: stage.availability("oven") == "offline")


def test_a_broker_that_never_answers_the_call_is_not_waited_for(tmp_path: Path) -> None:
    """A connection that neither opens nor is refused, as behind a firewall: the queue of one that listens is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.settimeout(0)
            one.connect_ex(deaf.getsockname())
        port = deaf.getsockname()[1]
        file = tmp_path / "healthy"
        with running("oven", "--home", "h", "--name", "oven", "--broker", f"mqtt://127.0.0.1:{port}", "--health", file) as process:
            soon(lambda: dialling(process.pid, port))
            assert seconds_to_end(process) < AT_MOST


SLOW_NAMES = """
import ctypes, socket, sys, time
def looked_up(*_words, **_options):
    print("looks up", flush=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        ctypes.CDLL(None).sleep(60)  # Python hears of no signal meanwhile
socket.getaddrinfo = looked_up
import signal
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
from virtual_devices.cli import main
main()
"""


def test_a_name_server_that_never_answers_is_not_waited_for() -> None:
    words = ["run", "oven", "--home", "h", "--name", "oven", "--broker", "mqtt://broker.invalid"]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_NAMES, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "looks up\n"
        assert seconds_to_end(process) < AT_MOST
        assert (process.returncode, process.communicate()[1].splitlines()[-1]) == (
            1, "it was asked to end, and could not within 1.8 s; it ends now",
        )  # fmt: skip
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a process the first of its container")
def test_a_containers_first_process_ends_while_it_is_still_loading() -> None:
    """The kernel passes over a signal to such a process that has no handler for it."""
    text = "import signal, sys\nfrom virtual_devices.cli import main\nimport virtual_devices.cli as cli\n"
    text += "cli.commands.main = lambda **_: (print('loads', flush=True), signal.pause())\nmain()"
    process = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-c", text], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "loads\n"
        child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        os.kill(child, signal.SIGTERM)
        assert process.wait(AT_MOST) == 128 + signal.SIGTERM
    finally:
        process.kill()
        process.communicate()


def soon(condition: object) -> None:
    deadline = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def dialling(pid: int, port: int) -> bool:
    """Whether a process has sent its call to a port and has no answer (SYN_SENT)."""
    wanted = f"0100007F:{port:04X}"
    return any(line.split()[2:4] == [wanted, "02"] for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:])
