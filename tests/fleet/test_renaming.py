"""A device gets another name in its home: what Home Assistant is told, and what is left on the broker, at each way of doing so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.fleet_asker import LIVELY, Asker, hosted, lively
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces import discovery, fleet_discovery
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.forgetting import forget
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.keeping import archive
from virtual_devices.kit.errors import ConfigurationError

RENAMED = LIVELY.replace("boiler: {kind: geyser, ", "geyser: {former_name: boiler, ")
NAMELESS = LIVELY.replace("boiler: {kind: geyser, ", "geyser: {")
PAUSE = 0.3


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "REMOVED_WITHIN", PAUSE)


def announced(asker: Asker, known: str) -> list[dict[str, Any]]:
    """What the device and its fleet say of whom Home Assistant knows by a name; nothing of whom it knows not."""
    places = discovery.topic(asker.home, known), fleet_discovery.topic(asker.home, known)
    found = (asker.last.get(("homeassistant", place)) for place in places)
    return [orjson.loads(payload) for payload in found if payload]


def drawn_by(asker: Asker, name: str) -> float:
    """Joules; none while nothing is settled."""
    return float(orjson.loads(asker.last[name, "state"])["energy_joules"] or 0)


async def begin(asker: Asker, _host: HomeHost) -> None:
    await asker.windows(2)
    await asker.until(lambda: len(announced(asker, "boiler")) == 2)


async def renamed(asker: Asker) -> None:
    """It is there by its new name, in Home Assistant it is who it was, and of the old name nothing is left."""
    home = asker.home
    await asker.until(lambda: asker.online("geyser") and len(announced(asker, "boiler")) == 2)
    await asker.until(lambda: {message["device"]["name"] for message in announced(asker, "boiler")} == {"Geyser"})
    own, fleets = announced(asker, "boiler")
    assert own["components"]["energy"]["unique_id"] == f"virtual-{home}-boiler-energy"
    assert own["state_topic"] == f"virtual/{home}/geyser/face"
    assert fleets["components"]["running"]["unique_id"] == f"virtual-{home}-boiler-fleet-running"
    assert orjson.loads(fleets["components"]["running"]["payload_off"])["name"] == "geyser"
    assert own["device"]["identifiers"] == fleets["device"]["identifiers"] == [f"virtual-{home}-boiler"]
    await asker.until(lambda: asker.retained("boiler") == set())
    assert announced(asker, "geyser") == []
    assert b"" not in [payload for _, topic, payload in asker.said if topic == discovery.topic(home, "boiler")], "Home Assistant has lost nothing in between"


def test_the_home_file_is_changed_and_the_home_begins_again(broker: Broker, tmp_path: Path) -> None:
    hosted(lively("again"), broker.endpoint, tmp_path / "state", begin)

    async def look(asker: Asker, _host: HomeHost) -> None:
        await renamed(asker)
        last = asker.said
        told = next(index for index, (_, topic, payload) in enumerate(last) if topic == discovery.topic("again", "boiler") and b"again/geyser/" in payload)
        cleared = next(index for index, each in enumerate(last) if each == ("boiler", "face", b""))
        assert told < cleared, "no template of Home Assistant's reads an empty state"
        await asker.windows(1)

    _, said = hosted(lively("again", RENAMED), broker.endpoint, tmp_path / "state", look)
    assert "clearing what is left of boiler" in said


def test_it_is_wished_while_the_home_runs(broker: Broker, tmp_path: Path) -> None:
    async def story(asker: Asker, host: HomeHost) -> None:
        await begin(asker, host)
        await asker.until(lambda: drawn_by(asker, "boiler") > 0)
        drawn = drawn_by(asker, "boiler")
        devices = asker.told("wanted")["devices"]
        declared = {name: {"kind": each["kind"], "settings": each["settings"]} for name, each in devices.items()}
        before = declared.pop("boiler")
        declared["geyser"] = {**before, "settings": {**before["settings"], "former_name": "boiler"}}
        await asker.wish("apply", devices=declared)
        await renamed(asker)
        await asker.windows(1)
        assert drawn_by(asker, "geyser") >= drawn
        refused = await asker.ask("spawn", kind="tv", settings={"former_name": "boiler"})
        assert "geyser was called boiler too" in refused["said"] or "tv was called boiler too" in refused["said"]
        await asker.wish("remove", name="geyser")
        await asker.until(lambda: announced(asker, "boiler") == [] and asker.retained("geyser") == set())

    hosted(lively("wished"), broker.endpoint, tmp_path / "state", story)


def test_a_renamed_device_that_the_file_does_not_name_any_more_leaves_nothing(broker: Broker, tmp_path: Path) -> None:
    hosted(lively("gone"), broker.endpoint, tmp_path / "state", begin)

    async def look(asker: Asker, _host: HomeHost) -> None:
        await renamed(asker)

    hosted(lively("gone", RENAMED), broker.endpoint, tmp_path / "state", look)

    async def nothing(asker: Asker, _host: HomeHost) -> None:
        assert announced(asker, "boiler") == announced(asker, "geyser") == []
        assert asker.retained("boiler") == asker.retained("geyser") == set()

    hosted(lively("gone", "\n".join(line for line in LIVELY.splitlines() if "boiler" not in line)), broker.endpoint, tmp_path / "state", nothing)


def test_a_former_name_that_comes_or_goes_leaves_one_device(broker: Broker, tmp_path: Path) -> None:
    """Somebody forgets to say it at first, says it then, and takes it out again."""
    async def as_new(asker: Asker, _host: HomeHost) -> None:
        await asker.until(lambda: len(announced(asker, "geyser")) == 2 and announced(asker, "boiler") == [])

    async def as_before(asker: Asker, _host: HomeHost) -> None:
        await asker.until(lambda: len(announced(asker, "boiler")) == 2 and announced(asker, "geyser") == [])

    for text, story in ((LIVELY, begin), (NAMELESS, as_new), (RENAMED, as_before), (NAMELESS, as_new)):
        hosted(lively("comes", text), broker.endpoint, tmp_path / "state", story)


def test_an_inverter_is_not_renamed_while_its_run_goes_on(broker: Broker, tmp_path: Path) -> None:
    text = LIVELY.replace("  inverter: {", "  hybrid: {kind: inverter, former_name: inverter, ")
    hosted(lively("settler"), broker.endpoint, tmp_path / "state", begin)
    with pytest.raises(ConfigurationError, match="inverter has settled this run, hybrid cannot take over; call it inverter, or start with --fresh"):
        hosted(lively("settler", text), broker.endpoint, tmp_path / "state", begin)
    hosted(lively("settler"), broker.endpoint, tmp_path / "state", begin)
    hosted(lively("settler", text), broker.endpoint, tmp_path / "state", begin, fresh=True)


def test_forgetting_the_home_forgets_it_too(broker: Broker, tmp_path: Path) -> None:
    async def story(asker: Asker, _host: HomeHost) -> None:
        await asker.until(lambda: len(announced(asker, "boiler")) == 2 and asker.online("geyser"))
        await asker.windows(1)

    hosted(lively("forgotten", RENAMED), broker.endpoint, tmp_path / "state", story)
    with Session(broker.endpoint) as session:
        done = forget(session, "forgotten")
        left = [topic for topic in session.collect("homeassistant/device/+/config") if "-forgotten-" in topic]
    assert "geyser" in done.devices
    assert left == []
