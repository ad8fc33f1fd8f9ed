"""A home in a few numbers: what its inverter says of each quarter of an hour, and what its fleet tells the world of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from virtual_devices.edge.messages.base import Message, Millijoules, Milliwatts, Name, Run, Seq, Time
from virtual_devices.kit.home.labels import LABEL, MAX_LABELS
from virtual_devices.kit.ledger.quarters import QUARTER

_FIRST, _LAST = -(2**35), 2**37
"""UTC seconds that a calendar has: years 882 to 6325, with room for every time zone."""

Quarter = Annotated[Time, Field(multiple_of=QUARTER)]
Seconds = Annotated[int, Field(ge=1, le=3600)]
Watts = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
KilowattHours = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10_000)]
Dated = Annotated[Time, Field(ge=_FIRST, le=_LAST)]
Money = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Word = Annotated[str, Field(pattern=f"^(?:{LABEL.pattern})$")]
"""Of a label."""


class QuarterMessage(Message):
    """What a home came to in a quarter of an hour, and what its stores can do then.

    seq: the window with which it was over, or so far.  start: UTC seconds.  step: s.  steps: how many it covers.  over: whether more of its steps
    may come.  moved: mJ by purpose.  stored, usable, capacity: mJ of all stores together; usable: above what is kept for outages.
    charge, discharge: mW that they could take and give for the next quarter of an hour.
    """

    run: Run
    seq: Seq
    start: Quarter
    step: Seconds
    steps: Annotated[int, Field(ge=1, le=QUARTER)]
    over: bool
    moved: Annotated[dict[Name, Millijoules], Field(max_length=40)]
    stored: Millijoules
    usable: Millijoules
    capacity: Millijoules
    charge: Milliwatts
    discharge: Milliwatts


class SummaryMessage(Message):
    """A home's last quarter of an hour, for whoever looks at many homes.

    run: of the home's time; a fresh start is another.  start: of the quarter, seconds: how many of it are told of; both of simulated time, UTC.
    grid_import … battery_discharge: mean W over these.  unserved: mean W that loads lacked.  stored, usable, capacity: kWh, and soc: %, of all
    stores together after these seconds; None where there is no store.  charge_power, discharge_power: W that could be charged and discharged for the next quarter
    of an hour, by limits and state of charge of the stores.  switchable: mean W of loads that do not hang on the essential port itself.
    cost: since the fresh start, in currency; None while it is not known.  online, devices: how many are there, and are wanted; nobody is online
    in a home that has stopped.  labels: of the home file.  told: UTC seconds of the wall at which it was said.  What a later version adds is passed over.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    run: Run
    start: Annotated[Quarter, Field(ge=_FIRST, le=_LAST)]
    seconds: Seconds
    grid_import: Watts
    grid_export: Watts
    load: Watts
    unserved: Watts
    pv: Watts
    battery_charge: Watts
    battery_discharge: Watts
    switchable: Watts
    soc: Annotated[float, Field(ge=0, le=100)] | None
    stored: KilowattHours
    usable: KilowattHours
    capacity: KilowattHours
    charge_power: Watts
    discharge_power: Watts
    cost: Money | None
    currency: Annotated[str, Field(pattern="^[A-Z]{0,3}$")]
    online: Count
    devices: Count
    labels: Annotated[dict[Word, Word], Field(max_length=MAX_LABELS)]
    told: Dated
