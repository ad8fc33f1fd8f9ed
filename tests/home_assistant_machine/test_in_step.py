"""A real home on a real broker, and a clock that stands for Home Assistant's: both are set going together, and the home waits for it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.machine import free_ports
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.home_assistant.machine.hass import ClockSaid, Hass
from virtual_devices.home_assistant.machine.in_step import HomeClock, InStep

START, SPEED, STEP = 1_782_017_400, 60.0, 15
"""2026-06-21 06:50 in Cape Town."""


class Clock:
    """What ``InStep`` asks of a Home Assistant."""

    def __init__(self, start: float) -> None:
        self.base, self.since, self.speed, self.silent = start, time.monotonic(), 1.0, 0.0

    def now(self, patience: float = 20.0) -> ClockSaid | None:
        wall = time.monotonic()
        if wall < self.silent:
            time.sleep(min(patience, self.silent - wall))
            return None
        return ClockSaid(wall, self.base + (wall - self.since) * self.speed, 0.0)

    def pace(self, speed: float) -> None:
        said = self.now()
        assert said is not None
        self.base, self.since, self.speed = said.now + 2, said.wall, speed

    def refuse_dead(self) -> None:
        """It lives."""

    def last_lines(self) -> str:
        return ""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[HomeClock]:
    file, port = tmp_path / "flat.yaml", free_ports()
    text = (Path(__file__).parent / "flat.yaml").read_text()
    file.write_text(text.replace("06:50}", f"06:50, speed: {SPEED:g}, step: {STEP} s, paused: true, paused_steps: 1}}"))
    found, spy = HomeClock("flat", STEP), paho.Client(CallbackAPIVersion.VERSION2)
    words = [sys.executable, "-m", "virtual_devices", "up", str(file), "--port", str(port), "--json", "--state", str(tmp_path / "state")]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as up:
        try:
            deadline = time.monotonic() + 30
            while found.end is None and time.monotonic() < deadline:
                try:
                    found.connect(Endpoint("127.0.0.1", port))
                    spy.connect("127.0.0.1", port)
                    break
                except OSError:
                    time.sleep(0.1)
            spy.on_message = lambda _client, _data, message: found.hear("window", bytes(message.payload))
            spy.subscribe("virtual/flat/clock/window")
            spy.loop_start()
            while found.end is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert found.end == START + STEP
            yield found
        finally:
            spy.loop_stop()
            found.close()
            up.send_signal(signal.SIGINT)


def apart(home: HomeClock, clock: Clock) -> float:
    """The middle of a few looks, of how much simulated time the clock is past what the home has begun."""
    found = []
    for _ in range(9):
        said = clock.now()
        assert said is not None
        assert home.end is not None
        found.append(said.now - home.end)
        time.sleep(0.07)
    return sorted(found)[4]


def test_the_home_begins_with_it_and_waits_for_it(home: HomeClock) -> None:
    clock, over, said = Clock(START - 240), threading.Event(), cast("list[str]", [])
    step = InStep(home, cast("Hass", cast("Any", clock)), SPEED, over, said.append)
    step.begin()
    assert clock.speed == SPEED
    assert abs(apart(home, clock)) < 2 * STEP  # a machine with other work is late by a tenth of a second or two
    clock.silent = time.monotonic() + 2
    step.look()
    assert step.kept.waits == 1
    assert step.kept.waited > 1
    assert abs(apart(home, clock)) < 2 * STEP
    step.look()
    assert step.kept.looks == 1


def test_it_lives_at_once_until_where_the_other_is_already(home: HomeClock) -> None:
    clock = Clock(START + 600)
    InStep(home, cast("Hass", cast("Any", clock)), SPEED, threading.Event(), print).begin()
    assert home.end is not None
    assert home.end > START + 600
    assert abs(apart(home, clock)) < 2 * STEP


def test_what_is_no_word_of_the_clock_is_passed_over() -> None:
    clock = HomeClock("flat", STEP)
    for leaf, payload in (("window", b""), ("window", b"{"), ("window", b'{"span": 1}'), ("state", b"{}")):
        clock.hear(leaf, payload)
    assert clock.end is None
    assert clock.end_at(time.monotonic()) is None
