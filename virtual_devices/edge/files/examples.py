"""The homes that come with the program: data of the installed package, or the checkout's folder ``examples``.

Each is known by the name of its file without ``.yaml``, and may be named like that wherever a home file may.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import virtual_devices
from virtual_devices.kit.errors import ConfigurationError, suggestion

DEFAULT = "cape_town"
HERE = Path("examples")
"""Where a checkout, whose root one stands in, has them."""
_NAME = re.compile(r"[a-z0-9_]+")


def folder() -> Path:
    """Where they are."""
    package = Path(virtual_devices.__file__).parent
    installed = package / HERE
    return installed if installed.is_dir() else package.parent / HERE


def names() -> list[str]:
    """What one may write for a home file."""
    return sorted(path.stem for path in folder().glob("*.yaml"))


def example(name: str) -> Path:
    """The home file of an example. Raises ConfigurationError with a suggestion when there is none of this name."""
    path = folder() / f"{name}.yaml"
    if not path.is_file():
        known = names()
        if not known:
            raise ConfigurationError(f"home {name!r} is no file, and the examples are not installed ({folder()}); name a home file")
        raise ConfigurationError(f"home {name!r} is neither a file nor an example{suggestion(name, known)}")
    return path


def home_file(named: str | Path | None = None) -> Path:
    """The home file that somebody means: a path, the name of an example, or None for the example ``cape_town``.

    In the root of a checkout that is ``examples/cape_town.yaml``. Raises ConfigurationError where there is neither such a file nor
    such an example.
    """
    if named is None:
        default = HERE / f"{DEFAULT}.yaml"
        return default if default.is_file() else example(DEFAULT)
    path = Path(named)
    if path.exists():
        return path
    if _NAME.fullmatch(str(named)):
        return example(str(named))
    if path.suffix == ".yaml" and path.stem in names():
        raise ConfigurationError(f"home file {str(path)!r}: there is no such file; the example of that name is to be had as {path.stem}")
    return path


def title(name: str) -> str:
    """What an example shows: the first sentence of the comment that it begins with."""
    lines = example(name).read_text("utf-8").splitlines()
    comment: list[str] = []
    for line in lines:
        if not line.startswith("#"):
            break
        comment.append(line.removeprefix("#").strip())
    return re.split(r"(?<=\.)\s", " ".join(comment), maxsplit=1)[0].removesuffix(".")


def copy(name: str, files: list[str], target: Path) -> list[Path]:
    """Copy an example with the files that it names into a folder, which is made; the copies.

    Raises ConfigurationError, before anything is written, where one of them is there already, and when the folder cannot be written.
    """
    home = example(name)
    there = [target / home.name, *(target / file for file in files)]
    if taken := [str(path) for path in there if path.exists()]:
        raise ConfigurationError(f"{', '.join(taken)}: there is a file already; name another folder")
    try:
        for source, place in zip([home, *(home.parent / file for file in files)], there, strict=True):
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written ({error.strerror}); name another folder") from None
    return there
