"""A copy of a configuration, in a folder that nobody else may look into; of the original nothing is ever changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from virtual_devices.edge.files.write import why
from virtual_devices.home_assistant.backup import unpack
from virtual_devices.kit.errors import ConfigurationError

DATABASE = ("home-assistant_v2.db", "home-assistant_v2.db-wal", "home-assistant_v2.db-shm")
_NEVER = (
    "backups", "tmp_backups", "tts", "deps", ".cloud", ".cache", "media", "home-assistant.log", "home-assistant.log.1", "home-assistant.log.fault",
    "home-assistant.log.old", ".ha_run.lock", ".HA_RESTORE", ".git", "zigbee.db", "zigbee.db-wal", "zigbee.db-shm",
)  # fmt: skip
"""Names at the top of a configuration that a copy does without."""


def copy(config: Path | None, backup: Path | None, folder: Path, *, key: str | None = None, keep_history: bool = False) -> None:
    """Fill a folder, which is there and empty, with a configuration's copy. Raises ConfigurationError where there is none."""
    left_out = _NEVER if keep_history else (*_NEVER, *DATABASE)
    if (config is None) == (backup is None):
        raise ConfigurationError("one configuration is needed: --config FOLDER, or --backup FILE.tar")
    if backup is not None:
        unpack(backup, folder, key, left_out)
    elif config is not None:
        _refuse_what_is_none(config)
        try:
            shutil.copytree(config, folder, ignore=_ignored(config, left_out), dirs_exist_ok=True, ignore_dangling_symlinks=True)
        except (OSError, shutil.Error) as error:
            raise ConfigurationError(f"{config} cannot be copied: {_why(error)}") from error
    _refuse_what_is_none(folder if backup is not None else config, backup)


def _refuse_what_is_none(folder: Path | None, backup: Path | None = None) -> None:
    if folder is None or not folder.is_dir():
        raise ConfigurationError(f"there is no folder {folder}; --config names the folder that configuration.yaml is in")
    if not (folder / "configuration.yaml").is_file():
        raise ConfigurationError(f"{backup or folder} is no configuration of a Home Assistant: it has no configuration.yaml")


def _ignored(top: Path, names: tuple[str, ...]) -> Callable[[str, list[str]], set[str]]:
    def ignore(folder: str, found: list[str]) -> set[str]:
        here = {name for name in found if name == "__pycache__"}
        return here | (set(found) & set(names) if Path(folder) == top else set())

    return ignore


def _why(error: OSError | shutil.Error) -> str:
    return why(error) if not isinstance(error, shutil.Error) else f"{len(error.args[0])} files, the first {error.args[0][0][2]}"
