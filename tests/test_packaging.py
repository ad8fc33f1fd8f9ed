"""What is installed is what stands here: packages, examples, dependencies, and the licences that come with them."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
RUN_TIME_EXTRAS = ("console", "dashboards", "embedded", "fast", "home-assistant", "kubernetes", "parquet", "plots")
"""Extras that add something to a running program; the others are for who works on it."""
PART_OF = {"pydantic-core": "pydantic", "annotated-types": "pydantic", "starlette": "nicegui", "uvicorn": "nicegui"}
"""Distributions that are part of what another one offers."""


def test_every_package_is_installed() -> None:
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in ("virtual_devices", "inverter")
        for path in (ROOT / top).rglob("*.py")
    }
    assert set(SETUPTOOLS["packages"]) == {*found, "virtual_devices.examples"}
    assert SETUPTOOLS["package-dir"] == {"virtual_devices.examples": "examples"}
    assert not (ROOT / "virtual_devices" / "examples").exists(), "it would hide the checkout's own"


def test_every_data_file_is_installed() -> None:
    for package, folder in (("virtual_devices.examples", "examples"), ("virtual_devices.supply", "virtual_devices/supply"), ("virtual_devices.monitoring.dashboards", "virtual_devices/monitoring/dashboards")):
        patterns = SETUPTOOLS["package-data"][package]
        taken = {path for pattern in patterns for path in (ROOT / folder).glob(pattern)}
        there = {path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".typed")}
        assert there <= taken, package


def imported() -> set[str]:
    """Top-level modules that the program imports, lazily or not."""
    found = set()
    for top in ("virtual_devices", "inverter"):
        for path in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"virtual_devices", "inverter", "_typeshed"}


def names(requirements: list[str]) -> set[str]:
    return {str(canonicalize_name(Requirement(text).name)) for text in requirements} - {"virtual-devices"}


def test_every_import_is_a_dependency_of_the_program_itself() -> None:
    declared = names(PROJECT["project"]["dependencies"])
    of_extras = {name for extra in RUN_TIME_EXTRAS for name in names(EXTRAS[extra])}
    known = packages_distributions()
    for module in imported():
        distributions = {PART_OF.get(canonicalize_name(name), canonicalize_name(name)) for name in known.get(module, [module])}
        assert distributions & (declared | of_extras), f"{module} is imported, and nobody installs it"


def test_a_plain_install_runs_everything_but_what_an_extra_is_named_for() -> None:
    assert {"numpy", "pandas", "pvlib", "rich", "icalendar", "recurring-ical-events", "holidays"} <= names(PROJECT["project"]["dependencies"])
    assert names(EXTRAS["embedded"]) == {"iotcore"}


@pytest.mark.parametrize("extra", ["home", "grid"])
def test_extras_that_people_named_before_are_still_there(extra: str) -> None:
    requirements = [Requirement(text) for text in EXTRAS[extra]]
    assert all(each.name == "virtual-devices" and each.extras <= set(EXTRAS) for each in requirements)
    assert ("embedded" in {name for each in requirements for name in each.extras}) == (extra == "home")


# -- licences ----------------------------------------------------------------------------------------------------------


def installed_with_it(requirements: list[str]) -> set[str]:
    """Distributions that come with these requirements here, theirs included."""
    found: set[str] = set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            needed = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # an extra that is not installed here
        found.add(name)
        waiting += [Requirement(text) for text in needed]
    return found


def licence(name: str) -> str:
    """What a distribution says of its licence."""
    metadata = distribution(name).metadata
    classifiers = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License")]
    return " ".join([metadata["License-Expression"] or "", (metadata["License"] or "")[:80], *classifiers])


def test_the_readme_names_every_dependency_under_a_copyleft_licence() -> None:
    requirements = [*PROJECT["project"]["dependencies"], *(text for extra in RUN_TIME_EXTRAS for text in EXTRAS[extra])]
    found = installed_with_it(requirements)
    assert {"recurring-ical-events", "pvlib", "pandas"} <= found
    line = (ROOT / "README.md").read_text("utf-8").splitlines()[-1]
    assert "MIT licence" in line
    strong = {name for name in found if re.search(r"GPL|General Public", licence(name))}
    assert "recurring-ical-events" in strong
    for name in strong:
        assert f"`{name}`" in line, f"{name} is under {licence(name)}"
