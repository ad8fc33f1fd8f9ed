"""Small homes for hand calculation: rated 5 kW at 96 %, so that 5 kW AC take 5208.333 W DC, and 40 W idle."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from inverter.efficiency import dc_for_ac, table
from inverter.hybrid import Hybrid, HybridSettings, HybridState, HybridTelemetry
from virtual_devices.kit.offers import Demand, Link, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.store import StoreRule
from virtual_devices.kit.window import Span

INVERTER = Hybrid(Context("inverter", Site(-33.9, 18.4, 0, "Africa/Johannesburg")))
START = 1_782_016_200
KWH = 3_600_000_000
KW = 1_000_000
WATT = 1_000
FULL_DC = 5_208_333  # 5 kW / 0.96
IDLE = 40 * WATT
PLAIN = {"zero_export_power": 0, "solar_export_draw": 0, "reconnect_delay": 0}
"""Settings without what would add to every number."""
ON, OFF = Link(1, connected=True), Link(1, connected=False)


def battery(
    capacity: float = 10, charge: float = 5, discharge: float = 5, voltage: tuple[tuple[int, int], ...] = ()
) -> StoreRule:
    """Without losses, so that its joules are those at its terminals. In kWh and kW; voltage: (mJ, mV)."""
    return StoreRule(round(capacity * KWH), round(charge * KW), round(discharge * KW), voltage=voltage)


@dataclass
class House:
    """Lives through ``len(links)`` steps, in windows of at most ``longest``. loads: name → (circuit, priority, mW per step or one for all).

    plain: settings below ``settings``.  step: s.  start: UTC seconds.  reports: what the inverter tells after each window, at its end.
    """

    links: list[Link]
    loads: dict[str, tuple[str, int, int | list[int]]] = field(default_factory=dict)
    pv: int | list[int] = 0
    rules: dict[str, StoreRule] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=lambda: PLAIN)
    state: HybridState = field(default_factory=HybridState)
    step: int = 60
    start: int = START
    longest: int = 100_000
    inverter: Hybrid = INVERTER

    def __post_init__(self) -> None:
        self.flows: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.served: dict[str, list[bool]] = {name: [] for name in self.loads}
        self.reports: list[HybridTelemetry] = []
        settings, steps = HybridSettings(**{**self.plain, **self.settings}), len(self.links)
        supplied, index = dict.fromkeys(self.loads, True), 0
        while index < steps:
            most = min(steps - index, self.longest)
            offers: dict[str, Offer] = {"grid": LinkOffer(self.links[index : index + most])}
            offers["roof"] = Supply("sun", self.column(self.pv)[index : index + most])
            for name, (circuit, priority, power) in self.loads.items():
                offers[name] = Demand(circuit, priority, supplied[name], self.column(power)[index : index + most])
            for name, rule in self.rules.items():
                offers[name] = StoreOffer(rule, self.stored[name])
            span = Span(self.start + self.step * index, self.step, most)
            decision, self.state = self.inverter.dispatch(settings, self.state, span, offers)
            for kind in ("used", "charge", "discharge", "imported", "exported"):
                for name, column in getattr(decision, kind).items():
                    self.flows[kind, name] += column
            for edge, column in decision.transfers.items():
                self.flows[edge] += column
            for name, runs in decision.supply.items():
                self.served[name] += [on for count, on in runs for _ in range(count)]
                supplied[name] = runs[-1][1]
            self.stored |= decision.stored
            index += decision.steps
            self.reports.append(self.inverter.report(settings, self.state, self.start + self.step * index))

    def column(self, power: int | list[int]) -> list[int]:
        return power if isinstance(power, list) else [power] * len(self.links)

    def at(self, index: int) -> dict[tuple[str, str], int]:
        """What flowed in a step."""
        return {key: column[index] for key, column in self.flows.items() if column[index]}

    def of(self, source: str, sink: str) -> list[int]:
        """A flow in each step."""
        return self.flows[source, sink]


def essential(power: int | list[int], priority: int = 5) -> tuple[str, int, int | list[int]]:
    return "essential", priority, power


def other(power: int | list[int], priority: int = 5) -> tuple[str, int, int | list[int]]:
    return "non_essential", priority, power


def aux(power: int | list[int], priority: int = 5) -> tuple[str, int, int | list[int]]:
    return "aux", priority, power


def dc(ac: int) -> int:
    return dc_for_ac(table(5 * KW, 0.96), 5 * KW, ac)
