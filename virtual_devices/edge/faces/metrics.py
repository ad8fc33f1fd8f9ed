"""Prometheus metrics, derived from the faces of the devices: nothing is written per device; and beside them the outages' calendar.

One family per reading, ``virtual_devices_<reading>_<base unit>``, with ``_total`` behind what only grows; settings that
are numbers as ``virtual_devices_setting_<setting>_<base unit>``. Labels: home, device, kind. ``virtual_devices_device_info`` says of each that it
is simulated, for dashboards and historians that see real devices too.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, make_wsgi_app, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from virtual_devices.edge.faces import outage_calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.changes import Reading, SettingField, readings_of, settings_of
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.quantities import ENERGY, JOULES, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from wsgiref.simple_server import WSGIServer
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "virtual_devices"
LABELS = ("home", "device", "kind")


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family: how a value of the state becomes a sample. key: in the state.  factor: into the base unit."""

    name: str
    help: str
    key: str
    factor: float = 1.0
    grows: bool = False
    instant: bool = False
    states: tuple[str, ...] = ()


def families_of(kind: str) -> tuple[Family, ...]:
    """The families that a kind of device fills."""
    device_class = load(kind)
    readings = readings_of(device_class)
    exact = {reading.name for reading in readings if reading.quantity == JOULES}
    found = [family for reading in readings if (family := _reading(reading, exact)) is not None]
    found += [_setting(item) for item in settings_of(device_class) if item.type in ("number", "integer")]
    return tuple(found)


class Metrics(Collector):
    """The newest values of a home's devices, for Prometheus to scrape. Safe to use from several threads.

    registry: its own, never the global one.  At most 200 devices are kept.
    """

    def __init__(self, registry: CollectorRegistry, home: str) -> None:
        self.registry = registry
        self.home = home
        self._lock = threading.Lock()
        self._values: dict[str, tuple[str, dict[str, Any]]] = {}
        registry.register(self)

    def update(self, device: str, kind: str, values: Mapping[str, Any]) -> None:
        """Keep the newest state of a device: settings and readings by name, in the units of its face."""
        with self._lock:
            if device in self._values or len(self._values) < MAX_DEVICES:
                self._values[device] = (kind, dict(values))

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """Every family with a sample for each device that has it."""
        with self._lock:
            newest = sorted(self._values.items())
        families: dict[str, tuple[Family, CounterMetricFamily | GaugeMetricFamily]] = {}
        yield _info(self.home, newest)
        for device, (kind, values) in newest:
            labels = (self.home, device, kind)
            for family in families_of(kind):
                value = values.get(family.key)
                if value is None:
                    continue
                known = families.setdefault(family.name, (family, _empty(family)))
                if (known[0].grows, known[0].states) == (family.grows, family.states):
                    with suppress(ValueError, TypeError, OverflowError):  # a state from the bus may say anything
                        _sample(known[1], family, labels, value)
        for _, metric in families.values():
            yield metric

    def describe(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        """Nothing ahead of time: families come and go with the devices."""
        return []

    def serve(self, port: int, host: str = "127.0.0.1") -> WSGIServer:
        """Serve ``/metrics`` and ``/outages.ics`` from a thread of its own until ``shutdown()`` of what is returned. port: 0 for any free one."""
        try:
            server, _ = start_http_server(port, addr=host, registry=self.registry)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(f"metrics cannot be served on {host}:{port} ({error}); choose another port") from None
        server.set_app(self._beside_a_calendar(make_wsgi_app(self.registry)))
        return server

    def _beside_a_calendar(self, metrics: WSGIApplication) -> WSGIApplication:
        """Whatever is asked for but the calendar is answered by ``metrics``."""
        def answer(asked: WSGIEnvironment, begin: StartResponse) -> Iterable[bytes]:
            if asked.get("PATH_INFO") != outage_calendar.PATH or asked.get("REQUEST_METHOD") not in ("GET", "HEAD"):
                return metrics(asked, begin)
            content = outage_calendar.calendar_of(self.home, self._outages(), datetime.now(UTC))
            begin("200 OK", [("Content-Type", outage_calendar.CONTENT_TYPE), ("Content-Length", str(len(content)))])
            return [content if asked["REQUEST_METHOD"] == "GET" else b""]

        return answer

    def _outages(self) -> list[Any]:
        """Of the grid; a home has one."""
        with self._lock:
            grids = [values for kind, values in self._values.values() if load(kind).ability == "connects"]
        return [outage for values in grids for outage in values.get(outage_calendar.FORECAST) or []]


def _reading(reading: Reading, exact: set[str]) -> Family | None:
    if reading.type in ("text", "list") or (reading.name in exact and reading.name.endswith("_joules")):
        return None  # joules stand behind an energy total, and are what that total shows here
    if reading.type == "instant":
        return Family(f"{PREFIX}_{reading.name}_timestamp_seconds", reading.title, reading.name, instant=True)
    if reading.type == "choice":
        return Family(f"{PREFIX}_{reading.name}", reading.title, reading.name, states=reading.choices)
    if reading.type == "flag":
        return Family(f"{PREFIX}_{reading.name}", f"{reading.title} (1: yes)", reading.name)
    grows = reading.quantity in (ENERGY, JOULES) and not (reading.day or reading.month)
    key, factor = reading.name, _factor(reading.quantity)
    if f"{key}_joules" in exact:
        key, factor = f"{key}_joules", 1.0
    return Family(_name(reading.name, reading.quantity), _help(reading.title, reading.quantity), key, factor, grows)


def _setting(item: SettingField) -> Family:
    name = _name(f"setting_{item.name}", item.quantity)
    return Family(name, _help(f"Setting: {item.title}", item.quantity), item.name, _factor(item.quantity))


def _factor(quantity: Quantity | None) -> float:
    return quantity.metric_factor if quantity else 1.0


def _name(name: str, quantity: Quantity | None) -> str:
    suffix = quantity.metric if quantity else ""
    return f"{PREFIX}_{name}" if not suffix or name.endswith(f"_{suffix}") else f"{PREFIX}_{name}_{suffix}"


def _help(title: str, quantity: Quantity | None) -> str:
    unit = quantity.metric.replace("_", " ") if quantity else ""
    return f"{title}, {unit}" if unit else title


def _info(home: str, newest: list[tuple[str, tuple[str, dict[str, Any]]]]) -> GaugeMetricFamily:
    info = GaugeMetricFamily(f"{PREFIX}_device_info", "What a device is (always 1)", labels=(*LABELS, "simulated"))
    for device, (kind, _) in newest:
        info.add_metric((home, device, kind, "true"), 1.0)
    return info


def _empty(family: Family) -> CounterMetricFamily | GaugeMetricFamily:
    if family.grows:
        return CounterMetricFamily(family.name, family.help, labels=LABELS)
    return GaugeMetricFamily(family.name, family.help, labels=(*LABELS, "state") if family.states else LABELS)


def _sample(
    metric: CounterMetricFamily | GaugeMetricFamily, family: Family, labels: tuple[str, ...], value: Any
) -> None:
    if family.states:
        for state in family.states:
            metric.add_metric((*labels, state), float(value == state))
    elif family.instant:
        metric.add_metric(labels, datetime.fromisoformat(value).timestamp())
    elif isinstance(value, (int, float)):
        metric.add_metric(labels, value * family.factor)
