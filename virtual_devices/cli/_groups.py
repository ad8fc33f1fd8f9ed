"""Groups of commands: what somebody may have meant who mistypes one, examples in each one's help, and words that every verb takes."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import CompletionItem

from virtual_devices.cli import _loudness, _voice
from virtual_devices.cli._completion import completing
from virtual_devices.cli._usage import epilog

if TYPE_CHECKING:
    from collections.abc import Mapping


class Group(click.Group):
    """Commands that are asked for by name."""

    word = "command"
    """What one of them is called."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, with what all of them have."""
        command = self.find(ctx, cmd_name)
        return command if command is None else _equipped(command, f"{_path(ctx)} {cmd_name}".strip())

    def find(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name."""
        return super().get_command(ctx, name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named. Raises UsageError that says what may be meant."""
        name = args[0]
        if self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            if name.startswith("-"):
                raise click.NoSuchOption(name, ctx=ctx)
            self._refuse(ctx, name)
        return super().resolve_command(ctx, args)

    def _refuse(self, ctx: click.Context, name: str) -> NoReturn:
        raise click.UsageError(_voice.unknown(self.word, name, self.list_commands(ctx), ctx), ctx=ctx)


def _equipped(command: click.Command, path: str) -> click.Command:
    """A command with its examples, what a shell completes, and ``-q`` and ``-v``; once, however often it is asked for."""
    if command.epilog is None:
        command.epilog = epilog(path)
    for param in command.params:
        param.type = completing(path, param)
    does = not isinstance(command, click.Group) or command.invoke_without_command
    if does and not any(param.name == "quiet" for param in command.params):
        command.params += _loudness.options()
    return command


def _path(ctx: click.Context) -> str:
    """How one gets to a group, without the program's name: ``ha``."""
    return ctx.command_path.partition(" ")[2]


def command_at(place: str) -> click.Command:
    """The command of ``module:name``, imported now."""
    module, _, name = place.partition(":")
    command: Any = getattr(importlib.import_module(module), name)
    if not isinstance(command, click.Command):
        raise TypeError(f"{place} is no command")
    return command


class LazyGroup(Group):
    """The commands of a table, name → (``module:command``, short help), imported one at a time."""

    table: Mapping[str, tuple[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        return sorted(self.table)

    def find(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of a name, imported now."""
        return command_at(self.table[name][0]) if name in self.table else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options that begin so, without importing any."""
        found = [CompletionItem(name, help=text) for name, (_, text) in sorted(self.table.items()) if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)
