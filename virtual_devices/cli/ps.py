"""``virtual-devices ps``."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._fleet import LOCAL, Where, asked, place_option
from virtual_devices.cli._now import summary_of
from virtual_devices.cli._options import COMMAND_LINE, broker_options, home_option, json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.messages.fleet import RunningForm
from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.kit.home.model import MAX_DEVICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtual_devices.client.running_device import RunningDevice
    from virtual_devices.edge.mqtt.endpoint import Endpoint
    from virtual_devices.fleet.fleet import Fleet, Running

_MOST, _LONGEST = 2 * MAX_DEVICES, 200
_NOBODY = RunningForm(online=False)


@click.command()
@place_option
@json_option
@home_option
@broker_options
def ps(*, place: str, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """The devices of a running home: who of them is there, since when, and what they do.

    A device that is switched off is `off`; one that should be there and is not is `offline`. How often one was started again, for how long it
    has run, and, where it has a process of its own, its memory are what the home's fleet says.
    """
    if place != LOCAL:
        _there(Where(place, home, endpoint), as_json=as_json)
        return
    with RunningHome(endpoint, home, by=COMMAND_LINE) as running:
        name, found = running.name, running.last_seen()
    devices = sorted(found.values(), key=lambda each: each.seen.about is None)[:_MOST]  # a name that says nothing of itself comes last
    more = len(found) - len(devices)
    if as_json:
        listed = {"home": name, "devices": [_row(each) for each in devices], **({"more": more} if more else {})}
        echo_json(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    click.echo(f"home {name} on {endpoint.url}")
    heading = ("device", "kind", "", "age", "restarts", "memory", "state")
    rows = [[each.name, each.kind, _presence(each), *_lived(each), _words(each)] for each in devices]
    blank = [number for number in (3, 4, 5) if not any(row[number] for row in rows)]
    shown = [[cell for number, cell in enumerate(row) if number not in blank] for row in (heading, *rows)]
    click.echo(table(tuple(shown[0]), shown[1:]))
    if more:
        click.echo(f"and {more} more names that are no devices of a home: it has {MAX_DEVICES} at most")


def _there(where: Where, *, as_json: bool) -> None:
    """Of a home on a cluster, as its fleet sees it; what devices do is told on the home's broker."""
    with asked(where) as fleet:
        found, place = fleet.ask(_listed)
    if as_json:
        echo_json(json.dumps({"place": place, "devices": [asdict(each) for each in found]}, indent=2, ensure_ascii=False))
        return
    click.echo(f"on {place}")
    rows = [
        [each.name, each.kind, "off" if not each.replicas else "running" if each.alive else "waiting", *_life(each), printable(shortened(each.error or "", _LONGEST))]
        for each in found
    ]
    click.echo(table(("device", "kind", "", "age", "restarts", "memory", ""), rows))


async def _listed(fleet: Fleet) -> tuple[Sequence[Running], str]:
    return await fleet.list(), fleet.place


def _life(each: Running) -> list[str]:
    age = "" if each.since is None or not each.replicas else _age(time.time() - each.since)
    return [age, str(each.restarts or ""), "" if each.memory is None else f"{each.memory / 2**20:.0f} MiB"]


def _presence(each: RunningDevice) -> str:
    return "online" if each.online else "off" if each.off else "offline"


def _lived(each: RunningDevice) -> list[str]:
    """Age, restarts, memory, as far as they are known."""
    form = each.life or _NOBODY
    age = "" if form.since is None or each.off else _age(time.time() - form.since)
    return [age, str(form.restarts or ""), "" if form.memory is None else f"{form.memory / 2**20:.0f} MiB"]


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _row(each: RunningDevice) -> dict[str, Any]:
    form = each.life
    life = {"off": each.off, "restarts": form.restarts, "since": form.since, "memory": form.memory, "error": form.error} if form else {}
    return {
        "device": each.name,
        "kind": each.kind,
        "ability": shortened(each.ability, _LONGEST),
        "online": each.online,
        "state": _words(each),
        **life,
    }


def _words(each: RunningDevice) -> str:
    return printable(shortened(summary_of(each.seen), _LONGEST))
