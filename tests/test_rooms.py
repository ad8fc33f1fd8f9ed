"""No two files import each other: not by a detour, nor inside a function, nor for types alone."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for top in ("virtual_devices", "inverter")
    for path in (ROOT / top).rglob("*.py")
    if path.name != "__init__.py"
}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {name for alias in node.names for name in (node.module or "", f"{node.module}.{alias.name}") if name in FILES}
    return found


def test_no_two_files_import_each_other() -> None:
    graph = {name: imported(path) for name, path in FILES.items()}
    assert sum(len(names) for names in graph.values()) > 500
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(error.args[1])) from None


DECLARED = {"Settings", "State", "Telemetry"}
"""What a device's file declares, in each under the same name."""


def test_no_two_classes_share_a_name() -> None:
    found: dict[str, list[str]] = {}
    for name, path in FILES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not (node.name in DECLARED and not name.startswith(("virtual_devices.edge", "virtual_devices.fleet"))):
                found.setdefault(node.name, []).append(name)
    assert len(found) > 200
    assert not {name: places for name, places in found.items() if len(places) > 1}
