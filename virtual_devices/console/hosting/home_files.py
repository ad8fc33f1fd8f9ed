"""Home files in a folder of the console's: read, written whole, renamed, and thrown away so that they can be fetched back."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from virtual_devices.edge.files.read import documents_of, read_home
from virtual_devices.edge.files.write import why, write_whole
from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.edge.messages.fleet import WantedForm
from virtual_devices.fleet.keeping.places import make_ready
from virtual_devices.kit.errors import ConfigurationError, suggestion
from virtual_devices.kit.forms.yaml import MAX_BYTES
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Declaration
from virtual_devices.kit.home.written import text_of_home
from virtual_devices.kit.names import MAX_NAME, is_name

SUFFIX = ".yaml"
TRASH = "trash"
_OWN_NAME = re.compile(r"^home[ \t]*:.*$", re.MULTILINE)


class HomeFiles:
    """The home files of a folder; each is called as its home. Raises ConfigurationError where the folder cannot be used."""

    def __init__(self, folder: Path) -> None:
        make_ready(folder)
        self.folder = folder

    def names(self) -> list[str]:
        """Homes that are kept, in order."""
        return sorted(path.stem for path in self.folder.glob(f"*{SUFFIX}") if is_name(path.stem) and path.is_file())

    def path(self, name: str) -> Path:
        """The file of a home. Raises ConfigurationError where none is kept under this name."""
        known = self.names()
        if name not in known:
            raise ConfigurationError(
                f"this console keeps no home {name!r}{suggestion(name, known)}; one that was started elsewhere is started again there, with its own file"
            )
        return self.folder / f"{name}{SUFFIX}"

    def text(self, name: str) -> str:
        """What the file of a home says. Raises ConfigurationError where it cannot be read."""
        path = self.path(name)
        try:
            return path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{path} cannot be read: {why(error) if isinstance(error, OSError) else 'it is not UTF-8'}; mend it") from None

    def home(self, name: str) -> Home:
        """A home as its file says it. Raises HomeFileError with every problem, ConfigurationError where it cannot be read."""
        return read_home(self.path(name), now=int(time.time()))[0]

    def add(self, name: str, text: str) -> Home:
        """Keep a home under a new name. Raises HomeFileError for what is wrong in it, ConfigurationError where it cannot be kept."""
        self.refuse_name(name)
        text = named(text, name)
        home = parse(text, f"{name}{SUFFIX}", now=int(time.time()))
        documents_of(home, self.folder)
        path = self.folder / f"{name}{SUFFIX}"
        try:
            write_whole(path, text.encode(), sync=True)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be written: {why(error)}; make room, or choose another --homes") from None
        return replace(home, source=str(path))

    def refuse_name(self, name: str) -> None:
        """Raises ConfigurationError for a name that no home can have, or that one has already."""
        if not is_name(name):
            raise ConfigurationError(
                f"no home can be called {name[: 2 * MAX_NAME]!r}; use lower case letters, digits and _, a letter first, {MAX_NAME} at most"
            )
        if (self.folder / f"{name}{SUFFIX}").exists():
            raise ConfigurationError(f"there is a home {name} already; choose another name")

    def throw_away(self, name: str) -> Path:
        """Move the file of a home to the trash; where it is now. Raises ConfigurationError where that cannot be done."""
        path = self.path(name)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S-%f")
        target = self.folder / TRASH / f"{name}.{now}{SUFFIX}"
        try:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            path.replace(target)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be moved to {target}: {why(error)}; remove it by hand") from None
        return target


def named(text: str, name: str) -> str:
    """A home file with another name of the home; all else in it stays as it was written. Raises ConfigurationError for one that is too long."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise ConfigurationError(f"a home file has {MAX_BYTES >> 10} KiB at most; leave something out")
    line = f"home: {name}"
    return _OWN_NAME.sub(line, text, count=1) if _OWN_NAME.search(text) else f"{line}\n{text}"


def as_told(name: str, site: SiteMessage, wanted: Mapping[str, WantedForm], *, real_time: bool) -> str:
    """The home file of a home as its fleet and its clock tell it, under another name. real_time: it lives at the time of day, so its start is none of its own."""
    devices = {device: Declaration(form.kind, form.settings) for device, form in wanted.items()}
    return text_of_home(name, site.to_kit(), "now" if real_time else site.start, devices)
