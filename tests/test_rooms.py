"""No two files import each other, not by a detour either, nor inside a function."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for top in ("virtual_devices", "inverter")
    for path in (ROOT / top).rglob("*.py")
    if path.name != "__init__.py"
}


def imports(tree: ast.AST) -> Iterator[ast.ImportFrom]:
    """All that run; what stands under TYPE_CHECKING does not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            yield node
        yield from imports(node)


def imported(path: Path) -> set[str]:
    found = set()
    for node in imports(ast.parse(path.read_text(encoding="utf-8"))):
        found |= {name for alias in node.names for name in (node.module or "", f"{node.module}.{alias.name}") if name in FILES}
    return found


def test_no_two_files_import_each_other() -> None:
    graph = {name: imported(path) for name, path in FILES.items()}
    assert sum(len(names) for names in graph.values()) > 500
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" → ".join(error.args[1])) from None
