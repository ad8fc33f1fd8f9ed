"""The newest values of a home's devices, as a collector of Prometheus' own client."""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from virtual_devices.edge.faces import outage_calendar
from virtual_devices.edge.metrics.families import CURRENCY, LABELS, PREFIX, Family, families_of
from virtual_devices.edge.metrics.wellness import of_audit, of_vitals
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.model import MAX_DEVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import CollectorRegistry

    from virtual_devices.edge.metrics.vitals import Vitals

LONGEST_CURRENCY = 20

MetricFamily = CounterMetricFamily | GaugeMetricFamily
Newest = list[tuple[str, tuple[str, dict[str, Any]]]]
"""By name of the device: its kind, and its state."""


class Metrics(Collector):
    """Samples of all that devices said last. Safe to use from several threads.

    Labels: home, device, kind. ``virtual_devices_device_info`` says of each that it is simulated, for dashboards and historians that see
    real devices too. Of each device that is watched: whether it is online, its windows, and what it refused; what flowed in one when it went offline
    flows no more, and is left out until it is back.
    registry: its own, never the global one.  At most 200 devices are kept.
    """

    def __init__(self, registry: CollectorRegistry, home: str) -> None:
        self.registry = registry
        self.home = home
        self._lock = threading.Lock()
        self._values: dict[str, tuple[str, dict[str, Any]]] = {}
        self._vitals: Vitals | None = None
        self._problems: Callable[[], int] | None = None
        registry.register(self)

    def watch(self, vitals: Vitals, problems: Callable[[], int] | None = None) -> None:
        """Tell how these devices are too, and of no others. problems: how many an audit of the home's ledger has found; None: nobody audits here."""
        self._vitals, self._problems = vitals, problems

    def update(self, device: str, kind: str, values: Mapping[str, Any]) -> None:
        """Keep the newest state of a device: settings and readings by name, in the units of its face."""
        with self._lock:
            if device not in self._values and len(self._values) >= MAX_DEVICES and self._vitals is not None:
                self._values = {name: known for name, known in self._values.items() if name in self._vitals}  # others have left meanwhile
            if device in self._values or len(self._values) < MAX_DEVICES:
                self._values[device] = (kind, dict(values))

    def forget(self) -> None:
        """What devices said no longer holds: their home has ended."""
        with self._lock:
            self._values = {}

    def collect(self) -> Iterator[MetricFamily]:
        """Every family with a sample for each device that has it."""
        newest, watched = self._newest(), self._vitals.now() if self._vitals is not None else {}
        gone = self._vitals.gone() if self._vitals is not None else frozenset[str]()
        families: dict[str, tuple[Family, MetricFamily]] = {}
        usual = _currency_of(newest)
        yield _info(self.home, newest)
        for device, (kind, values) in newest:
            labels, is_clock = (self.home, device, kind), load(kind).ability == "ticks"  # whose time stands still then, which alerts have to see
            for family in families_of(kind):
                value = values.get(family.key)
                if value is None or (device in gone and not family.lasts and not is_clock):
                    continue
                known = families.setdefault(family.name, (family, _empty(family)))
                if known[0].form == family.form:
                    with suppress(ValueError, TypeError, OverflowError):  # a state from the bus may say anything
                        _sample(known[1], family, labels, value, _currency(values) or usual)
        for _, metric in families.values():
            yield metric
        yield from of_vitals(self.home, watched)
        if self._problems is not None:
            yield of_audit(self.home, self._problems())

    def describe(self) -> list[MetricFamily]:
        """Nothing ahead of time: families come and go with the devices."""
        return []

    def outages(self) -> list[Any]:
        """What the grid foretells; a home has one."""
        grids = [values for _, (kind, values) in self._newest() if load(kind).ability == "connects"]
        return [outage for values in grids for outage in values.get(outage_calendar.FORECAST) or []]

    def _newest(self) -> Newest:
        with self._lock:
            newest = sorted(self._values.items())
        return [(name, each) for name, each in newest if name in self._vitals] if self._vitals is not None else newest


def _currency_of(newest: Newest) -> str:
    """The home's: of the first device that names one; empty where none does."""
    return next((found for _, (_, values) in newest if (found := _currency(values))), "")


def _currency(values: Mapping[str, Any]) -> str:
    found = values.get(CURRENCY)
    return found[:LONGEST_CURRENCY] if isinstance(found, str) else ""


def _info(home: str, newest: Newest) -> GaugeMetricFamily:
    info = GaugeMetricFamily(f"{PREFIX}_device_info", "What a device is (always 1)", labels=(*LABELS, "simulated"))
    for device, (kind, _) in newest:
        info.add_metric((home, device, kind, "true"), 1.0)
    return info


def _empty(family: Family) -> MetricFamily:
    return (CounterMetricFamily if family.grows else GaugeMetricFamily)(family.name, family.help, labels=family.labels)


def _sample(metric: MetricFamily, family: Family, labels: tuple[str, ...], value: Any, currency: str) -> None:
    if family.states:
        for state in family.states:
            metric.add_metric((*labels, state), float(value == state))
    elif family.instant:
        metric.add_metric(labels, datetime.fromisoformat(value).timestamp())
    elif isinstance(value, (int, float)) and math.isfinite(number := value * family.factor) and not (family.grows and number < 0):  # else some refuse the page
        metric.add_metric((*labels, currency) if family.money else labels, number)
