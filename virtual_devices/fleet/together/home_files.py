"""Which home files are meant by files, folders and names of examples."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from virtual_devices.edge.files.examples import home_file
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.yaml import MAX_BYTES

SUFFIXES = (".yaml", ".yml")
_SECTION = re.compile(rb"""^[\w"'][^:\n]*:(?:\s|$)""", re.MULTILINE)
_OF_A_HOME = re.compile(rb"""^["']?(?:home|devices)["']?\s*:""", re.MULTILINE)
"""Two that no other file is likely to have; the text is only looked at, so whatever YAML can do does not matter."""


def home_files(named: Sequence[Path], say: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Each file once, by whatever path or link, in the order in which they are named, those of a folder by name; what lies in folders below it is not looked at.

    A folder's hidden files, and those that describe something else, such as a tariff that several homes name, are passed over; the latter is
    said.  Raises ConfigurationError for what is neither a file nor a folder nor an example, and where there is none.
    """
    found: dict[Path, Path] = {}
    for each in named:
        for file in _meant(each, say):
            found.setdefault(file.resolve(), file)
    if not found:
        raise ConfigurationError("no home is named; name home files, examples, or a folder of home files")
    return list(found.values())


def _meant(named: Path, say: Callable[[str], None]) -> Iterable[Path]:
    if not named.is_dir():
        return [home_file(named)]
    files = sorted(path for path in named.iterdir() if path.suffix in SUFFIXES and not path.name.startswith(".") and path.is_file())
    others = [path for path in files if _is_another(path)]
    for path in others:
        say(f"{path} is passed over: it has neither `home:` nor `devices:`")
    if len(files) == len(others):
        raise ConfigurationError(f"there is no home file in {named}; put some there (*.yaml), or name another folder")
    return [path for path in files if path not in others]


def _is_another(path: Path) -> bool:
    """Whether a file can be read and has sections, none of them a home's; of any other a home's reader says what is wrong with it."""
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES).removeprefix(codecs.BOM_UTF8)
    except OSError:
        return False
    return _SECTION.search(content) is not None and _OF_A_HOME.search(content) is None


def refuse_same_names(found: Iterable[tuple[str, Path]]) -> None:
    """Raises ConfigurationError where two files describe a home of the same name: on one broker, and in one state folder, a name is one home."""
    first: dict[str, Path] = {}
    twice = [f"{first[name]} and {file} both describe home {name}" for name, file in found if first.setdefault(name, file) != file]
    if twice:
        raise ConfigurationError(f"{'; '.join(twice)}; give each home a name of its own (`home:` in its file), or leave one out")
