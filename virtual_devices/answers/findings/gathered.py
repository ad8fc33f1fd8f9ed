"""What is known of a run before anybody judges it: whole millijoules and seconds, month by month, wherever they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.offers import Edge


@dataclass(frozen=True, slots=True)
class GatheredMonth:
    """A calendar month, or what of it belongs to the run. start, end: UTC seconds.  seconds: that were run.

    edges: mJ by (source, sink).  demand, available: mJ by consumer and by producer.  bill: by how much ``amount``, ``import``, ``export`` and
    ``fixed`` grew; empty without a grid.  emissions: kg.  outage, dark: s.  None: nobody knows.
    """

    start: int
    end: int
    seconds: int
    edges: Mapping[Edge, int]
    demand: Mapping[str, int]
    available: Mapping[str, int]
    bill: Mapping[str, float] = field(default_factory=dict)
    emissions: float | None = None
    outage: int | None = None
    dark: int | None = None


@dataclass(frozen=True, slots=True)
class GatheredLoad:
    """A load that wanted power and had none. without, longest, dark: s.  unserved: mJ."""

    without: int
    unserved: int
    longest: int | None = None
    dark: int | None = None


@dataclass(frozen=True, slots=True)
class GatheredStore:
    """A store. opened, closed: mJ that it held at the start and in the end.  capacity: mJ, when new.  soc, health: 0 to 1.  cycles: in this run."""

    opened: int
    closed: int
    capacity: int | None = None
    soc_start: float | None = None
    soc_end: float | None = None
    cycles: float | None = None
    health: float | None = None


@dataclass(frozen=True, slots=True)
class GatheredPeak:
    """The highest quarter-hour. power: mW, its mean.  time: UTC seconds."""

    power: int
    time: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """A run. currency: None without a grid.  price: of a kWh imported when it ended, None where nobody says.

    rated: W of each array.  insolation: kWh/m² on its plane.  clipped: mJ.  longest_dark: s.
    """

    home: str
    zone: str
    start: int
    end: int
    months: Sequence[GatheredMonth]
    loads: Mapping[str, GatheredLoad]
    stores: Mapping[str, GatheredStore]
    currency: str | None = None
    price: float | None = None
    rated: Mapping[str, float] = field(default_factory=dict)
    insolation: Mapping[str, float] = field(default_factory=dict)
    clipped: Mapping[str, int] = field(default_factory=dict)
    longest_dark: int | None = None
    conditions: Sequence[str] = ()
    not_covered: Sequence[Mapping[str, Any]] = ()
    digest: str | None = None
    problems: Sequence[str] = ()
