"""The command line: one file per verb; a verb parses, calls one function and prints.

Verbs are imported when they are used, so that ``virtual-devices --help`` does not wait for what it does not need.
Exit codes are known here and nowhere else: 2 for what its owner wrote wrong, 1 for what went wrong otherwise.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from virtual_devices import __version__
from virtual_devices.cli import _loudness, _streams, _voice
from virtual_devices.cli._groups import LazyGroup
from virtual_devices.kit.errors import (
    CatalogueError,
    ConfigurationError,
    HomeFileError,
    SettingError,
    VirtualDevicesError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Try": {
        "new": ("virtual_devices.cli.new:new", "Make a home by a few questions, and see what its first week comes to."),
        "examples": ("virtual_devices.cli.examples:examples", "The example homes: listed, or copied to begin from."),
        "simulate": ("virtual_devices.cli.simulate:simulate", "Run a home in process, as fast as possible."),
        "compare": ("virtual_devices.cli.compare:compare", "What one home saves against another, and whether it is worth its price."),
        "survive": ("virtual_devices.cli.survive:survive", "Would a home come through a month of load-shedding?"),
    },
    "Run": {
        "up": ("virtual_devices.cli.up:up", "Run a whole home from one command, with a broker if none is given."),
        "host": ("virtual_devices.cli.host:host", "Run many homes in one process, on one broker."),
        "console": ("virtual_devices.cli.console:console", "A page in a browser: homes live, and what one wants to change in them."),
        "down": ("virtual_devices.cli.down:down", "Stop a running home; it goes on with the next `up`."),
        "clock": ("virtual_devices.cli.clock:clock", "The time of a running home: faster, slower, pause, step by step."),
        "set": ("virtual_devices.cli.set:set_settings", "Change settings of a device of a running home."),
        "on": ("virtual_devices.cli.on:on", "Switch devices of a running home on."),
        "off": ("virtual_devices.cli.off:off", "Switch devices of a running home off: their need is gone."),
        "scale": ("virtual_devices.cli.scale:scale", "How many of a device are to run: 1 or 0."),
        "restart": ("virtual_devices.cli.restart:restart", "End devices of a running home and start them again."),
        "spawn": ("virtual_devices.cli.spawn:spawn", "One more device in a running home."),
        "remove": ("virtual_devices.cli.remove:remove", "Remove devices from a running home."),
    },
    "Ask": {
        "homes": ("virtual_devices.cli.homes:homes", "All homes on a broker, and what they are together."),
        "ps": ("virtual_devices.cli.ps:ps", "The devices of a running home, and what they do."),
        "watch": ("virtual_devices.cli.watch:watch", "Watch a running home in the terminal."),
        "get": ("virtual_devices.cli.get:get", "Settings and readings of a device of a running home."),
        "history": ("virtual_devices.cli.history:history", "Energy by hour, day or month, from what a home has recorded."),
        "report": ("virtual_devices.cli.report:report", "What a run came to: in words, or as one page with pictures."),
        "why": ("virtual_devices.cli.why:why", "What a home did at a moment, and why; from what it has recorded."),
        "audit": ("virtual_devices.cli.audit:audit", "Check a ledger, recorded or live: no joule lost or invented."),
        "health": ("virtual_devices.cli.health:health", "Whether each device of a running home is there and well."),
        "logs": ("virtual_devices.cli.logs:logs", "What a home and its devices have said."),
    },
    "Connect": {
        "ha": ("virtual_devices.cli.ha:ha", "A home and your Home Assistant: its time, its past, files to take along."),
        "shards": ("virtual_devices.cli.shards:shards", "Brokers that share many homes, and a central one for their summaries."),
        "credentials": ("virtual_devices.cli.credentials:credentials", "Passwords and access list for a home's broker."),
        "asyncapi": ("virtual_devices.cli.asyncapi:asyncapi", "AsyncAPI document of the bus: topics and messages."),
        "forget": ("virtual_devices.cli.forget:forget", "Clear all that a home has left on a broker."),
    },
    "Operate": {
        "run": ("virtual_devices.cli.run:run", "Host one device, as a container does."),
        "fleet": ("virtual_devices.cli.fleet:fleet", "Be the fleet of a home on Kubernetes, as its pod is."),
        "apply": ("virtual_devices.cli.apply:apply", "Make a running home what a file declares."),
        "diff": ("virtual_devices.cli.diff:diff", "What `apply` would change in a running home."),
        "render": ("virtual_devices.cli.render:render", "A home as objects of Kubernetes, for kubectl and GitOps."),
        "monitoring": ("virtual_devices.cli.monitoring:monitoring", "Files for Prometheus and Grafana: rules, alerts, dashboards."),
        "revisions": ("virtual_devices.cli.revisions:revisions", "What a running home was wanted to be, who changed it, and when."),
        "rollback": ("virtual_devices.cli.rollback:rollback", "Make a running home again what it was at a revision."),
        "record": ("virtual_devices.cli.record:record", "Records of a home's runs: what is in them, a backup, their size."),
    },
    "Author": {
        "check": ("virtual_devices.cli.check:check", "Say what is wrong with a home file, with line numbers."),
        "kinds": ("virtual_devices.cli.kinds:kinds", "The kinds of devices there are."),
        "describe": ("virtual_devices.cli.describe:describe", "Settings and readings of a kind of device."),
        "schema": ("virtual_devices.cli.schema:schema", "JSON Schema of the home file, for editors."),
        "outages": ("virtual_devices.cli.outages:outages", "Outage calendars: made from load-shedding tables, and shown."),
        "prices": ("virtual_devices.cli.prices:prices", "Published prices: read in many forms, written as one series."),
    },
}
"""What one comes for → verb → (``module:command``, short help); the help stands here so that listing the verbs imports none of them."""

VERBS = {verb: place for group in GROUPS.values() for verb, place in group.items()}

_OWNERS_MISTAKES = (HomeFileError, ConfigurationError, CatalogueError, SettingError)
_MISTAKE, _FAILURE = 2, 1


class Verbs(LazyGroup):
    """The verbs of the table, imported one at a time; whatever goes wrong is said in one voice."""

    word = "verb"
    table = VERBS

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs in ``--help``, by what one comes for."""
        width = max(map(len, VERBS))
        for title, verbs in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), text) for name, (_, text) in verbs.items()])

    def main(self, *arguments: Any, **options: Any) -> Any:
        """The command line, on streams that take every text."""
        _streams.prepare()
        return super().main(*arguments, **options)

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any) -> click.Context:
        """The command line, read; what is wrong before the verb is said here."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            _refuse(error)
            raise click.exceptions.Exit(error.exit_code) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; an error that a user can mend becomes a line on standard error and an exit code.

        So does one of the machine, such as a full disk. A reader of standard output that has gone is no error to speak of.
        """
        _loudness.begin(ctx)
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            _refuse(error)
            ctx.exit(error.exit_code)
        except VirtualDevicesError as error:
            for line in str(error).splitlines() or [type(error).__name__]:
                _streams.warn(f"error: {line}")
                for more in _pointed(error, line):
                    _streams.complain(more)
            _streams.detail("".join(traceback.format_exception(error)).rstrip())
            ctx.exit(_MISTAKE if isinstance(error, _OWNERS_MISTAKES) else _FAILURE)
        except OSError as error:
            if (text := _streams.machine_fault(error)) is not None:
                _streams.warn(f"error: {text}")
                _streams.detail("".join(traceback.format_exception(error)).rstrip())
            ctx.exit(_FAILURE)
        finally:
            _streams.detail(f"virtual-devices {__version__}: {_loudness.took()}")


def _refuse(error: click.ClickException) -> None:
    """Say what is wrong with a command line; who writes none at all is shown what there is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    _streams.warn(f"error: {_voice.usage(error) if isinstance(error, click.UsageError) else _voice.plain(error)}")


def _pointed(error: VirtualDevicesError, line: str) -> list[str]:
    """The line of a home file, or of one that it names, that an error speaks of."""
    if not isinstance(error, HomeFileError):
        return []
    from virtual_devices.cli._carets import pointed  # noqa: PLC0415 - only a mistake needs it

    return pointed(line)


@click.group(cls=Verbs, params=_loudness.options(), context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="virtual-devices")
def commands() -> None:
    """A home that runs virtually: every device a process, an MQTT client and a Home Assistant device."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``virtual-devices``. arguments: None for those of the process."""
    if os.getpid() == 1:  # a container's first process: the kernel passes over a signal for which it has no handler yet
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        commands.main(args=words, prog_name="virtual-devices")
    except SystemExit as end:
        if words[:1] == ["run"] and isinstance(end.code, int | None):
            _end_at_once(end.code or 0)
        raise


def _end_at_once(code: int) -> None:
    """A device that has said its last word has no time to lose: the interpreter would first take all its libraries apart, half a second of them."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
