"""Blueprints are whole: every input is used and declared, and nothing in them is newer than Home Assistant 2025.4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "homeassistant" / "blueprints" / "automation" / "virtual-devices"
FILES = sorted(FOLDER.glob("*.yaml"))
NAMES = ["battery_for_evening_peak", "charge_before_outage", "cheapest_hours", "shed_when_islanded", "surplus_to_switch", "warn_ahead"]
TRIGGERS = {"state", "template", "time", "time_pattern", "homeassistant"}
SELECTORS = {"entity", "number", "text", "time", "action"}


class Input(str):
    """What stands for an owner's own."""

    __slots__ = ()


class Loader(yaml.SafeLoader):
    """Knows ``!input``."""


Loader.add_constructor("!input", lambda loader, node: Input(loader.construct_scalar(node)))  # type: ignore[arg-type]


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(file.read_text("utf-8"), Loader)  # noqa: S506 - a safe one
    return found


def used(value: Any) -> Iterator[str]:
    if isinstance(value, Input):
        yield str(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from used(each)
    elif isinstance(value, list):
        for each in value:
            yield from used(each)


def inputs(blueprint: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Inputs by name, those of sections too."""
    found: dict[str, dict[str, Any]] = {}
    for name, item in blueprint["blueprint"]["input"].items():
        found |= item.get("input", {name: item})
    return found


def test_there_are_six() -> None:
    assert [file.stem for file in FILES] == NAMES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_input_is_declared_and_used(file: Path) -> None:
    blueprint = read(file)
    assert set(used({key: value for key, value in blueprint.items() if key != "blueprint"})) == inputs(blueprint).keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_says_what_it_is_and_is_for_2025_4(file: Path) -> None:
    blueprint = read(file)
    about = blueprint["blueprint"]
    assert about["domain"] == "automation"
    assert about["homeassistant"] == {"min_version": "2025.4.0"}
    assert "source_url" not in about
    assert len(about["name"]) > 10 < len(about["description"])
    assert {each["trigger"] for each in blueprint["triggers"]} <= TRIGGERS
    for name, item in inputs(blueprint).items():
        assert item["name"], name
        assert item["selector"].keys() <= SELECTORS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_page_tells_of_it(file: Path) -> None:
    page = (FOLDER.parents[3] / "docs" / "home-assistant-files.md").read_text("utf-8")
    assert f"`{file.name}`" in page
