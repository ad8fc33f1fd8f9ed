"""`ha run` with a real Home Assistant: what automations do at which simulated second, what the ledger says of it, and the report."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.home_assistant.real import NEEDED, PARAMETERS
from virtual_devices.kit.daylight import daylight

pytestmark = NEEDED
HERE = Path(__file__).parents[1] / "home_assistant_machine"
DAY = datetime(2026, 6, 21).toordinal() - datetime(1970, 1, 1).toordinal()  # noqa: DTZ001 - a date


@pytest.fixture(scope="module", params=PARAMETERS)
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], ET.Element]:
    """45 simulated minutes at 60×: the report, and the check. The configuration is as it was, and nothing of the copy is left."""
    folder = tmp_path_factory.mktemp("machine")
    before = {path: path.read_bytes() for path in (HERE / "config").rglob("*") if path.is_file()}
    done = subprocess.run(
        [
            sys.executable, "-m", "virtual_devices", "ha", "run", str(HERE / "flat.yaml"), "--config", str(HERE / "config"), "--home-assistant",
            str(request.param), "--for", "45min", "--speed", "60", "--json", "--junit", str(folder / "check.xml"),
        ], capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # one automation is written wrong
    work = Path(done.stderr.splitlines()[0].removeprefix("copying the configuration to "))
    assert "time-machine-" in work.name
    assert not work.exists()
    assert {path: path.read_bytes() for path in (HERE / "config").rglob("*") if path.is_file()} == before
    return json.loads(done.stdout), ET.parse(folder / "check.xml").getroot()  # noqa: S314 - our own


def fired(found: dict[str, Any], name: str) -> dict[str, Any]:
    """The one firing of an automation."""
    (automation,) = [each for each in found["automations"] if each["name"] == name]
    (firing,) = automation["fired"]
    assert isinstance(firing, dict)
    return firing


def second(text: str) -> int:
    """Of the day."""
    moment = datetime.fromisoformat(text)
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def test_automations_fire_at_their_simulated_second(ran: tuple[dict[str, Any], ET.Element]) -> None:
    found, _ = ran
    assert found["failure"] is None
    rises = daylight(-33.92, 18.42, DAY)
    assert rises is not None
    sunrise = rises[0] % 86_400 + 7200  # two hours ahead of UTC
    lamp = second(fired(found, "Lamp before sunrise")["time"])
    assert lamp == pytest.approx(sunrise - 1800, abs=90)
    assert second(fired(found, "Geyser rests at seven")["time"]) == pytest.approx(7 * 3600, abs=4)
    assert second(fired(found, "Written wrong")["time"]) == pytest.approx(7 * 3600 + 300, abs=4)
    assert 600 <= second(fired(found, "Lamp for ten minutes")["time"]) - lamp < 625  # it counts from the lamp's answer, a step later


def test_a_delay_is_of_simulated_time_and_notifications_are_told_instead(ran: tuple[dict[str, Any], ET.Element]) -> None:
    (notice,) = ran[0]["notifications"]
    assert (notice["action"], notice["message"]) == ("notify.mobile_app_phone", "It rests since 07:00")
    assert second(notice["time"]) == pytest.approx(7 * 3600 + 600, abs=6)


def test_what_they_did_to_the_house_is_told_and_in_the_ledger(ran: tuple[dict[str, Any], ET.Element]) -> None:
    found, _ = ran
    assert fired(found, "Geyser rests at seven")["commands"] == ["geyser mode=off"]
    assert fired(found, "Lamp before sunrise")["commands"] == ["lamp mode=on"]
    assert fired(found, "Lamp for ten minutes")["commands"] == ["lamp mode=off"]
    assert found["other_commands"] == []
    assert found["audit"]["ok"]
    assert found["with"]["load_served_kwh"] == pytest.approx(0.06 / 6, rel=0.1)  # the lamp, for ten minutes; the geyser would heat after seven
    assert found["without"]["load_served_kwh"] > 0.5
    assert found["with"]["soc"]["battery"] > found["without"]["soc"]["battery"]


def test_both_clocks_are_in_step(ran: tuple[dict[str, Any], ET.Element]) -> None:
    clocks = ran[0]["clocks"]
    assert clocks["bound_s"] == 17  # a step of 15 s, and two
    assert clocks["looks"] > 40
    assert clocks["beyond"] <= clocks["looks"] * 0.05  # a machine with other work stumbles at times


def test_what_reaches_outside_is_cut_and_said(ran: tuple[dict[str, Any], ET.Element]) -> None:
    assert ran[0]["cut"] == {"integrations": [], "yaml": ["rest", "rest_command", "sensor.rest"], "stands_in": ["notify.mobile_app_phone"]}


def test_the_check_fails_for_the_one_that_is_written_wrong(ran: tuple[dict[str, Any], ET.Element]) -> None:
    failed = [case.get("name") for case in ran[1].iter("testcase") if case.find("failure") is not None]
    assert failed == ["automation Written wrong"]
