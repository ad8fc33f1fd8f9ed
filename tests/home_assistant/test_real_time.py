"""A real Home Assistant in simulated time: its clock runs as fast as it is told, and its timers with it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.home_assistant.real import NEEDED, PARAMETERS, HomeAssistant, soon
from tests.machine import free_port

pytestmark = NEEDED
START = 1_782_919_680
"""2026-07-01 15:28 UTC."""


@pytest.fixture(params=PARAMETERS)
def ha(request: pytest.FixtureRequest) -> Iterator[HomeAssistant]:
    found = HomeAssistant(request.param, free_port(), time=(START, 60))
    try:
        found.start()
        yield found
    finally:
        found.remove()


def test_it_lives_at_that_time_as_fast_as_it_is_told(ha: HomeAssistant) -> None:
    assert 0 < ha.now() - START < 180  # of booting
    wall, then = said(ha)
    assert soon(lambda: ha.now() - then > 480, 30)
    later, now = said(ha)
    assert (now - then) / (later - wall) == pytest.approx(60, rel=0.15)


def said(ha: HomeAssistant) -> tuple[float, float]:
    """What its clock says, and when by ours, in the middle of asking."""
    begin = time.monotonic()
    now = ha.now()
    return (begin + time.monotonic()) / 2, now
