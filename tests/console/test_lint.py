"""Text becomes a piece of a page in one file, and nowhere else."""

from __future__ import annotations

import ast
import re
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


OURS = {"'true' if speed == now.speed and not now.paused else 'false'", "texts.CLOSE", "prefix"}
"""What stands in a text of props and is none of the bus's words."""


def test_words_of_the_bus_are_in_no_text_of_props() -> None:
    """Such a text is taken apart, and what begins with a colon is run in the browser; a value of its own goes to ``props[...]``."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for words in re.findall(r"\.props\(f(['\"])(.*?)\1\)", text):
            found |= set(re.findall(r"{(.*?)}", words[1]))
        assert not re.search(r"\.props\([^f'\")]", text), path
    assert found == OURS


def test_each_text_has_a_name_of_its_own() -> None:
    """A second one of the same name would quietly take the place of the first."""
    names = [
        name.id
        for line in ast.parse((FOLDER / "texts.py").read_text(encoding="utf-8")).body if isinstance(line, ast.Assign)
        for target in line.targets for name in ast.walk(target) if isinstance(name, ast.Name)
    ]  # fmt: skip
    assert len(names) > 100
    assert [name for name in set(names) if names.count(name) > 1] == []
    used = {found for path in FOLDER.rglob("*.py") for found in re.findall(r"texts\.([A-Z_]+)", path.read_text(encoding="utf-8"))}
    used |= set(re.findall(r"texts import (\w+)", "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))))
    assert used == set(names)
