"""Whether people who cannot see or point well can use the pages: what axe-core, which VIRTUAL_DEVICES_AXE names, finds in each, light and dark."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.console_browser.running import HOME, ConsoleProcess, looking
from virtual_devices.console.parts.frame import OF_HOME

pytestmark = pytest.mark.console
SERIOUS = {"serious", "critical"}
PAGES = ["/homes", *(f"/home/{HOME}{where}" for where in OF_HOME.values())]


@pytest.fixture(scope="module")
def axe() -> str:
    named = os.environ.get("VIRTUAL_DEVICES_AXE")
    if not named:
        pytest.skip("VIRTUAL_DEVICES_AXE names no axe.min.js: npm install axe-core")
    return Path(named).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_stands_in_the_way(chromium: Browser, console: ConsoleProcess, axe: str, path: str, scheme: str) -> None:
    with looking(chromium, color_scheme=scheme) as looked:
        looked.open(f"{console.url}{path}")
        looked.page.locator(".vd-main").wait_for()
        looked.page.wait_for_function("window.socket?.connected ?? true")
        looked.page.evaluate(axe)
        found: dict[str, Any] = looked.page.evaluate("axe.run()")
    wrong = [_words(each) for each in found["violations"] if each["impact"] in SERIOUS]
    assert not wrong, "\n".join(wrong)


def _words(violation: dict[str, Any]) -> str:
    where = "; ".join(f"{node['html'][:160]} ({node['failureSummary']})" for node in violation["nodes"][:5])
    return f"{violation['id']}: {violation['help']}: {where}"
