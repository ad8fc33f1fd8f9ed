"""What a run came to: the bill, how far the sun went, how dark it was, what batteries and panels did. Every number a person asks for, once.

It is made of a run in process (``collecting``) or of a record (``recorded``), and is JSON-ready: ``Findings.json``. Energies are kWh, powers W,
shares 0 to 1, money in the grid's currency, times by the home's clocks with their offset from UTC. What nobody knows is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class BillFound:
    """What was paid. amount: energy and fixed less income.  energy: for what was imported.  income: for what was exported.

    refill: what it would have cost to start with the batteries as full as they are in the end, see ``virtual_devices.answers.findings.refill``;
    negative where they hold more than at the start.  refill_bought, refill_unsold: kWh more to import and fewer to export for that, losses
    included.  total: amount and refill, by which runs compare.  mean_price: of an imported kWh, None where nothing was imported.
    """

    currency: str
    amount: float
    energy: float
    fixed: float
    income: float
    refill_bought: float = 0.0
    refill_unsold: float = 0.0
    refill: float = 0.0
    total: float = 0.0
    mean_price: float | None = None


@dataclass(frozen=True, slots=True)
class MonthFound:
    """A calendar month, or what of it belongs to the run. month: ``2026-07``.  hours: that were run.

    energy_kwh: by purpose, and ``curtailed``.  cost, energy_cost, fixed_cost, export_income: of this month.  emissions_kg: CO₂ of what was imported.
    """

    month: str
    start: str
    end: str
    hours: float
    energy_kwh: Mapping[str, float]
    self_sufficiency: float | None
    self_consumption: float | None
    cost: float | None = None
    energy_cost: float | None = None
    fixed_cost: float | None = None
    export_income: float | None = None
    outage_hours: float | None = None
    dark_hours: float | None = None
    emissions_kg: float | None = None


@dataclass(frozen=True, slots=True)
class LoadFound:
    """A load. energy_kwh: that it took.  unserved_kwh: demand that nobody met.  without_power_hours: off while wanting, for whatever reason.

    dark_hours: of those, in outages of the grid; None for a load that is not meant to live through outages, or where the record does not say.
    """

    energy_kwh: float
    unserved_kwh: float
    without_power_hours: float
    longest_without_power_hours: float | None = None
    dark_hours: float | None = None


@dataclass(frozen=True, slots=True)
class BatteryFound:
    """A battery. capacity_kwh: of all its packs, when new.  soc_start, soc_end, state_of_health: 0 to 1.  cycles: full ones, in this run.

    charged_kwh, discharged_kwh: at the DC bus.  lost_kwh: in it.
    """

    capacity_kwh: float | None
    stored_start_kwh: float
    stored_end_kwh: float
    charged_kwh: float
    discharged_kwh: float
    lost_kwh: float
    soc_start: float | None = None
    soc_end: float | None = None
    cycles: float | None = None
    state_of_health: float | None = None


@dataclass(frozen=True, slots=True)
class ArrayFound:
    """An array. kwp: its rated power.  energy_kwh: that was used, of ``available_kwh``; the rest was curtailed.  clipped_kwh: no part of either.

    specific_yield: kWh used for each kWp.  insolation: kWh/m² on its plane.  performance_ratio: what it could give, over kwp times insolation
    (IEC 61724-1, on the DC side and before curtailment, so that a full battery is no fault of the roof).
    """

    energy_kwh: float
    available_kwh: float
    curtailed_kwh: float
    clipped_kwh: float | None = None
    kwp: float | None = None
    specific_yield: float | None = None
    insolation: float | None = None
    performance_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class PeakFound:
    """The highest mean of a quarter-hour. power: W.  time: when that began."""

    power: float
    time: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What a run came to. start, end: of the run.  hours: that were run, without what was skipped.  energy_kwh: by purpose, and ``curtailed``.

    self_sufficiency: share of what the loads took that was not imported.  self_consumption: share of the used sun that was not exported.
    outage_hours: without grid.  dark_hours: in which an essential load wanted power in an outage and had none; longest: without a break.
    emissions_kg: CO₂ of what was imported, by the grid's ``carbon_intensity``; None where that is not set.  conditions, not_covered: as of
    ``simulate``.  digest: of the ledger.  problems: of the audit, none in a sound run.
    """

    home: str
    zone: str
    start: str
    end: str
    hours: float
    energy_kwh: Mapping[str, float]
    self_sufficiency: float | None
    self_consumption: float | None
    bill: BillFound | None
    months: tuple[MonthFound, ...]
    loads: Mapping[str, LoadFound]
    batteries: Mapping[str, BatteryFound]
    arrays: Mapping[str, ArrayFound]
    outage_hours: float | None = None
    dark_hours: float | None = None
    longest_dark_hours: float | None = None
    peak_import: PeakFound | None = None
    peak_load: PeakFound | None = None
    emissions_kg: float | None = None
    conditions: tuple[str, ...] = ()
    not_covered: tuple[Mapping[str, Any], ...] = ()
    digest: str | None = None
    problems: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """As JSON has it, by the same names."""
        return asdict(self)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Findings:
        """Of its JSON form. Raises pydantic's ValidationError, a ValueError, for what is none."""
        return TypeAdapter(cls).validate_python(content)
