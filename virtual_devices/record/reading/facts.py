"""What a record says of itself, for whoever reads it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.messages.retained import json_object
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.site import Site
from virtual_devices.record.store.kept import site_facts
from virtual_devices.record.store.writer import REMEDY_OF_READERS, facts_of

UNKNOWN_ZONE = "UTC"
SITE_FACTS = frozenset({"latitude", "longitude", "altitude", "seed", "zone"})


@dataclass(frozen=True, slots=True)
class Facts:
    """Whose record it is. zone: IANA name of the home's time zone; UTC where nobody said.  step: s.  program: the version that wrote it.

    broker, home_file: of the run, see ``Origin``.  site: where the home stands.  None where the record does not say.
    """

    home: str
    run: str
    zone: str = UNKNOWN_ZONE
    step: int | None = None
    program: str | None = None
    broker: str | None = None
    home_file: str | None = None
    site: Site | None = None


def read_facts(connection: sqlite3.Connection) -> Facts:
    """The facts of a record; those of its site that an older one lacks are what its home goes on from. Raises sqlite3.Error."""
    site = connection.execute("SELECT payload FROM kept WHERE device = ? AND leaf = 'site'", (CLOCK,)).fetchone()
    said = {**(site_facts({(CLOCK, "site"): site[0]}) if site is not None else {}), **facts_of(connection, REMEDY_OF_READERS)}
    texts = {name: value for name in ("home", "run", "zone", "program", "broker", "home_file") if isinstance(value := said.get(name), str)}
    step = said.get("step")
    where = _site({**json_object(site[0] if site is not None else b""), **{key: value for key, value in said.items() if key in SITE_FACTS}})
    return Facts(**({"home": "", "run": ""} | texts), step=step if isinstance(step, int) else None, site=where)


def _site(said: Mapping[str, Any]) -> Site | None:
    """By the site that the clock told, or by what a simulation wrote down."""
    numbers = [said.get(key) for key in ("latitude", "longitude", "altitude")]
    zone, seed = said.get("time_zone", said.get("zone")), said.get("seed", 0)
    if not (all(isinstance(number, (int, float)) for number in numbers) and isinstance(zone, str) and isinstance(seed, int)):
        return None
    latitude, longitude, altitude = (float(number) for number in numbers if number is not None)
    return Site(latitude, longitude, altitude, zone, seed)


def facts_of_site(site: Site) -> dict[str, Any]:
    """What a record of a simulation says of it."""
    return {"zone": site.zone, "latitude": site.latitude, "longitude": site.longitude, "altitude": site.altitude, "seed": site.seed}
