"""The example notebook: a sound file, empty of outputs, whose cells run one after the other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "notebooks" / "first_answers.ipynb"
RUN = """\
import ast, json, sys
space = {"__name__": "__main__"}
for number, cell in enumerate(json.load(open(sys.argv[1], encoding="utf-8"))["cells"]):
    if cell["cell_type"] != "code":
        continue
    body = ast.parse("".join(cell["source"]), f"cell {number}")
    last = body.body.pop() if isinstance(body.body[-1], ast.Expr) else None
    exec(compile(body, f"cell {number}", "exec"), space)
    if last is not None:  # as a notebook shows it
        value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), space)
        html = getattr(value, "_repr_html_", lambda: None)()
        print(f"[{number}]", html or value)
"""


def notebook() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


def test_it_is_a_notebook_without_outputs() -> None:
    found = notebook()
    assert (found["nbformat"], found["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in found["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in found["cells"]:
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | ({"execution_count", "outputs"} if cell["cell_type"] == "code" else set())
        assert re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", cell["id"])
        assert (cell.get("outputs", []), cell.get("execution_count")) == ([], None)


def test_its_cells_run_in_order(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(FILE)], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = dict(re.findall(r"^\[(\d+)\] (.*)$", done.stdout, re.MULTILINE))
    assert len(said) >= 8
    assert any("Figure" in text for text in said.values())
    assert any("(10.0, 15.0, 'kWh')" in text for text in said.values())
    (by_hand,) = (float(found[1]) for text in said.values() if (found := re.fullmatch(r"([\d.]+) ZAR less in this week with 15 kWh", text)))
    assert by_hand > 10
    assert list(tmp_path.iterdir()) == []


def test_what_the_page_shows_runs(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "notebooks.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        shorter = block.replace('"7d"', '"1d"').replace('"30d"', '"1d"')
        done = subprocess.run(
            [sys.executable, "-c", shorter], capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
