"""Memoryless loads: their power by mode, time and settings."""

from __future__ import annotations

from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.loads import lights, tv

SITE = Site(-33.9, 18.4, 50, "Africa/Johannesburg", 1)
DAY = Span(1_751_320_800, 1800, 48)


def test_tv_plays_in_the_evening_and_stands_by_otherwise() -> None:
    television = tv.Tv(Context("tv", SITE))
    settings = tv.Settings()
    demand, _ = television.draw(settings, television.begin(settings), DAY, {}, supplied=True)
    assert demand == [500] * 36 + [120_000] * 9 + [500] * 3
    off = tv.Settings(mode="off", standby_power=0)
    assert television.draw(off, television.begin(off), DAY, {}, supplied=True)[0] == [0] * 48


def test_lights_follow_brightness() -> None:
    lamp = lights.Lights(Context("lights", SITE))
    for brightness, power in ((100, 80_000), (25, 20_000), (0, 0)):
        settings = lights.Settings(mode="on", brightness=brightness)
        assert lamp.draw(settings, lamp.begin(settings), DAY, {}, supplied=True)[0] == [power] * 48
    settings = lights.Settings()
    demand, _ = lamp.draw(settings, lamp.begin(settings), DAY, {}, supplied=True)
    assert [i for i, power in enumerate(demand) if power] == [11, 12, 13, *range(37, 45)]
