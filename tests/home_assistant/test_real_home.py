"""examples/every_feature.yaml, every device a process, on a real mosquitto and before a real Home Assistant.

VIRTUAL_DEVICES_HOME_ASSISTANT names the folders in which Home Assistants are installed, with ``:`` between them.  The
tests of one Home Assistant belong together and run in this order: a newcomer's look, controls, the energy dashboard,
what happens when things end and begin again, and the way back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.home_assistant.controls import both_ways, live_settings, shown_readings
from tests.home_assistant.real import NEEDED, PARAMETERS, HomeAssistantError, soon
from tests.home_assistant.site import EXAMPLE, HOME, Guest, Site
from virtual_devices.edge.faces import fleet_discovery
from virtual_devices.edge.faces.natives import platform_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.quantities import MONEY, PRICE

PREFERRED = {"m/s": "km/h"}
"""Units that Home Assistant itself shows in another, where everything is metric."""
NOT_THE_DEVICES = ("mqtt.client", "mqtt.async_client")
"""Loggers that tell of the broker's own end, which a test brought about."""

pytestmark = NEEDED


@pytest.fixture(scope="module", params=PARAMETERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    there = Site(request.param, tmp_path_factory.mktemp("site"))
    try:
        there.start_broker()
        there.listen()
        there.start_fleet()
        there.ha.start()
        there.wait_until_complete()
        yield there
    finally:
        there.close()


def test_every_device_and_entity_appears_without_a_warning(site: Site) -> None:
    devices, entities, announced = site.ha.devices(), site.ha.entities(), site.components()
    assert devices.keys() == site.devices
    fleet = devices.pop(f"virtual-{HOME}-fleet")
    assert {device["via_device_id"] for device in devices.values()} == {fleet["id"]}, "they hang on it, whichever was heard first"
    assert fleet["via_device_id"] is None
    expected = {f"virtual-{HOME}-{name}-fleet-{part}" for name in site.described for part in ("running", "restart")}
    expected |= {item["unique_id"] for item in fleet_discovery.of_fleet(HOME)["components"].values()}
    expected |= {f"virtual-{HOME}-{name}-{item.name}" for name, item in live_settings(site)}
    expected |= {f"virtual-{HOME}-{name}-{item.name}" for name, kind in site.described.items() for item in shown_readings(kind)}
    expected |= {f"virtual-{HOME}-{name}-{platform_of(native)}" for name, kind in site.described.items() if (native := catalogue.load(kind).native)}
    assert entities.keys() == announced.keys() == expected
    assert {item["entity_id"] for item in entities.values()} == {item["default_entity_id"] for item in announced.values()}
    for unique, item in entities.items():
        assert (item["disabled_by"] == "integration") == (announced[unique].get("enabled_by_default") is False)
        assert item["entity_category"] == announced[unique].get("entity_category")
    assert site.complaints() == []


def test_a_lamp_an_oven_and_a_boiler_are_what_they_are(site: Site) -> None:
    """As cards, voice and automations use them."""
    def is_soon(entity: str, state: str, **attributes: object) -> bool:
        def holds() -> bool:
            shown = site.ha.states()[entity]
            return bool(shown["state"] == state and all(shown["attributes"][name] == value for name, value in attributes.items()))

        return soon(holds, 15)

    light, oven, geyser = f"light.{HOME}_kitchen_lights", f"climate.{HOME}_oven", f"water_heater.{HOME}_geyser"
    before = {name: {key: site.state(name)[key] for key in keys} for name, keys in {"kitchen_lights": ("mode", "brightness"), "oven": ("mode", "setpoint"), "geyser": ("mode", "setpoint")}.items()}
    assert [site.ha.states()[entity]["attributes"]["friendly_name"] for entity in (light, oven, geyser)] == ["Kitchen lights", "Oven", "Geyser Water heater"]
    site.ha.call("light.turn_on", light, brightness_pct=40)
    assert is_soon(light, "on", brightness=102)
    assert soon(lambda: (site.state("kitchen_lights")["brightness"], site.state("kitchen_lights")["mode"]) == (40, "on"), 10)
    site.ha.call("light.turn_off", light)
    assert is_soon(light, "off")
    site.ha.call("climate.set_hvac_mode", oven, hvac_mode="heat")
    site.ha.call("climate.set_temperature", oven, temperature=185)
    assert is_soon(oven, "heat", temperature=185, hvac_action="heating")
    assert soon(lambda: site.state("oven")["setpoint"] == 185, 10)
    site.ha.call("climate.turn_off", oven)
    assert is_soon(oven, "off", hvac_action="off")
    for operation, mode in {"eco": "schedule", "performance": "on", "off": "off"}.items():
        site.ha.call("water_heater.set_operation_mode", geyser, operation_mode=operation)
        assert is_soon(geyser, operation)
        assert soon(lambda mode=mode: site.state("geyser")["mode"] == mode, 10)  # type: ignore[misc]
    site.ha.call("water_heater.set_temperature", geyser, temperature=55)
    assert is_soon(geyser, "off", temperature=55)
    site.ha.call("water_heater.turn_on", geyser)
    assert is_soon(geyser, "performance")
    with pytest.raises(HomeAssistantError):
        site.ha.call("climate.set_temperature", oven, temperature=500)
    for name, values in before.items():
        site.spy.publish(f"virtual/{HOME}/{name}/set", json.dumps(values), 1).wait_for_publish(10)
        assert soon(lambda name=name, values=values: values.items() <= site.state(name).items(), 10)  # type: ignore[misc]
    assert site.complaints() == []


def test_what_is_folded_away_can_be_had(site: Site) -> None:
    site.unfold()
    site.wait_until_complete()
    assert site.complaints() == []


def test_every_setting_is_a_control_that_works_both_ways(site: Site) -> None:
    stubborn = [f"{name}.{item.name}: {told}" for name, item in live_settings(site) if (told := both_ways(site, name, item))]
    assert stubborn == []
    assert site.complaints() == []


def test_what_a_device_refuses_does_not_stick(site: Site) -> None:
    entity, topic = site.entity("oven", "setpoint"), f"virtual/{HOME}/oven/error"
    before = site.ha.states()[entity]["state"]
    site.heard.pop(topic, None)
    site.spy.publish(f"virtual/{HOME}/oven/set/setpoint", "9999", 1).wait_for_publish(10)
    assert soon(lambda: topic in site.heard)
    assert site.ha.states()[entity]["state"] == before
    told = site.entity("oven", "last_error")
    assert soon(lambda: "9999" in site.ha.states()[told]["state"], 10)
    assert site.ha.states()[told]["attributes"]["time"] == site.state("oven")["last_error_time"]
    assert site.ha.states()[site.entity("tv", "last_error")]["state"] == "none"
    with pytest.raises(HomeAssistantError):
        site.ha.call("number.set_value", entity, value=9999)


def test_a_cleared_text_is_a_value(site: Site) -> None:
    entity, before = site.entity("grid", "outages"), site.state("grid")["outages"]
    for value in ("01:00-02:00", "", before):
        site.ha.call("text.set_value", entity, value=value)
        assert soon(lambda value=value: site.state("grid")["outages"] == value == site.ha.states()[entity]["state"], 10)  # type: ignore[misc]
    assert site.complaints() == []


def test_the_energy_dashboard_has_nothing_to_complain_of(site: Site) -> None:
    def sensor(device: str, field: str) -> str:
        entity = f"sensor.{HOME}_{device}_{field}"
        assert entity in site.ha.states()
        return entity

    bought, sold = sensor("grid", "import_energy"), sensor("grid", "export_energy")
    price, feed_in = sensor("grid", "price_now"), sensor("grid", "feed_in_price_now")
    assert feed_in in site.ha.states()
    grid: dict[str, Any] = {"type": "grid", "cost_adjustment_day": 0.0}
    if site.ha.version.startswith("2025."):
        cost, gain = ({"entity_energy_price": entity, "number_energy_price": None} for entity in (price, feed_in))
        grid |= {
            "flow_from": [{"stat_energy_from": bought, "stat_cost": None} | cost],
            "flow_to": [{"stat_energy_to": sold, "stat_compensation": None} | gain],
        }
    else:
        grid |= {
            "stat_energy_from": bought, "stat_cost": None, "entity_energy_price": price, "number_energy_price": None,
            "stat_energy_to": sold, "stat_compensation": None, "entity_energy_price_export": feed_in,
            "number_energy_price_export": None,
        }  # fmt: skip
    roofs = [name for name, kind in site.described.items() if kind == "pv_array"]
    assert roofs
    sources = [grid, *({"type": "solar", "stat_energy_from": sensor(roof, "energy"), "config_entry_solar_forecast": None} for roof in roofs)]
    battery = {"stat_energy_from": sensor("battery", "discharge_energy"), "stat_energy_to": sensor("battery", "charge_energy")}
    sources.append({"type": "battery"} | battery)
    loads = [{"stat_consumption": sensor(name, "energy")} for name in site.loads()]
    assert len(loads) >= 5
    site.ha.ask("energy/save_prefs", energy_sources=sources, device_consumption=loads)

    def issues() -> list[Any]:
        site.ha.call("statistics_now.compile")
        return [issue for part in site.ha.ask("energy/validate").values() for source in part for issue in source]

    assert soon(lambda: not issues()), issues()
    assert site.complaints() == []


@pytest.mark.parametrize("reading", ["forecast", "price_forecast"])
def test_a_list_is_an_attribute_and_its_length_the_state(site: Site, reading: str) -> None:
    entity = site.entity("grid", reading)

    def same() -> bool:
        shown, said = site.ha.states()[entity], site.state("grid")[reading]
        return bool(said) and shown["state"] == str(len(said)) and shown["attributes"][reading] == said

    assert soon(same, 130)  # one that rolls on by itself is told within two minutes


def test_neighbours_find_the_forms_that_they_know(site: Site) -> None:
    """Load-shedding's area sensor, Nord Pool's price sensor, Solcast's days: texts, numbers and lists in attributes."""
    def beside(name: str, reading: str) -> dict[str, Any]:
        found: dict[str, Any] = site.ha.states()[site.entity(name, reading)]["attributes"]
        return found

    times = ("start_time", "end_time", "starts_in", "ends_in", "next_start_time", "next_end_time", "next_stage", "stage")
    assert all(name in beside("grid", reading) for name in times for reading in ("outage_planned", "stage"))
    assert {"stage", "start_time", "end_time"} == set(beside("grid", "outage_planned")["forecast"][0])
    price = beside("grid", "price_now")
    assert len(price["today"]) == len(price["raw_today"]) == 24
    assert price["tomorrow_valid"] is True
    assert price["raw_tomorrow"][0]["value"] == price["tomorrow"][0]
    assert set(price["raw_today"][0]) == {"start", "end", "value"}
    inverter = next(name for name, kind in site.described.items() if catalogue.load(kind).ability == "settles")
    assert soon(lambda: "detailedForecast" in beside(inverter, "forecast_tomorrow"), 30)
    for reading in ("forecast_today", "forecast_tomorrow"):
        half_hours = beside(inverter, reading)["detailedForecast"]
        assert [set(each) for each in half_hours] == [{"period_start", "pv_estimate", "pv_estimate10", "pv_estimate90"}] * 48
        shown = float(site.ha.states()[site.entity(inverter, reading)]["state"])
        assert shown == pytest.approx(sum(each["pv_estimate"] for each in half_hours) / 2, abs=0.01)
    assert site.complaints() == []


def test_a_reading_with_nothing_to_say_is_unknown(site: Site) -> None:
    """A home without battery and with one price, beside the other."""
    silent = ("sensor.before_solar_inverter_battery_voltage", "sensor.before_solar_grid_next_price_change")

    def shown(entity: str) -> str:
        return str(site.ha.states().get(entity, {}).get("state", "missing"))

    with site.neighbour(EXAMPLE.with_name("before_solar.yaml")):
        assert soon(lambda: shown("sensor.before_solar_grid_price_now") not in ("missing", "unavailable", "unknown"))
        site.unfold("before_solar")
        assert soon(lambda: shown("sensor.before_solar_grid_price_now") not in ("missing", "unavailable", "unknown"))
        assert [shown(entity) for entity in silent] == ["unknown", "unknown"]
    assert soon(lambda: site.ha.devices().keys() == site.devices)
    assert site.complaints() == []


def test_under_a_prefix_dashboards_find_all_that_they_ask_for(site: Site, tmp_path: Path) -> None:
    home = tmp_path / "carded.yaml"
    home.write_text(CARDED, encoding="utf-8")
    names = [
        "sensor.ss_pv1_power", "sensor.ss_battery_temperature", "sensor.ss_grid_current", "sensor.ss_day_aux_energy", "sensor.ss_inverter_frequency",
        "binary_sensor.ss_grid_connected_status", "binary_sensor.ss_aux_connected_status", "sensor.ss_energy_production_today", "sensor.ss_time_slot_1",
        "number.ss_system_mode_soc_time1", "switch.ss_toggle_solar_sell", "select.ss_prog1_charge_option", "sensor.ss_battery_capacity_shutdown",
    ]  # fmt: skip

    def shown(entity: str) -> str:
        return str(site.ha.states().get(entity, {}).get("state", "missing"))

    with site.neighbour(home):
        assert soon(lambda: all(shown(entity) not in ("missing", "unavailable", "unknown") for entity in names), 60), {entity: shown(entity) for entity in names}
        assert (shown("sensor.ss_time_slot_1"), shown("sensor.ss_battery_temperature")) == ("00:00", "31.0")
        site.ha.call("switch.turn_off", "switch.ss_toggle_solar_sell")
        assert soon(lambda: shown("switch.ss_solar_export") == shown("switch.ss_toggle_solar_sell") == "off", 15)
    assert soon(lambda: site.ha.devices().keys() == site.devices)
    assert site.complaints() == []


CARDED = """\
home: carded
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 11:00}
devices:
  sun: {}
  roof: {kind: pv_array}
  battery: {temp_ambient: 31 °C}
  grid: {}
  inverter: {entity_prefix: ss}
  house: {kind: base_load}
"""


def test_devices_that_leave_their_home_go_without_an_error(site: Site, tmp_path: Path) -> None:
    """Two loads are taken out of a neighbour's file; then it is forgotten as a whole."""
    home, leaving = tmp_path / "leaving.yaml", ("oven", "geyser")
    text = EXAMPLE.with_name("before_solar.yaml").read_text(encoding="utf-8").replace("home: before_solar", f"home: {home.stem}")

    def known() -> set[str]:
        return {name.rpartition("-")[2] for name in site.ha.devices() if name.startswith(f"virtual-{home.stem}-")}

    home.write_text(text, encoding="utf-8")
    with site.hosted(home):
        assert soon(lambda: known() >= {*leaving, "grid", "tv"})
        temperature = f"sensor.{home.stem}_geyser_temperature"
        assert soon(lambda: site.ha.states().get(temperature, {}).get("state", "unavailable") not in ("unavailable", "unknown"))
    everybody = known()
    home.write_text("\n".join(line for line in text.splitlines() if line.strip().partition(":")[0] not in leaving), encoding="utf-8")
    with site.hosted(home):
        assert soon(lambda: known() == everybody - set(leaving))
    assert site.complaints() == []
    site.forget(home.stem)
    assert soon(lambda: not known())
    assert site.complaints() == []


PORTS = ["essential", "aux", "non_essential"]
CIRCUITS = ["boiler", "desk", "garden", "kitchen", "lounge", "strip", "tv_plug"]


@pytest.fixture
def switched(site: Site) -> Iterator[Guest]:
    """examples/switched.yaml beside the other, on a Friday at noon: the television plays three deep, and no timer turns for hours."""
    file = EXAMPLE.with_name("switched.yaml")
    with site.neighbour(file, "--start", "2026-03-27 12:00"):
        yield Guest(site, file)
    assert soon(lambda: site.ha.devices().keys() == site.devices)
    assert site.complaints() == []


def test_a_plug_turns_measures_and_has_timers(site: Site, switched: Guest) -> None:
    plug = switched.entity("tv_plug", "relay")
    assert plug == "switch.switched_tv_plug_relay"
    assert switched.shown("tv_plug", "relay")["attributes"]["device_class"] == "outlet"
    assert switched.draws("tv_plug", on=True)
    assert float(switched.shown("tv_plug", "current")["state"]) > 0
    assert soon(lambda: float(switched.shown("tv_plug", "energy")["state"]) > 0, 10)
    site.ha.call("switch.turn_off", plug)
    assert switched.shows("tv_plug", "relay", "off")
    assert switched.draws("tv_plug", on=False)
    assert switched.draws("tv", on=False)
    site.ha.call("switch.turn_on", plug)
    assert switched.shows("tv_plug", "relay", "on")
    assert switched.draws("tv_plug", on=True)
    site.ha.call("button.press", switched.entity("tv_plug", "toggle"))
    assert switched.shows("tv_plug", "relay", "off")
    site.ha.call("number.set_value", switched.entity("tv_plug", "countdown"), value=120)
    assert switched.shows("tv_plug", "relay", "on")
    timer = switched.entity("tv_plug", "timer_4")
    assert timer == "text.switched_tv_plug_timer_4"
    for text in ("Mon-Fri 06:30 on", ""):
        site.ha.call("text.set_value", timer, value=text)
        assert switched.shows("tv_plug", "timer_4", text)
        assert site.state("tv_plug", switched.home)["timer_4"] == text


def test_a_load_has_a_switch_and_is_rewired_while_the_home_runs(site: Site, switched: Guest) -> None:
    oven = switched.entity("oven", "switch")
    assert (switched.shown("oven", "switch")["state"], switched.shown("oven", "mode")["state"]) == ("off", "schedule")
    site.ha.call("switch.turn_on", oven)
    assert switched.shows("oven", "mode", "on")
    assert switched.shows("oven", "switch", "on")
    assert switched.draws("kitchen", on=True)
    site.ha.call("switch.turn_off", oven)
    assert switched.shows("oven", "mode", "off")
    assert switched.draws("kitchen", on=False)

    assert switched.offers("lamps", [*PORTS, *CIRCUITS])
    assert switched.offers("kitchen", [*PORTS, *(name for name in CIRCUITS if name != "kitchen")])
    assert switched.offers("lounge", [*PORTS, "boiler", "garden", "kitchen"]), "what hangs on it is not among them"
    site.ha.call("select.select_option", switched.entity("strip", "circuit"), option="kitchen")
    assert switched.draws("kitchen", on=True)
    assert switched.offers("lounge", [*PORTS, *(name for name in CIRCUITS if name != "lounge")])
    assert switched.offers("kitchen", [*PORTS, "boiler", "garden", "lounge"])
    site.ha.call("select.select_option", switched.entity("tv", "circuit"), option="garden")
    assert switched.shows("tv", "circuit", "garden")
    assert switched.draws("tv_plug", on=False)


def test_a_device_is_switched_off_and_on_again(site: Site) -> None:
    running, restart = f"switch.{HOME}_oven_running", f"button.{HOME}_oven_restart"
    entities = [site.entity("oven", field) for field in ("setpoint", "power", "energy")]

    def shows(entity: str, *words: str) -> bool:
        return soon(lambda: site.ha.states()[entity]["state"] in words, 20)

    assert shows(running, "on")
    assert site.ha.entities()[f"virtual-{HOME}-oven-fleet-running"]["device_id"] == site.ha.entities()[f"virtual-{HOME}-oven-power"]["device_id"]
    site.ha.call("switch.turn_off", running)
    assert shows(running, "off")
    assert all(shows(entity, "unavailable") for entity in entities)
    assert shows(f"sensor.{HOME}_fleet_running", str(len(site.described) - 1))
    site.ha.call("switch.turn_on", running)
    assert shows(running, "on")
    site.wait_until_complete()
    since = site.fleet_says("running")["devices"]["oven"]["since"]
    site.ha.call("button.press", restart)
    assert soon(lambda: site.fleet_says("running")["devices"]["oven"]["since"] > since, 20)
    site.wait_until_complete()
    site.spy.publish(f"virtual/{HOME}/fleet/request", json.dumps({"verb": "off", "name": "ofen"}), 1).wait_for_publish(10)
    assert soon(lambda: "did you mean 'oven'" in site.ha.states()[f"sensor.{HOME}_fleet_last_error"]["state"], 10)
    assert site.complaints() == []


def test_availability_follows_the_process(site: Site) -> None:
    entities = [site.entity("oven", field) for field in ("setpoint", "power", "energy")]
    other = site.entity("tv", "power")

    def away() -> bool:
        states = site.ha.states()
        return all(states[each]["state"] == "unavailable" for each in entities) and states[other]["state"] != "unavailable"

    site.kill("oven")
    assert soon(away, 20)
    site.wait_until_complete()  # its host starts it again


def test_after_a_restart_of_home_assistant_all_is_there_with_the_right_units(site: Site) -> None:
    before = site.ids()
    for item in site.ha.entities().values():
        if item["disabled_by"] == "integration":  # joules and details too
            site.ha.ask("config/entity_registry/update", entity_id=item["entity_id"], disabled_by=None)
    site.ha.stop()
    site.ha.start()
    site.wait_until_complete()
    assert site.ids() == before
    states = site.ha.states()
    assert len(before) > 200
    for name, kind in site.described.items():
        for reading in shown_readings(kind):
            announced = site.announced()[f"virtual-{HOME}-{name}"]["components"][reading.name]
            shown = states[announced["default_entity_id"]]["attributes"]
            unit = announced.get("unit_of_measurement")
            told = (PREFERRED.get(unit, unit), announced.get("device_class"), announced.get("state_class"))
            assert tuple(shown.get(key) for key in ("unit_of_measurement", "device_class", "state_class")) == told, f"{name}.{reading.name}"
            if reading.quantity is not None and reading.quantity not in (MONEY, PRICE):
                assert (unit or "") == reading.quantity.unit
    assert site.complaints() == []


def test_a_broker_that_comes_back_with_empty_memory_leaves_no_duplicate(site: Site) -> None:
    before = site.ids()
    site.stop_broker()
    site.wait_until_unavailable()
    site.heard.clear()
    site.start_broker()
    site.wait_until_complete()
    assert site.ids() == before
    assert site.ha.devices().keys() == site.devices
    assert site.complaints(*NOT_THE_DEVICES) == []


def test_a_fleet_that_is_stopped_and_started_leaves_no_duplicate(site: Site) -> None:
    before = site.ids()
    counted = float(site.ha.states()[site.entity(site.loads()[0], "energy")]["state"])
    site.stop_fleet()
    site.wait_until_unavailable()
    site.start_fleet()
    site.wait_until_complete()
    assert site.ids() == before
    assert float(site.ha.states()[site.entity(site.loads()[0], "energy")]["state"]) >= counted > 0
    assert site.complaints(*NOT_THE_DEVICES) == []


def test_forget_leaves_nothing(site: Site) -> None:
    ids = set(site.ids().values())
    assert ids
    site.stop_fleet()
    site.forget(HOME)
    assert soon(lambda: not site.ha.entities() and not site.ha.devices())
    assert not ids & site.ha.states().keys()
    site.ha.stop()
    site.ha.start()
    assert not site.ha.entities()
    assert not site.ha.devices()
    assert site.complaints(*NOT_THE_DEVICES) == []
