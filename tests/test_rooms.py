"""Imports run one way: no module takes part in a circle, counting imports inside functions and those for types only."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import pytest
from grimp import ImportGraph, build_graph

PACKAGES = ("virtual_devices", "inverter")


@pytest.fixture(scope="module")
def imports() -> ImportGraph:
    return build_graph(*PACKAGES, cache_dir=None)


def circle(imports: ImportGraph) -> list[str]:
    """Modules that import each other in a circle, the first again at the end; empty when there is none."""
    try:
        TopologicalSorter({module: imports.find_modules_directly_imported_by(module) for module in imports.modules}).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_no_modules_import_each_other_in_a_circle(imports: ImportGraph) -> None:
    assert imports.modules >= {*PACKAGES, "virtual_devices.edge.runtime.settler", "inverter.dispatch"}
    assert circle(imports) == []


def test_a_circle_would_be_found() -> None:
    closed = build_graph(*PACKAGES, cache_dir=None)
    closed.add_import(importer="inverter.moment", imported="inverter.dispatch")
    assert set(circle(closed)) == {"inverter.moment", "inverter.dispatch"}
