"""The registry of kinds: the folder is the registry, and a kind is imported only when it is used.

Two entry point groups let anybody add kinds: ``virtual_devices.rooms`` (each value a package whose public modules are
kinds) and ``virtual_devices.kinds`` (single ones: ``name = package.module``).
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from virtual_devices.kit.device import AnyDevice, Device, Settles
from virtual_devices.kit.errors import CatalogueError, suggestion


@lru_cache(maxsize=1)
def kinds() -> dict[str, str]:
    """Kind → module, without importing any of the modules."""
    found: dict[str, str] = {}
    for room in sorted(entry_points(group="virtual_devices.rooms"), key=lambda point: point.value):
        spec = find_spec(room.value)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(folder).glob("*.py")):
                if not path.stem.startswith("_"):
                    found[path.stem] = f"{room.value}.{path.stem}"
    for single in entry_points(group="virtual_devices.kinds"):
        found[single.name] = single.value
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def switchboard() -> tuple[str, Mapping[str, Any]]:
    """The kind that stands in where a home has no inverter, and its settings then, see ``Settles``. Raises CatalogueError where there is none."""
    single = [point.name for point in entry_points(group="virtual_devices.kinds")]
    for kind in sorted(kinds(), key=lambda kind: (kind not in single, kind)):  # rooms hold many, which need not be imported for this
        with suppress(CatalogueError):
            device_class = load(kind)
            if issubclass(device_class, Settles) and device_class.switchboard:
                return kind, device_class.switchboard
    raise CatalogueError("this home has no inverter, and no kind that is installed can stand in; add one under devices")


@lru_cache(maxsize=256)
def load(kind: str) -> type[AnyDevice]:
    """The device class of a kind. Raises CatalogueError for an unknown kind or a module that does not load."""
    module_name = kinds().get(kind)
    if module_name is None:
        raise CatalogueError(f"there is no kind {kind!r}{suggestion(kind, list(kinds()))}")
    return load_module(module_name, kind)


def load_module(module_name: str, kind: str) -> type[AnyDevice]:
    """The one Device class that a module defines."""
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        needed = (error.name or "").partition(".")[0]
        if needed in ("", module_name.partition(".")[0]):
            raise CatalogueError(f"kind {kind!r} cannot be loaded from {module_name}: {error}") from error
        raise CatalogueError(f"kind {kind!r} needs {needed}, which is not installed; pip install {needed}") from error
    except Exception as error:  # whatever a broken kind raises, it costs nobody else
        raise CatalogueError(f"kind {kind!r} cannot be loaded from {module_name}: {type(error).__name__}: {error}") from error
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Device)
        and value.__module__ == module.__name__
        and not inspect.isabstract(value)
    ]
    if len(classes) != 1:
        raise CatalogueError(f"module {module_name} should define one device class, not {len(classes)}")
    return classes[0]
