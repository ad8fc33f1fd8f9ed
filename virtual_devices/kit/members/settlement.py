"""What passes between the devices and the inverter about one window: proposals, shares, the settlement.

All powers are integer milliwatts per step, all energies integer millijoules. These are plain frozen data; the wire
forms live in ``virtual_devices.edge.messages.base``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.circuits import CircuitState
from virtual_devices.kit.offers import Offer
from virtual_devices.kit.window import Span


@dataclass(frozen=True, slots=True)
class Proposal:
    """One device's part in one window, and its checkpoint.

    after: the last settled seq in the state it starts from (0: none).  span: what it covers, from the window's start;
    it may be shorter than the window, never empty.  checkpoint: all that the device needs to go on from here alone.
    """

    run: str
    seq: int
    name: str
    after: int
    span: Span
    offer: Offer
    checkpoint: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """What one settled window means for one device.

    supply: run-length (steps, supplied) of a consumer.  cut_off: it is behind an open switch, and has no demand.  soon: whether it will be
    supplied next, None as it was.  beside: it comes and goes with the grid.  used: a producer's mW.  charge, discharge: a store's mW, and
    ``stored`` its balance afterwards.  imported, exported: the grid's mW.  live: run-length (steps, whether it had power) of a circuit;
    ``through`` mJ that it carried, ``power`` mW in the last step, ``circuit`` how it stands afterwards, ``carried`` its mW per step, where
    its rule looks at them.
    """

    seq: int
    span: Span
    supply: tuple[tuple[int, bool], ...] = ()
    used: list[int] = field(default_factory=list)
    charge: list[int] = field(default_factory=list)
    discharge: list[int] = field(default_factory=list)
    stored: int = 0
    imported: list[int] = field(default_factory=list)
    exported: list[int] = field(default_factory=list)
    cut_off: bool = False
    soon: bool | None = None
    beside: bool = False
    live: tuple[tuple[int, bool], ...] = ()
    through: int = 0
    power: int = 0
    circuit: CircuitState | None = None
    carried: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The commit of one window.

    shares: per member.  owed: shares of earlier windows that their owners have not confirmed yet.  left_out: members
    of the window that were silent too long or gone.  cut: fewer steps were settled than were asked for.  foretold: as in Window, after
    this one.  digest: the ledger's hash after this window, hexadecimal.  checkpoint: all that the inverter needs to go on from
    here alone.  circuits: where each circuit hangs that is there.  isolated: whoever's way up leads to no port, and why.
    trips: circuits that an overload opened in the last step (True), or that were closed again before the first (False).
    """

    run: str
    seq: int
    span: Span
    members: tuple[str, ...]
    left_out: tuple[str, ...]
    shares: dict[str, Share]
    owed: dict[str, Share]
    cut: bool
    digest: str
    checkpoint: dict[str, Any]
    foretold: tuple[tuple[int, bool], ...] = ()
    circuits: dict[str, str] = field(default_factory=dict)
    isolated: dict[str, str] = field(default_factory=dict)
    trips: tuple[tuple[str, bool], ...] = ()
