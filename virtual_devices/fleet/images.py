"""Which image a kind of device runs in: found by what its module imports, without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from virtual_devices.kit.errors import CatalogueError, suggestion
from virtual_devices.kit.home import catalogue

Target = Literal["device", "sky"]
NOT_IN_A_DEVICE = frozenset({"h5py", "numpy", "pandas", "scipy", "pvlib", "rich", "kubernetes"})
"""What the image ``device`` leaves out."""


@lru_cache(maxsize=256)
def target_of(kind: str) -> Target:
    """The target of k8s/Containerfile with all that a kind needs to be loaded. Raises CatalogueError for an unknown kind."""
    module = catalogue.kinds().get(kind)
    if module is None:
        raise CatalogueError(f"there is no kind {kind!r}{suggestion(kind, list(catalogue.kinds()))}")
    return "sky" if _needed(module) & NOT_IN_A_DEVICE else "device"


def _needed(module: str) -> set[str]:
    """Top-level packages that are imported when a module is, as far as its own package's files say."""
    own, found, seen, open_ = module.partition(".")[0], set[str](), set[str](), [module]
    while open_:
        one = open_.pop()
        if one in seen:
            continue
        seen.add(one)
        for name in _imports(one):
            found.add(name.partition(".")[0])
            if name.partition(".")[0] == own:
                open_.append(name)
    return found


def _imports(module: str) -> Iterator[str]:
    """Modules that a file names where it is imported: not within functions, nor for types alone. Nothing for what is no module."""
    try:
        spec = find_spec(module)
    except (ModuleNotFoundError, ValueError):  # a name within a module
        return
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return
    for node in _at_once(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What is carried out when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _at_once(child)
