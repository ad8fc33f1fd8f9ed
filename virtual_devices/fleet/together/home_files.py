"""Which home files are meant by files, folders and names of examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from virtual_devices.edge.files.examples import home_file
from virtual_devices.kit.errors import ConfigurationError

SUFFIXES = (".yaml", ".yml")


def home_files(named: Sequence[Path]) -> list[Path]:
    """Each file once, in the order in which they are named, those of a folder by name; what lies in folders below it is not looked at.

    Raises ConfigurationError for what is neither a file nor a folder nor an example, and where there is none.
    """
    found = list(dict.fromkeys(file for each in named for file in _meant(each)))
    if not found:
        raise ConfigurationError("no home is named; name home files, examples, or a folder of home files")
    return found


def _meant(named: Path) -> Iterable[Path]:
    if not named.is_dir():
        return [home_file(named)]
    files = sorted(path for path in named.iterdir() if path.suffix in SUFFIXES and path.is_file())
    if not files:
        raise ConfigurationError(f"there is no home file in {named}; put some there (*.yaml), or name another folder")
    return files


def refuse_same_names(found: Iterable[tuple[str, Path]]) -> None:
    """Raises ConfigurationError where two files describe a home of the same name: on one broker, and in one state folder, a name is one home."""
    first: dict[str, Path] = {}
    twice = [f"{first[name]} and {file} both describe home {name}" for name, file in found if first.setdefault(name, file) != file]
    if twice:
        raise ConfigurationError(f"{'; '.join(twice)}; give each home a name of its own (`home:` in its file), or leave one out")
