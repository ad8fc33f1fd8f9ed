"""Reading home files and the files they name. The kit takes their text; this is where it comes from."""

from __future__ import annotations

import codecs
import re
from importlib.util import find_spec
from pathlib import Path

from virtual_devices.edge.files.examples import home_file
from virtual_devices.kit.errors import ConfigurationError, HomeFileError
from virtual_devices.kit.forms.yaml import MAX_BYTES
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home, documents_needed

MAX_DOCUMENT = 64 << 20
"""Most bytes of one file that a setting names."""
SHIPPED = "pvlib:"
"""Names a file in pvlib's own data folder: ``pvlib:723170TYA.CSV``."""

_SHIPPED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def read_home(path: str | Path | None = None, *, now: int | None = None) -> tuple[Home, dict[str, str]]:
    """A home and the text of every file that it names.

    path: of the file, or the name of an example; None for the example ``cape_town``.  now: UTC seconds for ``start: now``.  Raises HomeFileError
    for what is wrong inside the file, ConfigurationError when it cannot be read at all.
    """
    file = home_file(path)
    home = parse(_home_text(file), str(file), now=now)
    return home, documents_of(home, file.parent)


def documents_of(home: Home, folder: Path) -> dict[str, str]:
    """The text of every file that the home names, relative to ``folder``. Raises HomeFileError with every problem."""
    texts, problems = {}, []
    for name, devices in documents_needed(home).items():
        try:
            texts[name] = read_document(name, folder)
        except ConfigurationError as error:
            problems += [f"{home.source}:{home.entry(device).line}: device {device}: {error}" for device in devices]
    if problems:
        raise HomeFileError(problems)
    return texts


def read_document(name: str, folder: Path) -> str:
    """The text of one file: absolute, below ``folder``, or ``pvlib:NAME``. Raises ConfigurationError."""
    return decoded(_content(document_path(name, folder), MAX_DOCUMENT, f"file {name!r}"))


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, in UTF-16 (as spreadsheets save "Unicode text", with their mark or without), or in Latin-1."""
    begin = content[:2000]
    halves = begin[0::2].count(0), begin[1::2].count(0)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if max(halves) * 3 > len(begin) > 1 and not min(halves):  # every other byte of Latin letters is 0
        return content.decode("utf-16-be" if halves[0] else "utf-16-le", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # weather files from elsewhere spell place names so


def document_path(name: str, folder: Path) -> Path:
    """Where a file is that a setting names. Raises ConfigurationError for a name that leads nowhere."""
    return _shipped(name) if name.startswith(SHIPPED) else _own(name, folder)


def _own(name: str, folder: Path) -> Path:
    if "\0" in name:
        raise ConfigurationError(f"file {name!r}: no file is called so; name a file")
    if Path(name).is_absolute():
        return Path(name)
    base = folder.resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base):
        raise ConfigurationError(
            f"file {name!r} leads out of the home file's folder; put it there, or write its absolute path"
        )
    return path


def _shipped(name: str) -> Path:
    file = name.removeprefix(SHIPPED)
    if not _SHIPPED_NAME.fullmatch(file):
        raise ConfigurationError(f"file {name!r}: write {SHIPPED}NAME with the plain name of a file, without folders")
    spec = find_spec("pvlib")
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise ConfigurationError(f"file {name!r} ships inside pvlib, which is not installed; pip install pvlib")
    return Path(folders[0]) / "data" / file


def _content(path: Path, limit: int, what: str) -> bytes:
    try:
        if path.is_dir():
            raise ConfigurationError(f"{what} is a folder ({path}); name a file in it")
        if not path.is_file():
            raise ConfigurationError(f"{what}: there is no such file ({path}); mend the name, or put the file there")
        with path.open("rb") as source:
            content = source.read(limit + 1)
    except OSError as error:
        raise ConfigurationError(f"{what} cannot be read ({error.strerror}); mend its permissions") from None
    if len(content) > limit:
        raise ConfigurationError(f"{what} is larger than {limit >> 20} MiB; use a smaller one")
    return content


def _home_text(file: Path) -> str:
    content = _content(file, MAX_BYTES, f"home file {str(file)!r}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise HomeFileError([f"{file}:{line}: this line is not UTF-8 text; save the file as UTF-8"]) from None
