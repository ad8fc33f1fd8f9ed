"""examples/node-red/README.md tells how a published flow finds the names that it asks Home Assistant for: they are there, and do it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.home_assistant.real import NEEDED, PARAMETERS, soon
from tests.home_assistant.site import Site

ROOT = Path(__file__).parents[2]
HOME_FILE, CONFIGURATION = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "examples" / "node-red" / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

pytestmark = NEEDED


@pytest.fixture(scope="module", params=PARAMETERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    there = Site(request.param, tmp_path_factory.mktemp("names"))
    home = there.folder / "cape_town.yaml"
    assert "  inverter: {entity_prefix: ss}\n" in HOME_FILE
    text = (ROOT / "examples" / "cape_town.yaml").read_text(encoding="utf-8")
    home.write_text(text.replace("  inverter: {", "  inverter: {entity_prefix: ss, "), encoding="utf-8")
    try:
        there.start_broker()
        there.listen()
        there.ha._configure()
        with (there.ha.folder / "configuration.yaml").open("a", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        there.ha.start()
        with there.hosted(home, "--start", "2026-06-21 17:40"):
            yield there
    finally:
        there.close()


def test_the_names_of_the_published_flow_are_there_and_do_it(site: Site) -> None:
    def state(entity: str) -> str:
        return str(site.ha.states().get(entity, {}).get("state"))

    assert soon(lambda: state("sensor.ss_battery_soc").replace(".", "").isdigit(), 60)
    assert soon(lambda: state("switch.geyser") in ("on", "off"), 60)
    site.ha.call("switch.turn_on", "switch.geyser")
    assert soon(lambda: state("select.cape_town_geyser_mode") == "on", 30)
    assert soon(lambda: state("switch.geyser") == "on", 30)
    site.ha.call("switch.turn_off", "switch.geyser")
    assert soon(lambda: state("select.cape_town_geyser_mode") == "off", 30)
    assert soon(lambda: state("switch.geyser") == "off", 30)
    assert soon(lambda: state("binary_sensor.loadsheddingon") == "on", 90), "the outage of 18:00, twenty seconds after it began"
    assert site.ha.complaints() == []
