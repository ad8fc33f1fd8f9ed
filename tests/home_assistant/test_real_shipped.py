"""What `ha package`, `ha dashboard` and `ha energy` make, in a real Home Assistant: it takes all of it without a word, and pages show no dead card."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.home_assistant.browser import PROGRAM, Browser
from tests.home_assistant.real import LOG, NEEDED, PARAMETERS, HomeAssistant, soon
from tests.machine import free_port
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.dashboard import dashboard, dashboard_text, path_of
from virtual_devices.home_assistant.shipped.package import package

HOME = "cape_town"
OURS = re.compile(r"homeassistant\.(config$|components\.(energy|frontend|lovelace|mqtt|recorder|sensor|template)|helpers\.(entity|template))")

pytestmark = NEEDED


class House:
    """A home, and a Home Assistant with its package and its dashboard in a file."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.home, _ = read_home(HOME)
        self.broker = start_broker(folder / "broker", kind="mosquitto", port=self.port)
        self.ha = HomeAssistant(installed, self.port)
        self.process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        self.ha._configure()
        for place, text in (("packages", package(self.home)), ("dashboards", dashboard_text(self.home))):
            (self.ha.folder / place).mkdir()
            (self.ha.folder / place / f"{HOME}.yaml").write_text(text)
        file = self.ha.folder / "configuration.yaml"
        told = file.read_text().replace("homeassistant: {", "homeassistant: {packages: !include_dir_named packages, ")
        file.write_text(f"{told}lovelace:\n  dashboards:\n    from-file: {{mode: yaml, filename: dashboards/{HOME}.yaml, title: File, icon: mdi:home}}\n")
        log = (self.folder / "home.log").open("ab")
        words = [sys.executable, "-m", "virtual_devices", "up", HOME, "--broker", f"mqtt://127.0.0.1:{self.port}", "--json", "--speed", "60"]
        self.process = subprocess.Popen([*words, "--state", str(self.folder / "state")], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.ha.start()
        (self.folder / "token").write_text(self.ha.token)
        assert soon(lambda: "sensor.load_shedding_area_cape_town" in self.ha.states() and self.state("sensor.load_shedding_area_cape_town")["state"] != "unavailable", 60)

    def state(self, entity: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ha.states()[entity]
        return found

    def verb(self, name: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "virtual_devices", "ha", name, HOME, "--url", f"http://127.0.0.1:{self.ha.port}", "--token-file", str(self.folder / "token")]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)

    def complaints(self) -> list[str]:
        """Its warnings and errors about what was made for it."""
        return [line for line in self.ha._log().splitlines() if (match := LOG.match(line)) and OURS.match(match[2])]

    def close(self) -> None:
        self.ha.remove()
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
        self.broker.close()


@pytest.fixture(scope="module", params=PARAMETERS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    there = House(request.param, tmp_path_factory.mktemp("house"))
    try:
        there.open()
        yield there
    finally:
        there.close()


def test_load_shedding_is_there_by_the_names_that_automations_know(house: House) -> None:
    area, grid = house.state("sensor.load_shedding_area_cape_town"), house.state("binary_sensor.cape_town_grid_outage_planned")
    assert area["state"] == grid["state"]
    told = area["attributes"]
    assert [told[name] for name in ("start_time", "end_time")] == [grid["attributes"][name] for name in ("start_time", "end_time")]
    assert isinstance(told["starts_in"], int | float)
    following = told["forecast"][1 if area["state"] == "on" else 0]
    assert (told["next_start_time"], told["next_end_time"], told["next_stage"]) == (following["start_time"], following["end_time"], following["stage"])
    assert house.state("sensor.load_shedding_stage_eskom")["attributes"]["stage"] == int(house.state("sensor.cape_town_grid_stage")["state"])


def test_the_recorder_leaves_out_what_it_is_told_to(house: House) -> None:
    info = house.ha.ask("recorder/list_statistic_ids")
    known = {item["statistic_id"] for item in info}
    assert not [name for name in known if name.endswith("_joules") or "starts_in" in name]


def test_the_energy_dashboard_has_nothing_to_complain_of(house: House) -> None:
    first = house.verb("energy")
    assert (first.returncode, first.stdout) == (0, f"saved; open http://127.0.0.1:{house.ha.port}/energy\n"), first.stderr
    before = house.ha.ask("energy/get_prefs")

    def fine() -> bool:
        house.ha.call("statistics_now.compile")
        return not any(issue for part in house.ha.ask("energy/validate").values() for source in part for issue in source)

    assert soon(fine, 60), house.ha.ask("energy/validate")
    assert soon(lambda: house.verb("energy").stderr == "", 60)
    assert house.ha.ask("energy/get_prefs") == before, "saved twice, it is there once"
    strange = {"type": "solar", "stat_energy_from": "sensor.of_mine", "config_entry_solar_forecast": None}
    house.ha.ask("energy/save_prefs", energy_sources=[strange, *before["energy_sources"]])
    house.verb("energy")
    assert strange in house.ha.ask("energy/get_prefs")["energy_sources"]
    house.ha.ask("energy/save_prefs", energy_sources=before["energy_sources"])


def test_the_dashboard_can_be_put_there_and_in_a_file(house: House) -> None:
    said = house.verb("dashboard")
    assert said.stdout == f"http://127.0.0.1:{house.ha.port}/{path_of(house.home)}\n", said.stderr
    assert house.verb("dashboard").stdout == said.stdout
    wanted = dashboard(house.home)
    assert house.ha.ask("lovelace/config", url_path=path_of(house.home)) == wanted
    assert house.ha.ask("lovelace/config", url_path="from-file") == wanted == yaml.safe_load(dashboard_text(house.home))
    assert [item["url_path"] for item in house.ha.ask("lovelace/dashboards/list")].count(path_of(house.home)) == 1


@pytest.mark.skipif(PROGRAM is None, reason="needs Chromium")
def test_pages_show_no_dead_card(house: House, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{house.ha.port}"
    with Browser(tmp_path, 1640, 1500) as browser:
        browser.sign_in(url, house.ha.token)
        browser.open(f"{url}/from-file", "hui-sections-view")
        assert soon(lambda: browser.count("hui-tile-card") > 30, 30)
        assert browser.count("hui-error-card", "hui-warning", "hui-warning-element") == 0
        assert "together" in browser.text()


def test_nothing_was_complained_of(house: House) -> None:
    assert house.complaints() == []
