"""Devices that are changed together while the home runs: it is one wish, and it stays over restarts as any change that no file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fleet_asker import Asker, hosted, lively
from virtual_devices.edge.broker.start import Broker
from virtual_devices.fleet.host import HomeHost


def declared(asker: Asker) -> dict[str, dict[str, Any]]:
    return {name: {"kind": each["kind"], "settings": each["settings"]} for name, each in asker.told("wanted")["devices"].items()}


def test_a_device_that_is_renamed_live_is_called_so_after_a_restart(broker: Broker, tmp_path: Path) -> None:
    async def rename(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(2)
        devices = declared(asker)
        own = devices.pop("boiler")
        devices["tank"] = {**own, "settings": {**own["settings"], "former_name": "boiler"}}
        answer = await asker.wish("apply", devices=devices, live=True)
        assert len(answer["changes"]) == 2
        await asker.until(lambda: asker.online("tank") and asker.retained("boiler") == set())
        answer = await asker.wish("apply", devices={"oven": {"kind": "oven", "settings": {"priority": 7}}}, live=True, prune=False)
        assert [change.partition(":")[0] for change in answer["changes"]] == ["oven"]
        assert asker.told("wanted")["devices"].keys() == devices.keys()
        refused = await asker.ask("apply", devices={"oven": {"kind": "oven", "settings": {"priority": 70}}}, live=True, prune=False)
        assert not refused["accepted"]
        assert refused["said"].startswith("device oven: setting 'priority'")

    hosted(lively("renamed_live"), broker.endpoint, tmp_path / "state", rename)

    async def look(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(1)
        wanted = asker.told("wanted")["devices"]
        assert wanted["tank"]["settings"]["former_name"] == "boiler"
        assert wanted["tank"]["live"] is True
        assert "boiler" not in wanted
        assert wanted["oven"]["settings"] == {"priority": 7}
        assert wanted["oven"]["live"] is False

    hosted(lively("renamed_live"), broker.endpoint, tmp_path / "state", look)
