"""What a record says of itself, for whoever reads it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from virtual_devices.kit.names import CLOCK
from virtual_devices.record.store.kept import site_facts
from virtual_devices.record.store.writer import REMEDY_OF_READERS, facts_of

UNKNOWN_ZONE = "UTC"


@dataclass(frozen=True, slots=True)
class Facts:
    """Whose record it is. zone: IANA name of the home's time zone; UTC where nobody said.  step: s.  program: the version that wrote it.  seed: of the home's noise.

    broker, home_file: of the run, see ``Origin``.  None where the record does not say.
    """

    home: str
    run: str
    zone: str = UNKNOWN_ZONE
    step: int | None = None
    program: str | None = None
    broker: str | None = None
    home_file: str | None = None
    seed: int | None = None


def read_facts(connection: sqlite3.Connection) -> Facts:
    """The facts of a record; those of its site that an older one lacks are what its home goes on from. Raises sqlite3.Error."""
    site = connection.execute("SELECT payload FROM kept WHERE device = ? AND leaf = 'site'", (CLOCK,)).fetchone()
    said = {**(site_facts({(CLOCK, "site"): site[0]}) if site is not None else {}), **facts_of(connection, REMEDY_OF_READERS)}
    texts = {name: value for name in ("home", "run", "zone", "program", "broker", "home_file") if isinstance(value := said.get(name), str)}
    step, seed = (value if isinstance(value := said.get(name), int) else None for name in ("step", "seed"))
    return Facts(**({"home": "", "run": ""} | texts), step=step, seed=seed)
