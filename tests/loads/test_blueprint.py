"""The file that people copy works as it stands."""

from __future__ import annotations

from typing import Any

from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.forms.changes import readings_of, settings_of
from virtual_devices.kit.home.catalogue import kinds, load_module
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span

SITE = Site(-33.9, 18.4, 50, "Africa/Johannesburg", 1)
MIDNIGHT = 1_751_320_800  # 2025-07-01 00:00 in Johannesburg
HOUR = 3600


def blueprint() -> Any:
    return load_module("virtual_devices.loads._blueprint", "blueprint")(Context("kettle", SITE))


def test_it_is_a_whole_device_but_no_kind() -> None:
    kind = load_module("virtual_devices.loads._blueprint", "blueprint")
    assert {"mode", "schedule", "rated_power", "circuit", "priority"} <= {item.name for item in settings_of(kind)}
    assert {"power", "energy", "run_time"} <= {item.name for item in readings_of(kind)}
    assert "_blueprint" not in kinds()


def test_power_follows_mode_and_schedule() -> None:
    device = blueprint()
    day = Span(MIDNIGHT, HOUR, 24)
    settings = device.settings_type(rated_power="2 kW", standby_power=1, schedule="06:00-08:00")
    demand, state = device.draw(settings, device.begin(settings), day, {}, supplied=True)
    assert demand == [1_000] * 6 + [2_000_000] * 2 + [1_000] * 16
    assert device.report(settings, state, day.end).run_time == 2 * HOUR
    for mode, power in (("on", 2_000_000), ("off", 1_000)):
        assert device.draw(settings.model_copy(update={"mode": mode}), state, day, {}, supplied=True)[0] == [power] * 24
    never = settings.model_copy(update={"schedule": DailyTimes(())})
    assert device.draw(never, state, day, {}, supplied=True)[0] == [1_000] * 24


def test_it_asks_but_does_not_run_while_cut_off() -> None:
    device = blueprint()
    settings = device.settings_type(mode="on")
    demand, state = device.draw(settings, device.begin(settings), Span(MIDNIGHT, 60, 10), {}, supplied=False)
    assert demand == [1_000_000] * 10
    assert state.run_time == 0
