"""All dashboards, made anew: needs grafana-foundation-sdk, which nobody needs who only runs them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from virtual_devices.monitoring.dashboards import homes, loads, months, now, outages, simulation, today
from virtual_devices.monitoring.dashboards.assembling import dashboard_text
from virtual_devices.monitoring.dashboards.shipped import FOLDER

SHEETS = (now, today, months, loads, outages, simulation, homes)


def made() -> Mapping[str, str]:
    """By the file's name, ``now.json``, its text."""
    sheets = [module.sheet() for module in SHEETS]
    return {f"{sheet.uid.removeprefix('vd-')}.json": dashboard_text(sheet) for sheet in sheets}


def write(folder: Path = FOLDER) -> None:
    """Put them where they are shipped from."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, text in made().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
