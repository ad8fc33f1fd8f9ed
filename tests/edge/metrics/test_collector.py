"""Prometheus metrics derived from faces."""

from __future__ import annotations

import threading
import urllib.request
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition, parser
from prometheus_client.parser import text_string_to_metric_families

from tests.monitoring.promtool import promtool
from virtual_devices.edge.metrics.collector import Metrics
from virtual_devices.edge.metrics.families import families_of
from virtual_devices.edge.metrics.serving import serve
from virtual_devices.edge.metrics.vitals import Vitals
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.changes import readings_of, settings_json
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.model import MAX_DEVICES

INFO = "virtual_devices_device_info"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), "cape_town")


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    text = generate_latest(metrics.registry).decode()
    return {
        (sample.name, sample.labels["device"] + sample.labels.get("state", "")): sample.value
        for family in text_string_to_metric_families(text)
        if family.name != INFO
        for sample in family.samples
    }


def some_state(kind: str) -> dict[str, Any]:
    device_class = catalogue.load(kind)
    values: dict[str, Any] = settings_json(device_class.settings_type())
    for reading in readings_of(device_class):
        example: dict[str, Any] = {"number": 2.5, "flag": True, "text": "words", "instant": "2026-06-21T06:30:00+02:00", "list": []}
        values[reading.name] = reading.choices[0] if reading.type == "choice" else example[reading.type]
    return values


def test_each_device_is_said_to_be_simulated(metrics: Metrics) -> None:
    metrics.update("oven_2", "oven", {"power": 5})
    found = next(family for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()) if family.name == INFO)
    assert [(sample.labels, sample.value) for sample in found.samples] == [({"home": "cape_town", "device": "oven_2", "kind": "oven", "simulated": "true"}, 1)]


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_kind_has_metrics_of_its_numbers(metrics: Metrics, kind: str) -> None:
    state = some_state(kind)
    metrics.update("thing", kind, state)
    found = {name for name, _ in samples(metrics)}
    for family in families_of(kind):
        if state.get(family.key, 0) is None:
            continue  # a setting that is left open
        assert (f"{family.name}_total" if family.grows else family.name) in found
    shown = {reading.name for reading in readings_of(catalogue.load(kind)) if reading.type not in ("text", "list") and not reading.detail}
    assert shown <= {family.key.removesuffix("_joules") for family in families_of(kind)}


def test_values_are_in_base_units(metrics: Metrics) -> None:
    state = {"power": 2000.0, "energy": 1.5, "energy_joules": 5_400_000.5, "supplied": True, "rated_power": 2100, "setpoint": 200}
    metrics.update("oven", "oven", state)
    metrics.update("inverter", "inverter", {"battery_soc": 44.0, "overall_state": "ok"})
    metrics.update("clock", "clock", {"time": "1970-01-01T02:00:10+02:00"})
    found = samples(metrics)
    assert found["virtual_devices_power_watts", "oven"] == 2000
    assert found["virtual_devices_energy_joules_total", "oven"] == 5_400_000.5
    assert found["virtual_devices_supplied", "oven"] == 1
    assert found["virtual_devices_setting_rated_power_watts", "oven"] == 2100
    assert found["virtual_devices_setting_setpoint_celsius", "oven"] == 200
    assert found["virtual_devices_battery_soc_ratio", "inverter"] == pytest.approx(0.44)
    assert found["virtual_devices_overall_state", "inverterok"] == 1
    assert found["virtual_devices_overall_state", "inverterfault"] == 0
    assert found["virtual_devices_time_timestamp_seconds", "clock"] == 10


def test_labels_name_home_device_and_kind(metrics: Metrics) -> None:
    metrics.update("stove", "oven", {"power": 1})
    assert b'virtual_devices_power_watts{device="stove",home="cape_town",kind="oven"} 1.0' in generate_latest(metrics.registry)


def test_what_is_unknown_has_no_sample(metrics: Metrics) -> None:
    metrics.update("oven", "oven", {"power": None})
    assert samples(metrics) == {}


def test_the_newest_value_counts(metrics: Metrics) -> None:
    metrics.update("oven", "oven", {"power": 1})
    metrics.update("oven", "oven", {"power": 2})
    assert samples(metrics) == {("virtual_devices_power_watts", "oven"): 2}


@pytest.mark.parametrize("rubbish", ["on", [], {}, "1970-13-45", 10**400, "", {"a": [1]}])
@pytest.mark.parametrize(("kind", "key"), [("clock", "time"), ("clock", "behind"), ("inverter", "overall_state"), ("oven", "energy_joules"), ("oven", "supplied")])
def test_one_value_that_is_none_costs_nobody_else_his(metrics: Metrics, kind: str, key: str, rubbish: object) -> None:
    metrics.update("thing", kind, {**some_state(kind), key: rubbish})
    metrics.update("stove", "oven", {"power": 7})
    assert samples(metrics)["virtual_devices_power_watts", "stove"] == 7


@pytest.mark.parametrize("forged", [float("nan"), float("inf"), 1e308 * 10, -5])
def test_a_number_that_is_none_does_not_cost_the_page(metrics: Metrics, forged: float) -> None:
    metrics.update("thing", "oven", {**some_state("oven"), "energy_joules": forged})
    metrics.update("stove", "oven", {"power": 7, "energy_joules": 3})
    families = list(parser.text_string_to_metric_families(exposition.generate_latest(metrics.registry).decode()))  # type: ignore[no-untyped-call]
    assert [(each.labels["device"], each.value) for family in families for each in family.samples if each.name == "virtual_devices_energy_joules_total"] == [("stove", 3)]


def test_not_without_bound(metrics: Metrics) -> None:
    for number in range(MAX_DEVICES + 50):
        metrics.update(f"oven_{number}", "oven", {"power": number})
    assert len(samples(metrics)) == MAX_DEVICES


def test_who_has_left_takes_nobody_a_place(metrics: Metrics) -> None:
    vitals = Vitals("cape_town")
    metrics.watch(vitals)
    for number in range(MAX_DEVICES + 1):  # one after the other, each under a name of its own
        vitals.follow({f"oven_{number}": "oven"})
        metrics.update(f"oven_{number}", "oven", {"power": number})
    assert samples(metrics)["virtual_devices_power_watts", f"oven_{MAX_DEVICES}"] == MAX_DEVICES


def test_the_global_registry_stays_as_it_is(metrics: Metrics) -> None:
    metrics.update("oven", "oven", {"power": 1})
    assert b"virtual_devices" not in generate_latest(REGISTRY)


def test_threads_may_write_and_read_at_once(metrics: Metrics) -> None:
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for number in range(200):
                metrics.update(name, "oven", {"power": number})
                if number % 20 == 0:
                    samples(metrics)
        except BaseException as error:  # noqa: BLE001 - what a thread raises is what the test is about
            failures.append(error)

    threads = [threading.Thread(target=write, args=(f"oven_{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(samples(metrics).values()) == {199}


def test_they_are_served_on_loopback(metrics: Metrics) -> None:
    metrics.update("oven", "oven", {"power": 7})
    server = serve(metrics, 0)
    try:
        host, port = server.server_address[:2]
        assert host == "127.0.0.1"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert b"virtual_devices_power_watts" in answer.read()
        with pytest.raises(ConfigurationError, match="choose another port"):
            serve(metrics, int(port))
    finally:
        server.shutdown()
        server.server_close()


def test_every_kind_is_understood_by_promtool_and_as_open_metrics(metrics: Metrics) -> None:
    vitals = Vitals("cape_town")
    vitals.follow({f"a_{kind}": kind for kind in catalogue.kinds()})
    metrics.watch(vitals, lambda: 0)
    for kind in catalogue.kinds():
        metrics.update(f"a_{kind}", kind, some_state(kind))
    assert promtool("check", "metrics", told=generate_latest(metrics.registry).decode()) == ""
    families = list(parser.text_string_to_metric_families(exposition.generate_latest(metrics.registry).decode()))  # type: ignore[no-untyped-call]
    assert {family.name for family in families if family.type == "counter"} >= {"virtual_devices_energy_joules", "virtual_devices_refused_commands"}


def test_money_has_the_currency_of_its_device_or_of_the_home_or_none(metrics: Metrics) -> None:
    def currencies() -> set[tuple[str, str]]:
        found = text_string_to_metric_families(generate_latest(metrics.registry).decode())
        return {(sample.labels["device"], sample.labels["currency"]) for family in found for sample in family.samples if "currency" in sample.labels}

    metrics.update("second", "grid", {"cost": 1.0, "price_now": 2.0})
    assert currencies() == {("second", "")}
    metrics.update("grid", "grid", {"cost": 1.0, "currency": "ZAR"})
    assert currencies() == {("second", "ZAR"), ("grid", "ZAR")}
    metrics.update("second", "grid", {"cost": 1.0, "currency": "EUR"})
    assert currencies() == {("second", "EUR"), ("grid", "ZAR")}
    metrics.update("second", "grid", {"cost": 1.0, "currency": 7})
    assert currencies() == {("second", "ZAR"), ("grid", "ZAR")}
