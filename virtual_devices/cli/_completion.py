"""What a shell completes beside verbs and options: homes, kinds, devices, settings and their values.

Told by what a parameter is called in the help, so that a new verb has it without a word. Nothing here runs a home or asks a broker, and
nothing may fail: where nothing is known, nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from virtual_devices.edge.files import examples
from virtual_devices.kit.errors import VirtualDevicesError

if TYPE_CHECKING:
    from virtual_devices.kit.forms.fields import SettingField

    AnyParamType = click.ParamType[Any]
else:
    AnyParamType = click.ParamType  # of which earlier versions of click cannot say what it makes

Finder = Callable[[click.Context, str], list[CompletionItem]]

_LARGEST = 1 << 20
"""Bytes of a file that is looked into."""


class CompletingType(AnyParamType):
    """A parameter's type with what may be completed."""

    def __init__(self, inner: AnyParamType, find: Finder) -> None:
        self.name, self._inner, self._find = inner.name, inner, find

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As the type says."""
        return self._inner.convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What begins so."""
        try:
            return self._find(ctx, incomplete)
        except (VirtualDevicesError, OSError, ValueError):
            return []


def completing(path: str, param: click.Parameter) -> AnyParamType:
    """The type of a parameter of a command (``ha history``), with what may be completed of it; its own where that is nothing special."""
    find = _finder(path, param)
    return param.type if find is None or isinstance(param.type, CompletingType) else CompletingType(param.type, find)


def _finder(path: str, param: click.Parameter) -> Finder | None:
    told = (param.metavar or str(param.name)).upper().strip("[].… ").removesuffix("]...")
    if path in ("scale", "logs", "history") and told == "NAME" and param.name in ("name", "device"):
        return _devices
    if path == "examples" and told == "NAME":
        return _examples
    if isinstance(param, click.Option) and param.name == "home":
        return _recorded
    if isinstance(param, click.Argument) and told == "RUN":
        return _records
    return _BY_NAME.get(told if told != "NAME" else str(param.name).upper())


def _kinds(_ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    from virtual_devices.kit.home.catalogue import kinds  # noqa: PLC0415 - a verb that has none does without

    return _beginning(incomplete, list(kinds()))


def _examples(_ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=examples.title(name)) for name in examples.names() if name.startswith(incomplete)]


def _homes(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Examples by name, and whatever file there is."""
    return [*_examples(ctx, incomplete), CompletionItem(incomplete, type="file")]


def _recorded(_ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Homes that have run on this machine."""
    from virtual_devices.fleet.keeping.places import homes_folder  # noqa: PLC0415
    from virtual_devices.kit.names import is_name  # noqa: PLC0415

    return _beginning(incomplete, sorted(each.name for each in homes_folder().iterdir() if each.is_dir() and is_name(each.name)))


def _records(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    found: list[CompletionItem] = []
    with suppress(OSError, VirtualDevicesError):
        found = _recorded(ctx, incomplete)
    return [*found, CompletionItem(incomplete, type="file")]


def _devices(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=kind) for name, kind in _there(ctx).items() if name.startswith(incomplete)]


def _settings(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """``setting`` or ``setting=value`` of the device or the kind that is named before."""
    kind = _argument(ctx, "kind") or _there(ctx).get(_argument(ctx, "device"), "")
    return _of_kind(kind, "", incomplete)


def _devices_settings(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """``device.setting`` or ``device.setting=value``."""
    name, dot, rest = incomplete.partition(".")
    there = _there(ctx)
    if dot:
        return _of_kind(there.get(name, ""), f"{name}.", rest)
    names = [each for each in there if each.startswith(name)]
    return _of_kind(there[names[0]], f"{names[0]}.", "") if len(names) == 1 else [CompletionItem(f"{each}.", help=there[each]) for each in names]


def _of_kind(kind: str, before: str, incomplete: str) -> list[CompletionItem]:
    from virtual_devices.kit.forms.changes import settings_of  # noqa: PLC0415
    from virtual_devices.kit.home.catalogue import load  # noqa: PLC0415

    fields = {item.name: item for item in settings_of(load(kind))}
    setting, equals, value = incomplete.partition("=")
    if equals:
        return [CompletionItem(f"{before}{setting}={each}") for each in _values(fields[setting]) if each.startswith(value)] if setting in fields else []
    return [CompletionItem(f"{before}{name}", help=_about(item)) for name, item in fields.items() if name.startswith(setting)]


def _values(item: SettingField) -> list[str]:
    return ["on", "off"] if item.type == "flag" else [str(each) for each in item.choices]


def _about(item: SettingField) -> str:
    return f"{item.title}, {item.unit}" if item.unit else item.title


def _argument(ctx: click.Context, name: str) -> str:
    """An argument as it stands there already; behind an option that has no value yet, click has not told arguments apart."""
    if ctx.params.get(name) is not None:
        return str(ctx.params[name])
    names = [param.name for param in ctx.command.params if isinstance(param, click.Argument)]
    place = names.index(name) if name in names else len(ctx.args)
    return ctx.args[place] if place < len(ctx.args) else ""


def _there(ctx: click.Context) -> dict[str, str]:
    """Devices and their kinds: of the home that is named, else of the home files in this folder, else of the example that stands for none."""
    named = _argument(ctx, "home_file")
    if named:
        return _in_file(examples.home_file(named))
    here: dict[str, str] = {}
    for file in sorted(Path().glob("*.yaml")):
        here.update(_in_file(file))
    return here or _in_file(examples.example(examples.DEFAULT))


def _in_file(file: Path) -> dict[str, str]:
    """Names and kinds in a home file as it is being written: whatever of it can be read."""
    import yaml  # noqa: PLC0415

    if file.stat().st_size > _LARGEST:
        return {}
    try:
        document = yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}
    devices = document.get("devices") if isinstance(document, dict) else None
    if not isinstance(devices, dict):
        return {}
    return {str(name): str(entry.get("kind", name)) if isinstance(entry, dict) else str(name) for name, entry in devices.items()}


def _beginning(incomplete: str, names: list[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


_BY_NAME: dict[str, Finder] = {
    "KIND": _kinds,
    "HOME": _homes,
    "OTHER": _homes,
    "HOME|FILE": _records,
    "FILE|HOME": _records,
    "DEVICE": _devices,
    "DEVICES": _devices,
    "NAMES": _devices,
    "DEVICE.SETTING=VALUE": _devices_settings,
    "SETTING=VALUE": _settings,
}
"""What a parameter is called in the help, or in the program where that is just a name → what may be completed."""
