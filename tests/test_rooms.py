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
