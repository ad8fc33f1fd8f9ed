"""``virtual-devices audit``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtual_devices.cli._options import broker_options, duration, home_option, json_option
from virtual_devices.cli._streams import echo_json, warn
from virtual_devices.cli._width import filled
from virtual_devices.edge.ledger.audit import Audit, audit_file, audit_live
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.keeping.finding import records_of
from virtual_devices.record.reading.audit import audit_record
from virtual_devices.record.store.database import is_database

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--for", "seconds", type=duration, metavar="DURATION", help="Wall time to listen to a running home; else until Ctrl-C.")
@json_option
@home_option
@broker_options
def audit(file: Path | None, *, seconds: int | None, as_json: bool, home: str | None, endpoint: Endpoint) -> None:
    """Check a ledger: that no joule was lost or invented. FILE: of `--ledger`, plain or .gz; or a record, also while it is written.

    A home's name or state folder stands for the record that was written last; without FILE it is a running home's ledger. Exit code 1
    when something is wrong.
    """
    if file is not None:
        done = _of_file(file)
    else:
        with Session(endpoint) as session:
            name = session.home(home)
            warn(f"listening to home {name} on {endpoint.url}; Ctrl-C ends it")
            done = audit_live(session, name, seconds)
    if as_json:
        echo_json(json.dumps(done.result(), indent=2, ensure_ascii=False))
    else:
        for problem in done.problems:
            click.echo(problem)
        click.echo(filled(_verdict(done), further="  "))
    if not done.ok:
        raise click.exceptions.Exit(1)


def _of_file(file: Path) -> Audit:
    found = records_of(file)
    return audit_record(found[-1]) if found and is_database(found[-1]) else audit_file(file)


def _verdict(done: Audit) -> str:
    checked = f"{done.checked_steps} steps in {done.windows} windows"
    if done.by_chain:
        checked += f", and {done.by_chain} older windows by the chain of their digests"
    if done.start is not None and done.end is not None:
        checked += f", {_utc(done.start)} to {_utc(done.end)}"
    if done.skipped:
        checked += f", of which {done.skipped / 3600:.1f} h were skipped"
    if not (done.windows or done.by_chain) and done.ok:
        return "nothing was settled"
    return f"{'in order' if done.ok else 'NOT in order'}: {checked}"


def _utc(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
