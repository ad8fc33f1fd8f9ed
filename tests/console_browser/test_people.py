"""Who may come, and who is let do what; and browsers that are sent by somebody else's page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.console.serving import UPGRADE, ask
from tests.console_browser.running import HOME, ConsoleProcess, Looked, OnBus, ended, looking, until

pytestmark = pytest.mark.console
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def guarded(bus: OnBus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ConsoleProcess, Path]]:
    """A console with a login, and its folder."""
    folder = tmp_path_factory.mktemp("guarded")
    made = ConsoleProcess(folder, bus.endpoint, "--login", "--state", str(folder / "who"))
    yield made, folder / "who"
    ended(made.process)


def verb(*words: object) -> str:
    done = subprocess.run([sys.executable, "-m", "virtual_devices", "console", *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def log_in(looked: Looked, console: ConsoleProcess, name: str, password: str) -> None:
    looked.open(f"{console.url}/home/{HOME}")
    looked.page.wait_for_url("**/login")
    looked.page.get_by_label("Name").fill(name)
    looked.page.get_by_label("Password").fill(password)
    looked.page.get_by_role("button", name="Log in").click()


def test_the_owner_logs_in_and_out(chromium: Browser, guarded: tuple[ConsoleProcess, Path]) -> None:
    console, _ = guarded
    with looking(chromium) as looked:
        log_in(looked, console, "owner", "not this one")
        expect(looked.page.get_by_role("alert")).to_contain_text("wrong")
        log_in(looked, console, "owner", console.password())
        looked.page.wait_for_url(f"**/home/{HOME}")
        expect(looked.page.get_by_role("button", name="Pause")).to_be_visible()
        looked.page.get_by_role("button", name="Log out").click()
        looked.page.wait_for_url("**/login")
        looked.open(f"{console.url}/homes")
        looked.page.wait_for_url("**/login")


def test_who_may_look_sees_no_buttons_and_who_is_revoked_nothing(chromium: Browser, guarded: tuple[ConsoleProcess, Path], bus: OnBus) -> None:
    console, folder = guarded
    seer, doer = (verb("grant", name, role, "--state", folder).rpartition("password: ")[2] for name, role in (("seer", "look"), ("doer", "operate")))
    with looking(chromium) as sees, looking(chromium) as does:
        log_in(sees, console, "seer", seer)
        sees.page.wait_for_url(f"**/home/{HOME}")
        sees.card("inverter").wait_for()
        for name in ("Pause", "Go on", "One step", "Pull the grid"):
            expect(sees.page.get_by_role("button", name=name)).to_be_hidden()
        log_in(does, console, "doer", doer)
        does.page.wait_for_url(f"**/home/{HOME}")
        pull = does.page.get_by_role("button", name="Pull the grid")
        expect(pull).to_be_visible()
        verb("revoke", "doer", "--state", folder)

        until(lambda: does.page.url.endswith("/login"), "the page is given up", does.page)
        assert bus.state("grid")["main_switch"] is True


def test_two_consoles_do_not_log_each_other_out(chromium: Browser, guarded: tuple[ConsoleProcess, Path], bus: OnBus, tmp_path: Path) -> None:
    console, _ = guarded
    other = ConsoleProcess(tmp_path, bus.endpoint, "--login", "--state", str(tmp_path / "who"))
    try:
        with looking(chromium) as looked:
            for each in (console, other):
                log_in(looked, each, "owner", each.password())
                looked.page.wait_for_url(f"{each.url}/home/{HOME}")
            for each in (console, other):
                looked.open(f"{each.url}/homes")
                expect(looked.page.get_by_role("button", name="Log out")).to_be_visible()
    finally:
        ended(other.process)


@pytest.mark.parametrize("path", ["/", SOCKET])
def test_strangers_are_refused(console: ConsoleProcess, path: str) -> None:
    own = f"127.0.0.1:{console.port}"
    more = UPGRADE if path == SOCKET else ()
    assert ask(console.port, f"Host: {own}", *more, f"Origin: http://{own}", path=path).status == (101 if more else 200)
    assert ask(console.port, f"Host: evil.example:{console.port}", *more, f"Origin: http://evil.example:{console.port}", path=path).status == 403
    if more:
        assert ask(console.port, f"Host: {own}", *more, "Origin: http://evil.example", path=path).status == 403
    else:
        assert ask(console.port, f"Host: {own}", "Origin: http://evil.example", path=path, method="POST").status == 403
