"""docs/mqtt.md is run: each of its lines, as it stands there, at a home of its own, and what it promises has to happen."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.machine import free_port
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.rights import SPEAKERS
from virtual_devices.edge.messages.topics import split, summary_topic
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
SECONDS = 30.0

pytestmark = pytest.mark.skipif(
    find_mosquitto() is None or shutil.which("mosquitto_pub") is None, reason="mosquitto and its clients are not installed"
)


def wishes() -> dict[str, list[str]]:
    """Lines of each wish, by the comment above them."""
    found: dict[str, list[str]] = {}
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        wish = ""
        for line in block.splitlines():
            if line.startswith("# "):
                wish = line[2:]
                assert wish not in found, f"twice: {wish}"
                found[wish] = []
            elif wish:
                found[wish].append(line)
    return found


WISHES = wishes()


@dataclass
class Home:
    """A home that runs, and all that is heard of it. heard: (device, leaf, payload), as it came.  last: by (device, leaf)."""

    loop: Loop
    endpoint: Endpoint
    process: subprocess.Popen[bytes]
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)
    last: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        place = split(topic)
        if place is None:
            assert topic == summary_topic(topic.split("/")[1]), "what stands below no device"
            return
        self.heard.append((*place[1:], payload))
        self.last[place[1:]] = payload

    def state(self, device: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.last.get((device, "state"), b"{}"))
        return found

    def until(self, condition: Callable[[], object]) -> None:
        assert self.loop.run(until=lambda: bool(condition()), timeout=SECONDS), self.heard[-20:]

    def words(self, line: str) -> list[str]:
        program, *rest = shlex.split(line)
        assert program in ("mosquitto_pub", "mosquitto_sub")
        return [program, "-p", str(self.endpoint.port), *rest]

    def say(self, line: str) -> None:
        """Run a line that says something."""
        subprocess.run(self.words(line), check=True, timeout=SECONDS)

    def listen(self, line: str, enough: Callable[[str], bool], meanwhile: Callable[[], None] = lambda: None) -> str:
        """Run a line that listens until it has told enough; what it told."""
        told = ""
        with tempfile.TemporaryFile("w+") as said, subprocess.Popen(self.words(line), stdout=said) as listener:
            deadline = time.monotonic() + SECONDS
            while not enough(told):
                assert time.monotonic() < deadline, told
                meanwhile()
                self.loop.run(timeout=0.2)
                said.seek(0)
                told = said.read()
            listener.terminate()
        return told

    def set(self, device: str, **values: Any) -> None:
        """What the page does not say."""
        self.say(f"mosquitto_pub -t virtual/cape_town/{device}/set -m {shlex.quote(json.dumps(values))}")

    def shows(self, device: str, **values: Any) -> None:
        self.until(lambda: values.items() <= self.state(device).items())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder, port = tmp_path_factory.mktemp("plain"), free_port()
    text = (ROOT / "examples" / "cape_town.yaml").read_text(encoding="utf-8")
    (folder / "cape_town.yaml").write_text(text.replace("battery: {", "battery: {plain_readings: true, "), encoding="utf-8")
    words = ("up", str(folder / "cape_town.yaml"), "--broker-kind", "mosquitto", "--port", str(port), "--state", str(folder / "state"), "--json")
    with (folder / "said").open("wb") as said, Loop() as loop:
        process = subprocess.Popen([sys.executable, "-m", "virtual_devices", *words], stdout=said, stderr=said)
        made = Home(loop, Endpoint("127.0.0.1", port), process)
        client = Client(loop, made.endpoint, "spy", on_message=made.hear)
        client.subscribe(("virtual/cape_town/#", 0))
        client.connect()
        try:
            made.until(lambda: len({device for device, leaf in made.last if leaf == "state"}) == 16)
            yield made
        finally:
            process.terminate()
            process.wait(SECONDS)
            loop.complete(client.leave())


def test_it_has_the_twenty_commonest_wishes() -> None:
    assert len(WISHES) >= 20
    assert set(WISHES) == set(STORIES)


def who_is_there(home: Home, line: str) -> None:
    done = subprocess.run(home.words(line), check=False, capture_output=True, text=True, timeout=SECONDS)
    told = dict(each.split(" ", 1) for each in done.stdout.splitlines())
    devices = {topic.split("/")[2] for topic, word in told.items() if word == "online"}
    assert devices == {device for device, leaf in home.last if leaf == "availability"} - {"_host"}
    assert len(devices) == 16  # and the fleet


def everything_of_one(home: Home, line: str) -> None:
    done = subprocess.run(home.words(line), check=True, capture_output=True, text=True, timeout=SECONDS)
    assert 0 < json.loads(done.stdout)["soc"] <= 100


def the_whole_home(home: Home, line: str) -> None:
    told = home.listen(line, lambda told: told.count("\n") >= 15)
    assert {each.split("/")[2] for each in told.splitlines()[:15]} == {device for device, leaf in home.last if leaf == "face"}


def what_was_refused(home: Home, line: str) -> None:
    told = home.listen(line, lambda told: "virtual/cape_town/oven/error" in told, lambda: home.set("oven", setpoint=999))
    assert "setpoint" in told


def which_is_in_force(home: Home, line: str) -> None:
    told = home.listen(line, lambda told: told.count("\n") >= 1, lambda: home.set("oven", priority=6 if home.state("oven")["priority"] == 7 else 7, by="me"))
    topic, _, message = told.splitlines()[0].partition(" ")
    assert topic == "virtual/cape_town/oven/applied"
    applied = json.loads(message)
    assert (set(applied["changes"]), applied["by"]) == ({"priority"}, "me")


def say_your_state(home: Home, line: str) -> None:
    home.set("clock", paused=True)
    home.shows("clock", paused=True)
    home.loop.run(timeout=2)
    before = sum(1 for device, leaf, _ in home.heard if (device, leaf) == ("geyser", "state"))
    home.say(line)
    home.until(lambda: sum(1 for device, leaf, _ in home.heard if (device, leaf) == ("geyser", "state")) > before)
    home.set("clock", paused=False)


def one_number(home: Home, line: str) -> None:
    done = subprocess.run(home.words(line), check=True, capture_output=True, text=True, timeout=SECONDS)
    assert 0 < float(done.stdout) <= 100


def on_whatever(home: Home, line: str) -> None:
    home.say(line)
    home.shows("oven", mode="on", heating=True)
    home.until(lambda: home.state("oven")["power"] == 2000)


def by_its_schedule(home: Home, line: str) -> None:
    home.say(line)
    home.shows("oven", mode="schedule")


def turn_over(home: Home, line: str) -> None:
    before = home.state("kitchen_lights")["switch"]
    home.say(line)
    home.shows("kitchen_lights", switch=not before, mode="off" if before else "on")


def half_as_bright(home: Home, line: str) -> None:
    home.set("kitchen_lights", mode="on")
    home.say(line)
    home.until(lambda: home.state("kitchen_lights")["power"] == 30)  # half of 60 W


def water(home: Home, line: str) -> None:
    home.say(line)
    home.shows("geyser", setpoint=55)


def no_more_than(home: Home, line: str) -> None:
    home.say(line)
    home.shows("grid", export_limit=2000)


def several(home: Home, line: str) -> None:
    home.say(line)
    home.shows("geyser", mode="on", setpoint=65)
    home.until(lambda: any(json.loads(payload).get("by") == "anna" for device, leaf, payload in home.heard if (device, leaf) == ("geyser", "applied")))


def every_day(home: Home, line: str) -> None:
    home.say(line)
    home.shows("garden_lights", schedule="sunset-22:30")


def later(home: Home, line: str) -> None:
    """21:00 in Cape Town is 19:00 UTC."""
    home.say(line)
    home.set("clock", speed=7200)
    home.until(lambda: ("tv", "applied") in home.last)
    home.set("clock", speed=60)
    assert json.loads(home.last["tv", "applied"]) == {"changes": {"mode": "off"}, "time": 1_782_068_400}
    home.shows("tv", mode="off", switch=False)


def the_battery_by_night(home: Home, line: str) -> None:
    home.say(line)
    home.shows("inverter", use_timer=True, grid_charge_enabled=True, prog1_charge="Allow Grid", prog1_capacity=80)
    home.set("clock", speed=7200)
    home.until(lambda: home.state("inverter")["decision"] == "grid charge")
    home.until(lambda: home.state("battery")["soc"] >= 79.9 and "T00:00" < home.state("battery")["time"][10:16] < "T04:00")
    home.set("clock", speed=60)


def the_battery_now(home: Home, charge: str, normal: str) -> None:
    home.say(charge)
    home.shows("inverter", decision="controller: charge")
    home.say(normal)
    home.until(lambda: not home.state("inverter")["decision"].startswith("controller"))


def gone_and_back(home: Home, gone: str, back: str) -> None:
    home.until(lambda: home.state("grid")["connected"])
    home.say(gone)
    home.shows("grid", connected=False)
    home.shows("inverter", decision="island")
    home.say(back)
    home.shows("grid", connected=True)


def without_grid(home: Home, line: str) -> None:
    home.say(line)
    home.shows("grid", outages="06:00-08:30, 18:00-20:30")


def clouds(home: Home, line: str) -> None:
    home.say(line)
    home.shows("weather", mean_cloud_cover=90)


def ten_times_faster(home: Home, line: str) -> None:
    home.say(line)
    home.shows("clock", speed=600)


def stop_and_on(home: Home, stop: str, step: str, on: str) -> None:
    def windows() -> int:
        return int(json.loads(home.last["inverter", "settlement"])["seq"])

    home.say(stop)
    home.shows("clock", paused=True)
    home.loop.run(timeout=1)
    stood = windows()
    home.loop.run(timeout=1)
    assert windows() == stood
    home.say(step)
    home.until(lambda: windows() == stood + 1)
    home.say(on)
    home.until(lambda: windows() > stood + 2)


def one_more(home: Home, line: str) -> None:
    home.say(line)
    home.until(lambda: json.loads(home.last.get(("fleet", "response/1"), b"{}")).get("accepted"))
    home.until(lambda: home.last.get(("second_tv", "availability")) == b"online")


def pulled_out(home: Home, out: str, again: str) -> None:
    home.say(out)
    home.until(lambda: home.last["oven", "availability"] == b"offline")
    home.say(again)
    home.until(lambda: home.last["oven", "availability"] == b"online")


def for_good(home: Home, line: str) -> None:
    home.say(line)
    home.until(lambda: home.last["second_tv", "availability"] == home.last["second_tv", "state"] == b"")


def it_stops(home: Home, line: str) -> None:
    home.say(line)
    assert home.process.wait(SECONDS) == 0


def nobody(home: Home, line: str) -> None:
    home.say(line)
    home.until(lambda: ("ofen", "error") in home.last)
    assert f"    virtual/cape_town/ofen/error {home.last['ofen', 'error'].decode()}\n" in PAGE


STORIES: dict[str, Callable[..., None]] = {
    "who is there": who_is_there,
    "everything of one device, now": everything_of_one,
    "the whole home, as it changes": the_whole_home,
    "what was refused, and why": what_was_refused,
    "which command is in force, since when, and by whom": which_is_in_force,
    "say your state at once": say_your_state,
    "one number": one_number,
    "on, whatever the schedule says": on_whatever,
    "by its schedule again": by_its_schedule,
    "turn over what it does": turn_over,
    "half as bright": half_as_bright,
    "water of 55 °C": water,
    "no more than 2 kW into the grid": no_more_than,
    "several at once": several,
    "from when to when, every day": every_day,
    "later, once": later,
    "the battery from the grid to 80 % between midnight and four": the_battery_by_night,
    "the battery from the grid now, and as it was": the_battery_now,
    "the grid is gone, and back": gone_and_back,
    "without grid every day": without_grid,
    "clouds come up": clouds,
    "ten times faster than it was": ten_times_faster,
    "stop, one step more, and on": stop_and_on,
    "one more device": one_more,
    "pulled out, and plugged in again": pulled_out,
    "gone for good": for_good,
    "a name that nobody has": nobody,
    "the whole home stops; the next `up` goes on from there": it_stops,
}
"""In the order in which they are done: that of the page, but that the home stops last."""


def test_every_line_does_what_it_promises(home: Home) -> None:
    for wish, story in STORIES.items():
        story(home, *WISHES[wish])


def test_it_tells_peoples_topics_from_the_homes_own() -> None:
    section = PAGE.partition("## Which topics are for people")[2]
    named = {leaf.split("/")[0] for leaf in re.findall(r"`([a-z]+(?:/<\w+>)?)`", "".join(re.findall(r"^\| (.*?) \|", section, re.MULTILINE)))}
    assert named == set(SPEAKERS)
