"""What a report needs of a record, all of it of one moment: also while the home still writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from virtual_devices.answers.charts.thinning import Floats
from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.recorded import found_by
from virtual_devices.kit.accounts import DC_BUS, GRID, HEAT, METER
from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.ledger.series import ENERGY, STORED, UNSERVED
from virtual_devices.kit.members.past import PARTS, PastRows
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.reading.columns import Columns
from virtual_devices.record.reading.curves import outages_between
from virtual_devices.record.reading.cutting import cut
from virtual_devices.record.reading.energy import Energy, energies, together
from virtual_devices.record.reading.facts import Facts
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.reading.roles import Roles
from virtual_devices.record.store.database import BESIDE

FLOWS = ("sun", "discharge", "import", "load", "charge", "export", "unserved")
"""What of each quarter is shown: mean powers in W."""
_BILL, _SOC = "import_cost", "soc"

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class QuarterFlows:
    """Quarter-hours, oldest first. start: UTC seconds.  seconds: that are recorded of each.  energy: J of each of ``FLOWS``.

    stored: kWh in each store when the quarter had ended; not finite where it was not there.  soc: %, as far as it was told.  bill: what imports
    had cost until then; not finite where nobody told.
    """

    start: Whole
    seconds: Whole
    energy: Mapping[str, Floats]
    stored: Mapping[str, Floats]
    soc: Mapping[str, Floats]
    bill: Floats


@dataclass(frozen=True, slots=True)
class RunSeen:
    """All of a run that a report shows. start, end: of what is recorded of what was asked for, UTC seconds.

    outages: from when to when, cut to that.  wanted: what the home was last wanted to be; None where the record does not say.  file_digest: SHA-256 of the file; None while a home writes it.
    """

    path: Path
    facts: Facts
    start: int
    end: int
    findings: Findings
    roles: Roles
    flows: QuarterFlows
    total: Energy
    outages: Sequence[tuple[int, int]]
    wanted: Revision | None
    file_digest: str | None

    @property
    def local(self) -> Calendar:
        """The home's."""
        return calendar(self.facts.zone)


def see(path: Path, chosen: Callable[[Times], tuple[int, int]] | None = None) -> RunSeen:
    """Read a record. chosen: from when to when, as soon as it is known what there is; None: all.

    Raises ConfigurationError where nothing is recorded then, and as ``Reader``.
    """
    with Reader(path) as reader, reader.of_one_moment():
        facts, span = reader.facts, reader.span
        if span is None:
            raise ConfigurationError(f"{path} has nothing recorded yet: no window was settled")
        times = Times(facts.zone, *span)
        begin, stop = chosen(times) if chosen is not None else (times.first, times.end)
        start, end = max(begin, span[0]), min(stop, span[1])
        columns, roles = reader.columns(begin, stop)
        if not len(columns.start):
            raise ConfigurationError(f"nothing is recorded from {times.told(begin)} to {times.told(stop)}; the record is from {times.told(span[0])} to {times.told(span[1])}")
        flows, total = _flows(reader, columns, roles), together(list(energies(cut(columns, "month", facts.zone), roles)))
        outages, revisions = outages_between(reader, start, end), reader.revisions
        findings = found_by(reader) if chosen is None else found_by(reader, begin, stop)
    return RunSeen(
        path, facts, start, end, findings, roles, flows, total, outages, revisions[-1] if revisions else None, _file_digest(path),
    )  # fmt: skip


def _flows(reader: Reader, quarters: Columns, roles: Roles) -> QuarterFlows:
    """Every quarter's means, by what its edges moved."""
    place = np.arange(len(quarters.start), dtype=np.int64)
    names = [f"{ENERGY}{source}>{sink}" for source, sink in roles.edges]
    moved = quarters.sums(names, place).astype(np.float64) / 1000
    missed = quarters.sums([UNSERVED + name for name in roles.consumers], place).astype(np.float64) / 1000

    def over(which: Callable[[str, str], bool]) -> Floats:
        found: Floats = moved[:, [number for number, edge in enumerate(roles.edges) if which(*edge)]].sum(axis=1)
        return found

    energy = {
        "sun": over(lambda source, sink: sink in roles.producers and source in roles.sources),
        "discharge": over(lambda source, sink: source in roles.stores and sink == DC_BUS),
        "import": over(lambda source, sink: (source, sink) == (GRID, METER)),
        "load": over(lambda source, sink: source in roles.consumers and sink == HEAT),
        "charge": over(lambda source, sink: source == DC_BUS and sink in roles.stores),
        "export": over(lambda source, sink: (source, sink) == (METER, GRID)),
        "unserved": missed.sum(axis=1),
    }
    stored = {}
    for name in roles.stores:
        level, known = quarters.swings(STORED + name), np.full(len(place), np.nan)
        known[level.rows] = level.last / MJ_PER_KWH
        stored[name] = known
    first, last = int(quarters.start[0]), int(quarters.start[-1])
    soc = {name: _stood(reader.told(name, first, last + 1), _SOC, quarters.start) for name in roles.stores}
    biller = next((name for name in reader.tellers if any(_BILL in rows.last for rows in reader.told(name, last, last + 1))), None)
    bill = reader.told(biller, first, last + 1) if biller is not None else ()
    return QuarterFlows(
        quarters.start, quarters.step * quarters.steps, energy, stored, {name: values for name, values in soc.items() if np.isfinite(values).any()},
        _stood(bill, _BILL, quarters.start),
    )  # fmt: skip


def _stood(told: Sequence[PastRows], reading: str, starts: Whole) -> Floats:
    """How a reading stood at the end of each of some quarters, as far as its device told."""
    known = np.full(len(starts), np.nan)
    for rows in told:
        if reading in rows.last and len(starts):
            times = np.array(rows.starts, np.int64)
            values = np.array([np.nan if value is None else value / PARTS for value in rows.last[reading]])
            places = np.minimum(np.searchsorted(starts, times), len(starts) - 1)
            there = starts[places] == times
            known[places[there]] = values[there]
    return known


def _file_digest(path: Path) -> str | None:
    """SHA-256 of a record; None where it is still being written, and no two readers would find the same."""
    log: Any = path.with_name(path.name + BESIDE[1])
    try:
        if log.exists() and log.stat().st_size:
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
