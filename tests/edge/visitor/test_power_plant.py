"""Summaries of strangers: anybody may say one at a broker without an access list, and whoever sums them up goes on."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from virtual_devices.cli.homes import plant_words
from virtual_devices.console.watching.plant import elsewhere
from virtual_devices.edge.messages.topics import summary_topic
from virtual_devices.edge.visitor.power_plant import SummariesHeard, chosen, plant_of

QUARTER = 900
TRUTH: dict[str, Any] = {
    "run": "a" * 32, "start": 1_782_022_500, "seconds": QUARTER, "grid_import": 10.0, "grid_export": 0.0, "load": 273.5, "unserved": 0.0, "pv": 232.0,
    "battery_charge": 2.0, "battery_discharge": 80.0, "switchable": 0.0, "soc": 28.0, "stored": 2.8, "usable": 0.3, "capacity": 10.0, "charge_power": 5000.0,
    "discharge_power": 1321.0, "cost": 0.4, "currency": "ZAR", "online": 15, "devices": 15, "labels": {"region": "north", "tariff": "homepower_4"},
    "told": 1_795_980_309,
}  # fmt: skip

LIES: list[dict[str, Any]] = [
    {"start": QUARTER * 2**30}, {"start": -QUARTER * 2**30}, {"told": 2**40}, {"told": -(2**40)}, {"cost": 1e308}, {"cost": -1e308}, {"currency": "\x1b[31m"},
    {"currency": "Z\nR"}, {"labels": {"region": "no\x1b[2Jrth"}}, {"labels": {"": ""}}, {"labels": {"a=b": "c"}}, {"load": -1}, {"capacity": -5}, {"load": 1e12},
    {"soc": 200}, {"online": -1},
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_what_cannot_be_is_no_summary(lie: dict[str, Any]) -> None:
    heard = SummariesHeard()
    heard.hear(summary_topic("honest"), orjson.dumps(TRUTH))
    heard.hear(summary_topic("forged"), orjson.dumps({**TRUTH, **lie}))
    assert list(heard.told) == ["honest"]
    heard.hear(summary_topic("honest"), orjson.dumps({**TRUTH, **lie}))
    assert heard.told["honest"].load == TRUTH["load"], "the last that could be holds"


@pytest.mark.parametrize("end", [{"start": QUARTER * -(2**25)}, {"start": QUARTER * 2**27}, {"told": 2**37}, {"cost": 1e12}], ids=str)
def test_what_is_only_odd_is_shown_and_summed_up(end: dict[str, Any]) -> None:
    heard = SummariesHeard()
    for home in ("one", "two"):
        heard.hear(summary_topic(home), orjson.dumps({**TRUTH, **end}))
    found = chosen(heard.told, None, {"region": "north"})
    assert sorted(found) == ["one", "two"]
    for home, summary in found.items():
        assert elsewhere(home, summary).time is not None
    plant = plant_of(found.values())
    json.dumps(plant.costs, allow_nan=False)
    assert any("storage" in line for line in plant_words(plant))


def test_what_is_no_message_at_all_is_passed_over() -> None:
    heard = SummariesHeard()
    for payload in (b"[" * 2_000_000, b'{"labels":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, b"NaN", json.dumps({**TRUTH, "load": float("nan")}).encode()):
        heard.hear(summary_topic("forged"), payload)
    heard.hear("virtual/one/two/summary", orjson.dumps(TRUTH))
    heard.hear("virtual/Bad Name/summary", orjson.dumps(TRUTH))
    assert not heard.told
    assert heard.version == 0
