"""What is not asked of an older Home Assistant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

OLD = "2025.4"
"""It loads all blueprints and runs one."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    runs_one = [item for item in items if "all_of_them" in getattr(item, "fixturenames", ()) and _is_old(item)]
    if runs_one:
        config.hook.pytest_deselected(items=runs_one)
        items[:] = [item for item in items if item not in runs_one]


def _is_old(item: pytest.Item) -> bool:
    facts = Path(item.callspec.params["street"]) / "home-assistant.json"  # type: ignore[attr-defined]
    return facts.exists() and str(json.loads(facts.read_text())["version"]).startswith(OLD)
