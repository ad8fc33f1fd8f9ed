"""Two homes on one broker, before one Home Assistant."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.fleet_asker import LIVELY, Asker, hosted, lively
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.faces import discovery, fleet_discovery
from virtual_devices.fleet.host import HomeHost
from virtual_devices.kit.errors import SettingError

PREFIXED = LIVELY.replace("inverter: {", "inverter: {entity_prefix: ss, ")
WITH_HOME = LIVELY.replace("devices:", "device_names: with_home\ndevices:")


def title(asker: Asker, name: str, *, fleets: bool = False) -> str:
    place = (fleet_discovery if fleets else discovery).topic(asker.home, name)
    payload = asker.last.get(("homeassistant", place))
    return str(orjson.loads(payload)["device"]["name"]) if payload else ""


async def settled(asker: Asker, _host: HomeHost) -> None:
    await asker.windows(1)
    await asker.until(lambda: all(title(asker, name) for name in ("inverter", "oven")))


def test_two_homes_with_one_prefix_are_refused(broker: Broker, tmp_path: Path) -> None:
    hosted(lively("first", PREFIXED), broker.endpoint, tmp_path / "first", settled)
    refused = r"inverter: entity_prefix 'ss' makes entities that home first has on this broker, such as .*ss_.*; choose another prefix .* virtual-devices forget first"
    with pytest.raises(SettingError, match=refused):
        hosted(lively("second", PREFIXED), broker.endpoint, tmp_path / "second", settled)

    async def live(asker: Asker, host: HomeHost) -> None:
        await settled(asker, host)
        devices = {name: {"kind": each["kind"], "settings": each["settings"]} for name, each in asker.told("wanted")["devices"].items()}
        devices["inverter"]["settings"]["entity_prefix"] = "ss"
        for dry_run in (True, False):
            answer = await asker.ask("apply", devices=devices, dry_run=dry_run)
            assert not answer["accepted"]
            assert "home first has" in answer["said"]
        devices["inverter"]["settings"]["entity_prefix"] = "st"
        await asker.wish("apply", devices=devices)

    hosted(lively("third"), broker.endpoint, tmp_path / "third", live)
    hosted(lively("first", PREFIXED), broker.endpoint, tmp_path / "first", settled)


def test_a_home_that_joins_another_is_told_how_to_be_told_apart(broker: Broker, tmp_path: Path) -> None:
    def told(said: list[str]) -> list[str]:
        return [line for line in said if "device_names: with_home" in line]

    hosted(lively("beach"), broker.endpoint, tmp_path / "beach", settled)
    _, said = hosted(lively("town"), broker.endpoint, tmp_path / "town", settled, broker="shared")
    assert told(said)
    assert "beach" in told(said)[0]

    async def with_home(asker: Asker, _host: HomeHost) -> None:
        await asker.until(lambda: title(asker, "oven") == "Town Oven" and title(asker, "oven", fleets=True) == "Town Oven")
        await asker.until(lambda: title(asker, "fleet") == "Town Fleet")
        oven = orjson.loads(asker.last["homeassistant", discovery.topic("town", "oven")])
        assert oven["components"]["power"]["name"] == "Power"
        assert oven["components"]["power"]["default_entity_id"] == "sensor.town_oven_power"
        await asker.windows(1)
        await asker.wish("spawn", kind="tv")
        await asker.until(lambda: title(asker, "tv") == "Town TV")

    _, said = hosted(lively("town", WITH_HOME), broker.endpoint, tmp_path / "town", with_home, broker="shared")
    assert not told(said)
