"""What ``import virtual_devices as vd`` offers, and what it costs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import virtual_devices as vd
from virtual_devices import _OFFERED

ROOT = Path(__file__).parents[2]


def python(text: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_names() -> None:
    assert set(vd.__all__) == {*_OFFERED, "__version__"}
    assert set(vd.__all__) <= set(dir(vd))
    for name, place in _OFFERED.items():
        module, _, attribute = place.partition(":")
        found = getattr(import_module(module), attribute)
        assert getattr(vd, name) is found
        assert found.__doc__


def test_type_checkers_are_told_the_same_names() -> None:
    told: dict[str, str] = {}
    for node in ast.walk(ast.parse((ROOT / "virtual_devices" / "__init__.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("virtual_devices"):
            told |= {alias.asname or alias.name: f"{node.module}:{alias.name}" for alias in node.names}
    assert told == _OFFERED


def test_what_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'virtual_devices' has no attribute 'Hoem'"):
        _ = vd.Hoem
    assert not hasattr(vd, "nothing")


def test_a_load_s_import_brings_neither_a_fleet_nor_pandas() -> None:
    said = python(
        "import sys\nimport virtual_devices.loads.oven\n"
        "heavy = ('pandas', 'numpy', 'pvlib', 'matplotlib', 'paho', 'sqlite3')\n"
        "floors = ('fleet', 'record', 'edge', 'answers', 'notebook', 'console', 'cli')\n"
        "print([name for name in heavy if name in sys.modules], [name for name in floors if f'virtual_devices.{name}' in sys.modules])\n"
    )
    assert said == "[] []\n"


def test_the_package_alone_imports_nothing_and_a_name_what_it_needs() -> None:
    said = python(
        "import sys\nbefore = set(sys.modules)\nimport virtual_devices as vd\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))\n"
        "print(vd.__version__, dir(vd).count('Home'), [name for name in sys.modules if name.startswith('virtual_devices.')])\n"
        "vd.Home\nprint('virtual_devices.notebook.home' in sys.modules, 'matplotlib' in sys.modules)\n"
    )
    assert said.splitlines() == ["['virtual_devices']", f"{vd.__version__} 1 []", "True False"]
