"""``virtual-devices ha``: what one does with a home and a Home Assistant of one's own. Each subcommand has its file in ``cli/home_assistant/``."""

from __future__ import annotations

import click

from virtual_devices.cli._groups import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "history": ("virtual_devices.cli.home_assistant.history:history", "A past of the home in a Home Assistant, for its Energy dashboard."),
    "twin": ("virtual_devices.cli.home_assistant.twin:twin", "Your house as a home file, of what your Home Assistant knows."),
    "run": ("virtual_devices.cli.home_assistant.run:run", "Run a copy of your Home Assistant in the simulated time of a home."),
    "dashboard": ("virtual_devices.cli.home_assistant.dashboard:dashboard", "A dashboard for a home."),
    "energy": ("virtual_devices.cli.home_assistant.energy:energy", "The energy dashboard's preferences for a home."),
    "package": ("virtual_devices.cli.home_assistant.package:package", "A package for a home: recorder and load-shedding."),
}
"""Subcommand → (``module:command``, short help); the help stands here so that listing them imports none of them."""


class HomeAssistantCommands(LazyGroup):
    """The subcommands of the table."""

    table = COMMANDS

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The subcommands in ``--help``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])


@click.group(cls=HomeAssistantCommands)
def ha() -> None:
    """A home and your Home Assistant: its time, its past, your house as a home, files to take along."""
