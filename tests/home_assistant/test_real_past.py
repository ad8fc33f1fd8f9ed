"""A past in a real Home Assistant: its own checks find nothing, its dashboard's bars neither jump nor fall, and a twin made of it is the home again.

VIRTUAL_DEVICES_HOME_ASSISTANT names the folders in which Home Assistants are installed, with ``:`` between them.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from click.testing import CliRunner, Result
from paho.mqtt.enums import CallbackAPIVersion

from tests.home_assistant.cottage import HOME
from tests.home_assistant.real import NEEDED, PARAMETERS, HomeAssistant, soon
from tests.machine import free_port
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.home_assistant.past.hours import HOUR
from virtual_devices.kit.members.house import House

pytestmark = NEEDED
METER = "sensor.my_own_meter"
UNTIL = "2026-01-31"
"""In summer, when arrays are told best, whenever this runs."""


class Place:
    """A broker on which a home is announced, a Home Assistant on that, and the home's file."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.folder, self.file, self.token = folder, folder / "cottage.yaml", folder / "token"
        self.file.write_text(HOME)
        self.port = free_port()
        self.broker = start_broker(folder / "broker", kind="mosquitto", port=self.port)
        self.ha = HomeAssistant(installed, self.port)

    def announce(self) -> None:
        """Each device of the home as it is after its first hour, retained."""
        home, documents = read_home(self.file)
        house = House(home, documents)
        house.advance(house.time + HOUR)
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        for entry in home.devices:
            topics, member = Topics(home.name, entry.name), house.members[entry.name]
            topic, message = discovery.payload(home.name, entry.name, entry.kind, entry.device_class, entry.settings.model_dump(mode="json"))
            values = {"day_start": "2026-01-01T00:00:00+00:00", "month_start": "2026-01-01T00:00:00+00:00", "last_error": None}
            state = entry.settings.model_dump(mode="json") | values | member.readings()
            for where, what in ((topics.availability, "online"), (topics.face, json.dumps(state)), (topic, json.dumps(message))):
                client.publish(where, what, 1, retain=True).wait_for_publish(10)
        client.loop_stop()
        client.disconnect()

    def verb(self, *words: str) -> Result:
        return CliRunner().invoke(commands, ["ha", *words])

    def link(self) -> list[str]:
        self.token.write_text(self.ha.token)
        return ["--url", f"http://127.0.0.1:{self.ha.port}", "--token-file", str(self.token)]

    def hours(self, *names: str, begin: int = 0) -> dict[str, list[dict[str, Any]]]:
        start = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(begin))
        found: dict[str, list[dict[str, Any]]] = self.ha.ask(
            "recorder/statistics_during_period", start_time=start, statistic_ids=list(names), period="hour", types=["sum", "change", "mean"]
        )
        return found

    def recorded(self) -> bool:
        """Whether the meter's state is in the database."""
        return bool(self.ha._http("GET", f"/api/history/period?filter_entity_id={METER}"))

    def counts(self) -> list[dict[str, Any]]:
        """The meter's own rows of five minutes."""
        found: dict[str, list[dict[str, Any]]] = self.ha.ask(
            "recorder/statistics_during_period", start_time=f"{UNTIL}T00:00:00+02:00", statistic_ids=[METER], period="5minute", types=["sum"]
        )
        return found.get(METER, [])

    def complaints(self) -> list[str]:
        """Of its log, about what it records; the states of this test's making are not whole, and MQTT says so."""
        return [line for line in self.ha.complaints() if re.search(r"\[homeassistant\.components\.(recorder|sensor|energy)", line)]

    def close(self) -> None:
        self.ha.remove()
        self.broker.close()


@pytest.fixture(scope="module", params=PARAMETERS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    there = Place(request.param, tmp_path_factory.mktemp("place"))
    try:
        there.announce()
        there.ha.start()
        assert soon(lambda: "sensor.cottage_grid_import_energy" in there.ha.states(), 90)
        there.ha.ask("config/entity_registry/update", entity_id="sensor.cottage_grid_import_energy", new_entity_id=METER)
        sources: list[dict[str, object]] = [
            {"type": "solar", "stat_energy_from": "sensor.cottage_roof_energy", "config_entry_solar_forecast": None},
            {"type": "battery", "stat_energy_from": "sensor.cottage_battery_discharge_energy", "stat_energy_to": "sensor.cottage_battery_charge_energy"},
        ]  # fmt: skip
        price = {"stat_cost": None, "entity_energy_price": None, "number_energy_price": 3.84}
        if there.ha.version.startswith("2025"):
            flow_to = {"stat_energy_to": "sensor.cottage_grid_export_energy", "stat_compensation": None, "entity_energy_price": None, "number_energy_price": None}
            grid: dict[str, object] = {"type": "grid", "flow_from": [{"stat_energy_from": METER, **price}], "flow_to": [flow_to], "cost_adjustment_day": 0}
        else:
            sources[1]["stat_soc"] = "sensor.cottage_battery_soc"
            export = {"stat_compensation": None, "entity_energy_price_export": None, "number_energy_price_export": None}
            grid = {"type": "grid", "stat_energy_from": METER, "stat_energy_to": "sensor.cottage_grid_export_energy", **price, **export, "cost_adjustment_day": 0}
        there.ha.ask("energy/save_prefs", energy_sources=[grid, *sources], device_consumption=[{"stat_consumption": "sensor.cottage_oven_energy"}])
        yield there
    finally:
        there.close()


def test_a_past_of_30_days_is_there_and_nothing_jumps(place: Place) -> None:
    assert soon(place.recorded, 30)
    place.ha.call("statistics_now.compile")  # once: it makes none of five minutes that it has made
    soon(place.counts, 30)  # five minutes of its own, unless those of now were made before its state was there
    done = place.verb("history", str(place.file), "--days", "30", "--until", UNTIL, *place.link(), "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["hours"][METER] == 720  # by the name that its owner gave it
    assert "sensor.cottage_grid_import_energy" not in said["hours"]
    assert said["left_out"] == {}
    place.ha.call("statistics_now.compile")
    for name, rows in place.hours(METER, "sensor.cottage_roof_energy", "sensor.cottage_battery_charge_energy").items():
        assert len(rows) >= 720, name
        assert all(-1e-6 <= row["change"] < 6 for row in rows), name
    live, last = place.counts(), place.hours(METER)[METER][719]["sum"]
    assert not live or last <= live[0]["sum"] <= live[-1]["sum"] < last + 1  # its own five minutes go on from there
    power = place.hours("sensor.cottage_roof_power")["sensor.cottage_roof_power"]
    assert max(row["mean"] for row in power) > 2000


def test_its_own_check_finds_nothing(place: Place) -> None:
    found = place.ha.ask("energy/validate")
    assert not any(issues for part in found.values() for issues in part), json.dumps(found)
    assert place.complaints() == []


def test_twice_is_once(place: Place) -> None:
    before = place.hours(METER)
    done = place.verb("history", str(place.file), "--days", "30", "--until", UNTIL, *place.link(), "--json")
    assert done.exit_code == 0, done.output
    assert sum(json.loads(done.stdout)["hours"].values()) == 0
    after = place.hours(METER)
    assert {row["start"]: row["sum"] for row in before[METER]}.items() <= {row["start"]: row["sum"] for row in after[METER]}.items()


def test_a_home_that_it_has_never_seen_has_a_past_too(place: Place) -> None:
    file = place.folder / "elsewhere.yaml"
    file.write_text(HOME.replace("home: cottage", "home: elsewhere"))
    done = place.verb("history", str(file), "--days", "1", "--until", UNTIL, *place.link(), "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["hours"]["sensor.elsewhere_grid_import_energy"] == 24
    assert len(place.hours("sensor.elsewhere_grid_import_energy")["sensor.elsewhere_grid_import_energy"]) == 24


def test_a_twin_of_what_it_knows_is_the_home(place: Place) -> None:
    done = place.verb("twin", *place.link(), "--until", UNTIL, "--out", str(place.folder / "twin.yaml"), "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["hours"] == 720
    roofs = [plane["capacity"] for roof in said["roofs"].values() for plane in roof["arrays"]]
    assert sum(roofs) == pytest.approx(4.0, rel=0.05)
    assert all(roof["least"] <= 4.0 <= roof["most"] for roof in said["roofs"].values())
    with_soc = not place.ha.version.startswith("2025")
    assert said["battery"]["capacity"] == pytest.approx(8.0 if with_soc else 6.4, rel=0.1)  # which keeps 20 %
    for name, each in said["kwh_a_day"].items():
        hidden = said["within_hours_kwh_a_day"] if name in ("charge", "discharge") else 0.0
        assert each["twin"] == pytest.approx(each["house"] - hidden, abs=0.15 + 0.05 * each["house"]), (name, each)
    assert said["price"] == 3.84
    assert CliRunner().invoke(commands, ["check", str(place.folder / "twin.yaml")]).exit_code == 0


def test_a_copy_of_its_database_with_a_past_is_taken(place: Place, tmp_path: Path) -> None:
    """Ten days in a fresh database: states too, and no row is made twice."""
    database, out = place.ha.folder / "home-assistant_v2.db", tmp_path / "copy.db"
    place.ha.stop()
    with closing(sqlite3.connect(database)) as emptied, emptied:
        for table in ("statistics", "statistics_short_term", "states"):
            emptied.execute(f"DELETE FROM {table}")  # noqa: S608 - names of these tests
    done = place.verb("history", str(place.file), "--days", "9", "--database", str(database), "--out", str(out), "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["hours"][METER] == 216
    assert said["states"] > 5000
    for rest in ("-wal", "-shm"):
        database.with_name(database.name + rest).unlink(missing_ok=True)
    database.write_bytes(out.read_bytes())
    place.ha.start()
    begin = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(said["begin"] + 86_400))
    end = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(said["begin"] + 2 * 86_400))
    shown = place.ha._http("GET", f"/api/history/period/{begin.replace('+', '%2B')}?filter_entity_id=sensor.cottage_house_power&end_time={end.replace('+', '%2B')}")
    assert len(shown[0]) > 40
    place.ha.call("statistics_now.compile")
    rows = place.hours(METER)[METER]
    assert len(rows) >= 216
    assert all(row["change"] >= -1e-6 for row in rows if row["change"] is not None)
    assert place.complaints() == []
