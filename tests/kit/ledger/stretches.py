"""Records as Hypothesis draws them: devices come and go, time is skipped, windows are cut anywhere. And the same, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.window import Span

Columns = dict[str, list[int]]
BIG = 2**45
energies = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, BIG))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps without a break in which the same devices are there: ``lamp``, ``roof``, ``battery``, ``grid``, each or none.

    columns: mJ per step, by what they are.  opening: of the battery.
    """

    span: Span
    devices: frozenset[str]
    columns: Columns
    opening: int

    def record(self, begin: int, end: int) -> LedgerRecord:
        """Some of its steps as a window. What the lamp takes, and what becomes heat, are one column, as in a real record."""
        part = {name: column[begin:end] for name, column in self.columns.items()}
        edges = {("inverter", "losses"): part["lost"], ("dc_bus", "inverter"): part["through"], ("inverter", "essential"): part["through"]}
        if "lamp" in self.devices:
            edges |= {("essential", "lamp"): part["lamp"], ("lamp", "heat"): part["lamp"]}
        if "roof" in self.devices:
            edges |= {("sun", "roof"): part["roof"], ("roof", "dc_bus"): part["roof"]}
        if "battery" in self.devices:
            edges |= {("dc_bus", "battery"): part["charge"], ("battery", "dc_bus"): part["discharge"], ("battery", "losses"): part["leak"]}
            edges |= {("reset", "battery"): part["reset"], ("battery", "reset"): [0] * (end - begin)}
        if "grid" in self.devices:
            edges |= {("grid", "meter"): part["import"], ("meter", "grid"): part["export"]}
        order = sorted(edges)
        wanted = list(part["lamp"]) if part["lamp wanted"] == part["lamp"] else part["lamp wanted"]
        return LedgerRecord(
            run="test", seq=1, span=self.span.part(begin, end - begin), edges=tuple(order), energy=tuple(edges[edge] for edge in order),
            demand={"lamp": wanted} if "lamp" in self.devices else {},
            available={"roof": part["roof could"]} if "roof" in self.devices else {},
            opening={"battery": self.stored[begin]} if "battery" in self.devices else {},
            closing={"battery": self.stored[end]} if "battery" in self.devices else {},
            outside=tuple(outside for outside, device in (("grid", "grid"), ("sun", "roof")) if device in self.devices), previous="", digest="",
        )  # fmt: skip

    @property
    def stored(self) -> list[int]:
        """What the battery holds before each step, and after the last."""
        balances = [self.opening]
        for charge, discharge, leak, reset in zip(*(self.columns[name] for name in ("charge", "discharge", "leak", "reset")), strict=True):
            balances.append(balances[-1] + charge - discharge - leak + reset)
        return balances

    def values(self, index: int) -> dict[str, int]:
        """Every series in one step, by the words of their definition."""
        now = {name: column[index] for name, column in self.columns.items()}
        found = {
            "energy/inverter>losses": now["lost"],
            "energy/dc_bus>inverter": now["through"],
            "energy/inverter>essential": now["through"],
            "power/inverter": now["through"],
        }
        if "lamp" in self.devices:
            found |= {"energy/essential>lamp": now["lamp"], "energy/lamp>heat": now["lamp"], "power/lamp": now["lamp"]}
            found["unserved/lamp"] = now["lamp wanted"] - now["lamp"]
        if "roof" in self.devices:
            found |= {"energy/sun>roof": now["roof"], "energy/roof>dc_bus": now["roof"], "power/roof": now["roof"]}
            found["curtailed/roof"] = now["roof could"] - now["roof"]
        if "battery" in self.devices:
            found |= {"energy/dc_bus>battery": now["charge"], "energy/battery>dc_bus": now["discharge"]}
            found |= {"energy/battery>losses": now["leak"], "energy/reset>battery": now["reset"], "energy/battery>reset": 0}
            found |= {"power/battery": now["discharge"] - now["charge"], "stored/battery": self.stored[index + 1]}
        if "grid" in self.devices:
            found |= {"energy/grid>meter": now["import"], "energy/meter>grid": now["export"]}
            found["power/grid"] = now["import"] - now["export"]
        return found


KINDS = ("lost", "through", "lamp", "roof", "charge", "discharge", "leak", "reset", "import", "export")


@st.composite
def stretches(draw: st.DrawFn) -> list[Stretch]:
    """Up to four of them, one after the other, of equal steps."""
    step = draw(st.sampled_from([60, 300, 7, 3600, 1000, 900]))
    time = draw(st.integers(-2, 2)) * 900 + draw(st.integers(0, 1000)) + 1_782_000_000
    found = []
    for _ in range(draw(st.integers(1, 4))):
        steps = draw(st.integers(1, min(40, 2 * 86_400 // step)))
        column = st.lists(energies, min_size=1, max_size=7).map(lambda some: (some * steps)[:steps])  # noqa: B023 - drawn at once
        columns = {name: draw(column) for name in KINDS}
        for name, wanted in (("lamp", "lamp wanted"), ("roof", "roof could")):
            more = draw(column)
            columns[wanted] = [a + b for a, b in zip(columns[name], more, strict=True)]
        devices = draw(st.frozensets(st.sampled_from(["lamp", "roof", "battery", "grid"])))
        found.append(Stretch(Span(time, step, steps), devices, columns, draw(st.integers(0, BIG))))
        time = found[-1].span.end + draw(st.sampled_from([0, 0, 1, 150, 900, 5000]))
    return found


def windows(drawn: Iterable[Stretch], lengths: Sequence[int]) -> list[LedgerRecord]:
    """The stretches as records of some lengths, which repeat; a stretch ends a window."""
    found, count = [], 0
    for stretch in drawn:
        begin = 0
        while begin < stretch.span.steps:
            end = min(stretch.span.steps, begin + lengths[count % len(lengths)])
            found.append(stretch.record(begin, end))
            begin, count = end, count + 1
    return found


def by_quarter(drawn: Iterable[Stretch]) -> dict[int, list[Mapping[str, int]]]:
    """The values of every step, by the quarter in which it starts."""
    found: dict[int, list[Mapping[str, int]]] = {}
    for stretch in drawn:
        for index, time in enumerate(stretch.span.times):
            found.setdefault(time - time % 900, []).append(stretch.values(index))
    return found
