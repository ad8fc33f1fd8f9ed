"""How devices are, from what is said on the bus."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from virtual_devices.edge.messages.base import ErrorMessage, write
from virtual_devices.edge.metrics.collector import Metrics
from virtual_devices.edge.metrics.vitals import Vital, Vitals

KINDS = {"clock": "clock", "sun": "sun", "inverter": "inverter", "oven": "oven", "tv": "tv"}

OF_ALL = {"device_info", "online", "wanted", "late_windows", "settled_windows_total", "left_out_windows_total", "refused_commands_total"}


@pytest.fixture
def vitals() -> Vitals:
    found = Vitals("cape")
    found.follow(KINDS)
    return found


def settled(vitals: Vitals, seq: int, *members: str, left_out: tuple[str, ...] = (), run: str = "r1", by: str = "inverter") -> None:
    content: dict[str, Any] = {"run": run, "seq": seq, "members": members, "left_out": left_out, "shares": {}, "owed": {}}
    vitals.hear(by, "settlement", orjson.dumps(content))


def given(vitals: Vitals, seq: int, run: str = "r1") -> None:
    vitals.hear("sun", "conditions", b'{"run":"%s","seq":%d,"values":{}}' % (run.encode(), seq))


def of(vitals: Vitals, name: str) -> Vital:
    return vitals.now()[name][1]


def test_nothing_flows_any_more_in_who_is_offline() -> None:
    there = True
    vitals, metrics = Vitals("cape", lambda: there), Metrics(CollectorRegistry(), "cape")
    vitals.follow(KINDS)
    metrics.watch(vitals)
    metrics.update("oven", "oven", {"power": 2000, "energy_joules": 5, "supplied": True, "rated_power": 2100})
    metrics.update("clock", "clock", {"time": "2026-06-21T06:30:00+02:00"})

    def said(device: str) -> set[str]:
        return {sample.name.removeprefix("virtual_devices_") for family in metrics.collect() for sample in family.samples if sample.labels.get("device") == device} - OF_ALL

    flows, lasts = {"power_watts", "supplied"}, {"energy_joules_total", "setting_rated_power_watts"}
    assert said("oven") == flows | lasts, "it was not heard yet whether it is there"
    vitals.hear("oven", "availability", b"offline")
    vitals.hear("clock", "availability", b"offline")
    assert said("oven") == lasts
    assert said("clock") == {"time_timestamp_seconds"}, "that it stands still is to be seen"
    there = False
    assert said("oven") == flows | lasts, "who hears nothing does not know"
    there = True
    vitals.hear("oven", "availability", b"online")
    assert said("oven") == flows | lasts


def test_who_was_switched_off_is_not_wanted() -> None:
    running: set[str] | None = None
    vitals = Vitals("cape", running=lambda: running)
    vitals.follow(KINDS)
    assert all(vital.wanted for _, vital in vitals.now().values())
    running = {"clock", "sun", "inverter", "tv"}
    assert [name for name, (_, vital) in vitals.now().items() if not vital.wanted] == ["oven"]


def test_who_says_so_is_online_while_the_broker_is_there() -> None:
    there = True
    vitals = Vitals("cape", lambda: there)
    vitals.follow(KINDS)
    assert not of(vitals, "oven").online
    vitals.hear("oven", "availability", b"online")
    assert of(vitals, "oven").online
    there = False
    assert not of(vitals, "oven").online
    there = True
    vitals.hear("oven", "availability", b"offline")
    assert not of(vitals, "oven").online


def test_windows_count_for_those_who_took_part(vitals: Vitals) -> None:
    for seq in (1, 2, 3):
        given(vitals, seq)
        settled(vitals, seq, "oven", "tv")
        settled(vitals, seq, "oven", "tv")  # told again
    assert {name: vital.windows for name, (_, vital) in vitals.now().items()} == dict.fromkeys(KINDS, 3)
    assert {vital.late for _, vital in vitals.now().values()} == {0}


def test_who_is_left_out_is_late_until_it_is_back(vitals: Vitals) -> None:
    settled(vitals, 1, "oven", "tv")
    settled(vitals, 2, "tv", left_out=("oven",))
    settled(vitals, 3, "tv")  # it has left: nobody waits for it
    assert of(vitals, "oven") == Vital(windows=1, left_out=1, late=2)
    settled(vitals, 4, "oven", "tv")
    assert of(vitals, "oven") == Vital(windows=2, left_out=1, late=0)
    assert of(vitals, "tv") == Vital(windows=4)


def test_who_gives_conditions_is_late_when_windows_are_settled_without_them(vitals: Vitals) -> None:
    given(vitals, 1)
    settled(vitals, 1)
    settled(vitals, 2)
    assert of(vitals, "sun") == Vital(windows=1, late=1)
    given(vitals, 3)
    settled(vitals, 3)
    assert of(vitals, "sun") == Vital(windows=2, late=0)


def test_what_a_broker_retains_from_before_is_not_counted(vitals: Vitals) -> None:
    settled(vitals, 700, "oven")
    assert of(vitals, "oven") == Vital()
    settled(vitals, 701, "oven")
    settled(vitals, 1, "oven", run="r2")
    assert of(vitals, "oven") == Vital(windows=2)


@pytest.mark.parametrize(("about", "counts"), [("virtual/cape/oven/set", 1), ("virtual/cape/oven/set/setpoint", 1), ("virtual/cape/oven/sets", 0), ("oven", 0)])
def test_what_is_refused_counts_when_it_was_a_command(vitals: Vitals, about: str, counts: int) -> None:
    vitals.hear("oven", "error", write(ErrorMessage(error="no", about=about)))
    vitals.hear("oven", "error", b"rubbish")
    assert of(vitals, "oven").refused == counts


def test_who_is_not_the_home_s_is_not_told_of_and_who_goes_is_forgotten(vitals: Vitals) -> None:
    vitals.hear("stranger", "availability", b"online")
    vitals.hear("oven", "availability", b"online")
    vitals.follow({"tv": "tv", "oven": "oven"})
    assert vitals.now() == {"tv": ("tv", Vital()), "oven": ("oven", Vital(online=True))}
    vitals.follow({"tv": "tv"})
    vitals.follow({"tv": "tv", "oven": "oven"})
    assert of(vitals, "oven") == Vital()


@pytest.mark.parametrize("rubbish", [b"", b"[]", b"{", b'{"run":"r1","seq":1,', b'{"run":"r1","seq":5,"members":7,"left_out":null}'])
def test_no_message_ends_it(vitals: Vitals, rubbish: bytes) -> None:
    for leaf in ("availability", "conditions", "error", "settlement", "state"):
        vitals.hear("inverter", leaf, rubbish)
    settled(vitals, 6, "oven")
    assert of(vitals, "oven").windows <= 1


def test_a_metric_is_told_of_each_and_a_device_that_is_gone_has_none(vitals: Vitals) -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, "cape")
    metrics.watch(vitals, lambda: 3)
    metrics.update("oven", "oven", {"power": 5})
    vitals.hear("oven", "availability", b"online")
    settled(vitals, 1, "tv", left_out=("oven",))
    oven = {"home": "cape", "device": "oven", "kind": "oven"}
    assert registry.get_sample_value("virtual_devices_online", oven) == 1
    assert registry.get_sample_value("virtual_devices_power_watts", oven) == 5
    assert registry.get_sample_value("virtual_devices_left_out_windows_total", oven) == 1
    assert registry.get_sample_value("virtual_devices_late_windows", oven) == 1
    assert registry.get_sample_value("virtual_devices_settled_windows_total", {**oven, "device": "tv", "kind": "tv"}) == 1
    assert registry.get_sample_value("virtual_devices_refused_commands_total", oven) == 0
    assert registry.get_sample_value("virtual_devices_audit_problems", {"home": "cape"}) == 3
    vitals.follow({"tv": "tv"})
    assert registry.get_sample_value("virtual_devices_power_watts", oven) is None
    assert registry.get_sample_value("virtual_devices_online", oven) is None
