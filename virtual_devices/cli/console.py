"""``virtual-devices console``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtual_devices.cli._groups import Group
from virtual_devices.cli._options import broker_options
from virtual_devices.cli._streams import warn
from virtual_devices.console.door.auth import Users
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.serve import DEFAULT_PORT, ConsoleOptions, serve
from virtual_devices.fleet.keeping.places import make_ready, state_folder

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint

ROLES = click.Choice([role.value for role in PersonRole])
_FOLDER = ".console"
"""Of the console's own state, beside those of homes; no home is called so."""


def _state_option(verb: click.decorators.FC) -> click.decorators.FC:
    return click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="Where it keeps who may come; else below ~/.local/state.")(verb)


def _folder(state: Path | None) -> Path:
    folder = state or state_folder(_FOLDER)
    make_ready(folder)
    return folder


@click.group(cls=Group, invoke_without_command=True)
@click.option("--listen", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="What it binds; beyond loopback people log in.")
@click.option("--port", type=click.IntRange(1, 65_535), help=f"Else {DEFAULT_PORT}, or a free one.")
@click.option("--host-name", "hosts", multiple=True, metavar="NAME", help="Another name by which browsers come; may be given several times.")
@click.option("--login", is_flag=True, help="Ask for a password on loopback too.")
@click.option("--ingress", metavar="ADDRESS", help="Of the Supervisor of a Home Assistant that shows this console: 172.30.32.2.")
@click.option("--ingress-role", type=ROLES, default=PersonRole.LOOK.value, show_default=True, help="Of those whom Home Assistant sends and this console has no role for.")
@click.option(
    "--homes", is_flag=False, flag_value="", metavar="[FOLDER]",
    help="People with the role build may make homes and start them here; their files are in FOLDER, else below the console's state.",
)
@click.option("--records", type=click.Path(path_type=Path), metavar="FOLDER", help="The state folder of the home, as `up --state` has it, for its history; else below ~/.local/state.")
@_state_option
@broker_options
@click.pass_context
def console(
    context: click.Context,
    listen: str,
    port: int | None,
    hosts: tuple[str, ...],
    login: bool,  # noqa: FBT001 - click passes it by name
    ingress: str | None,
    ingress_role: str,
    homes: str | None,
    records: Path | None,
    state: Path | None,
    endpoint: Endpoint,
) -> None:
    """A page in a browser: homes live, and what one wants to change in them."""
    if context.invoked_subcommand is not None:
        return
    folder = _folder(state)
    kept = None if homes is None else Path(homes) if homes else folder / "homes"
    options = ConsoleOptions(endpoint, folder, listen, port, hosts, login, ingress, PersonRole(ingress_role), kept, records)
    serve(options, say=warn, started=lambda address: click.echo(f"console: {address}"))


@console.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@_state_option
def grant(name: str, role: str, state: Path | None) -> None:
    """Let NAME come with a ROLE; somebody new gets a password, which is printed."""
    password = Users(_folder(state)).grant(name, PersonRole(role))
    click.echo(f"{name} may {role}" + (f"; password: {password}" if password is not None else ""))


@console.command()
@click.argument("name")
@_state_option
def revoke(name: str, state: Path | None) -> None:
    """Let NAME come no more; pages that are open stop at once."""
    Users(_folder(state)).revoke(name)
    click.echo(f"{name} may nothing any more")


@console.command()
@_state_option
def people(state: Path | None) -> None:
    """Who may come, and with which role."""
    users = Users(_folder(state))
    for name in users.names():
        role = users.role(name)
        click.echo(f"{name}: {role.value if role is not None else '–'}")
