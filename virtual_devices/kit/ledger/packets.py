"""What each window brought on each wire, an edge of the ledger, as whole joules that can be added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from virtual_devices.kit.ledger.transfers import LedgerRecord

MJ_PER_JOULE = 1000


@dataclass(frozen=True, slots=True)
class Packets:
    """The packets of one window, by wire, ``<source>/<sink>``.

    joules: J of each wire that carried something, and 0 once of one that does no more.  left: mJ, 1 to 999, that were carried and made no
    whole joule yet; they go with a later packet, so that all packets of a wire are less than 1 J behind the ledger.
    """

    joules: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)

    def following(self, record: LedgerRecord) -> Packets:
        """Those of the window after this one."""
        joules, left, sums = dict[str, int](), dict(self.left), dict[int, int]()
        for (source, sink), column in zip(record.edges, record.energy, strict=True):
            energy = sums.get(id(column))  # many edges share a column
            if energy is None:
                energy = sums[id(column)] = sum(column)
            if energy:
                wire = f"{source}/{sink}"
                joules[wire], rest = divmod(energy + left.pop(wire, 0), MJ_PER_JOULE)
                if rest:
                    left[wire] = rest
        return Packets({**joules, **{wire: 0 for wire in self.flowing if wire not in joules}}, left)

    @property
    def flowing(self) -> tuple[str, ...]:
        """Wires whose packet was not 0."""
        return tuple(wire for wire, joules in self.joules.items() if joules)

    def json(self) -> dict[str, Any]:
        """As a checkpoint keeps it."""
        return {"joules": self.joules, "left": self.left}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Packets:
        """From a checkpoint. Raises KeyError, TypeError or ValueError for what is none."""
        parts = [{str(wire): int(value) for wire, value in dict(kept[part]).items()} for part in ("joules", "left")]
        return cls(*parts)
