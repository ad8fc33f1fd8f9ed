"""The command line: one file per verb; a verb parses, calls one function and prints.

Verbs are imported when they are used, so that ``virtual-devices --help`` does not wait for what it does not need.
Exit codes are known here and nowhere else: 2 for what its owner wrote wrong, 1 for what went wrong otherwise.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from virtual_devices import __version__
from virtual_devices.cli import _streams
from virtual_devices.kit.errors import (
    CatalogueError,
    ConfigurationError,
    HomeFileError,
    SettingError,
    VirtualDevicesError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS: dict[str, tuple[str, str]] = {
    "asyncapi": ("virtual_devices.cli.asyncapi:asyncapi", "AsyncAPI document of the bus: topics and messages."),
    "audit": ("virtual_devices.cli.audit:audit", "Check a ledger, recorded or live: no joule lost or invented."),
    "check": ("virtual_devices.cli.check:check", "Say what is wrong with a home file, with line numbers."),
    "clock": ("virtual_devices.cli.clock:clock", "The time of a running home: faster, slower, pause, step by step."),
    "credentials": ("virtual_devices.cli.credentials:credentials", "Passwords and access list for a home's broker."),
    "describe": ("virtual_devices.cli.describe:describe", "Settings and readings of a kind of device."),
    "examples": ("virtual_devices.cli.examples:examples", "The example homes: listed, or copied to begin from."),
    "forget": ("virtual_devices.cli.forget:forget", "Clear all that a home has left on a broker."),
    "get": ("virtual_devices.cli.get:get", "Settings and readings of a device of a running home."),
    "kinds": ("virtual_devices.cli.kinds:kinds", "The kinds of devices there are."),
    "outages": ("virtual_devices.cli.outages:outages", "Outage calendars: made from load-shedding tables, and shown."),
    "ps": ("virtual_devices.cli.ps:ps", "The devices of a running home, and what they do."),
    "record": ("virtual_devices.cli.record:record", "Records of a home's runs: what is in them, a backup, their size."),
    "run": ("virtual_devices.cli.run:run", "Host one device, as a container does."),
    "schema": ("virtual_devices.cli.schema:schema", "JSON Schema of the home file, for editors."),
    "set": ("virtual_devices.cli.set:set_settings", "Change settings of a device of a running home."),
    "simulate": ("virtual_devices.cli.simulate:simulate", "Run a home in process, as fast as possible."),
    "survive": ("virtual_devices.cli.survive:survive", "Would a home come through a month of load-shedding?"),
    "up": ("virtual_devices.cli.up:up", "Run a whole home from one command, with a broker if none is given."),
    "watch": ("virtual_devices.cli.watch:watch", "Watch a running home in the terminal."),
}
"""Verb → (``module:command``, short help); the help stands here so that listing the verbs imports none of them."""

_OWNERS_MISTAKES = (HomeFileError, ConfigurationError, CatalogueError, SettingError)
_MISTAKE, _FAILURE = 2, 1


class Verbs(click.Group):
    """The verbs of the table, imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb, imported now."""
        if cmd_name not in VERBS:
            return None
        module, _, name = VERBS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{VERBS[cmd_name][0]} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of verbs in ``--help``."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, VERBS[name][1]) for name in self.list_commands(ctx)])

    def main(self, *arguments: Any, **options: Any) -> Any:
        """The command line, on streams that take every text."""
        _streams.prepare()
        return super().main(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; an error that a user can mend becomes a line on standard error and an exit code.

        So does one of the machine, such as a full disk. A reader of standard output that has gone is no error to speak of.
        """
        try:
            return super().invoke(ctx)
        except VirtualDevicesError as error:
            for line in str(error).splitlines() or [type(error).__name__]:
                _streams.warn(f"error: {line}")
            ctx.exit(_MISTAKE if isinstance(error, _OWNERS_MISTAKES) else _FAILURE)
        except OSError as error:
            if (text := _streams.machine_fault(error)) is not None:
                _streams.warn(f"error: {text}")
            ctx.exit(_FAILURE)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="virtual-devices")
def commands() -> None:
    """A home that runs virtually: every device a process, an MQTT client and a Home Assistant device."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``virtual-devices``. arguments: None for those of the process."""
    commands.main(args=None if arguments is None else list(arguments), prog_name="virtual-devices")
