"""The records that somebody means who names a file, a folder, a home, or nothing."""

from __future__ import annotations

from pathlib import Path

from virtual_devices.fleet.keeping.places import homes_folder, records_folder, state_folder
from virtual_devices.kit.errors import ConfigurationError, suggestion
from virtual_devices.kit.names import is_name
from virtual_devices.record.info import home_of
from virtual_devices.record.runs import Runs, written_at


def records(named: Path | None = None, state: Path | None = None) -> list[Path]:
    """Those that are meant, the one that was written last at the end; where nothing is named, of all homes of this user.

    named: see ``records_of``.  state: a state folder instead of this user's; then ``named`` is a home.  Raises ConfigurationError where there
    are none.
    """
    if state is not None:
        found = [path for path in records_of(state) if named is None or home_of(path) in (None, str(named))]
        if not found:
            of_home = f" of home {named}" if named is not None else ""
            raise ConfigurationError(f"there is no record{of_home} in {state}; name a state folder, as `up --state` makes them")
    elif named is not None:
        found = records_of(named)
        if not found:
            known = _homes()
            raise ConfigurationError(
                f"{str(named)!r} is neither a record, nor a folder or a home that has any{suggestion(named.name, known) if known else ''}"
            )
    else:
        found = [path for home in _homes() for path in records_of(state_folder(home))]
        if not found:
            raise ConfigurationError(f"there is no record in {homes_folder()}; name a record, or the folder that `up --state` was given")
    return sorted(found, key=written_at)


def record(named: Path | None = None, state: Path | None = None) -> Path:
    """The one that was written last, see ``records``. Raises ConfigurationError also where those of several homes could be meant."""
    found = records(named, state)
    if named is None and state is None and len(homes := _homes()) > 1:
        raise ConfigurationError(f"there are records of {', '.join(homes)}; name one of these homes")
    return found[-1]


def records_of(named: Path) -> list[Path]:
    """The records of a state folder or of a home by its name, the one that was written last at the end; a file, whatever it is, is it.

    Empty where there are none.
    """
    if named.is_file():
        return [named]
    folders = [named, records_folder(named)]
    if is_name(str(named)):
        folders.append(records_folder(state_folder(str(named))))
    found = next((paths for folder in folders if (paths := Runs(folder, "").paths())), [])
    return sorted(found, key=written_at)


def _homes() -> list[str]:
    """Homes of this user that have records."""
    folder = homes_folder()
    return sorted(path.name for path in folder.iterdir() if records_of(path)) if folder.is_dir() else []
