"""What a page does when the console or the broker goes, and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import WITHIN, ConsoleProcess, Looked, OnBus, ended, looking, until
from tests.machine import family
from virtual_devices.console import texts

pytestmark = pytest.mark.console


def goes_on(looked: Looked) -> None:
    """The time on the page goes on."""
    time = looked.page.locator(".vd-big-number").first
    before = time.text_content()
    until(lambda: time.text_content() != before, "the time goes on", looked.page)


def test_a_console_that_is_killed(chromium: Browser, bus: OnBus, tmp_path: Path) -> None:
    console = ConsoleProcess(tmp_path, bus.endpoint)
    try:
        with looking(chromium) as looked:
            looked.home(console.url)
            looked.page.evaluate("window.before = true")
            console.kill()
            console.start()
            looked.page.wait_for_function("window.before !== true")  # loaded anew
            looked.card("inverter").wait_for()
            goes_on(looked)
    finally:
        ended(console.process)


def test_a_broker_that_is_killed(looked: Looked, up: tuple[subprocess.Popen[bytes], OnBus]) -> None:
    gone = looked.page.get_by_text(texts.NO_BROKER)
    expect(gone).to_be_hidden()
    # the page looks once a second; the broker's keeper may be quicker, so it is held first
    os.kill(up[0].pid, signal.SIGSTOP)
    try:
        os.kill(family(up[0].pid)["broker"], signal.SIGKILL)
        expect(gone).to_be_visible()
    finally:
        os.kill(up[0].pid, signal.SIGCONT)
    expect(gone).to_be_hidden(timeout=2 * WITHIN * 1000)
    goes_on(looked)
