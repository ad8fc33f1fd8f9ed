"""Whether people who cannot see or point well can use the pages: what axe-core, which VIRTUAL_DEVICES_AXE names, finds in each, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.console_browser.running import HOME, ConsoleProcess, looking, serious
from virtual_devices.console.parts.frame import OF_HOME

pytestmark = pytest.mark.console
PAGES = ["/homes", *(f"/home/{HOME}{where}" for where in OF_HOME.values())]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious_stands_in_the_way(chromium: Browser, console: ConsoleProcess, axe: str, path: str, scheme: str) -> None:
    with looking(chromium, color_scheme=scheme) as looked:
        looked.open(f"{console.url}{path}")
        looked.page.locator(".vd-main").wait_for()
        looked.page.wait_for_function("window.socket?.connected ?? true")
        wrong = serious(looked.page, axe)
    assert not wrong, "\n".join(wrong)
