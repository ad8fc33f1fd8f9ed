"""Text becomes a piece of a page in one file, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

import virtual_devices.console

FOLDER = Path(virtual_devices.console.__file__).parent
FILES = [*FOLDER.rglob("*.py"), *FOLDER.rglob("*.js")]
ONE = FOLDER / "parts" / "drawn.py"


@pytest.mark.parametrize("word", ["sanitize=False", "ui.html", "ui.markdown", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"])
def test_only_one_file_makes_html_of_text(word: str) -> None:
    assert len(FILES) > 20
    assert {path for path in FILES if word in path.read_text(encoding="utf-8")} <= {ONE}
