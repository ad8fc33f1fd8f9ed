"""How a home is, as metric families: whether devices are online and late, what they refused, and what an audit has found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from virtual_devices.edge.metrics.families import LABELS, PREFIX
from virtual_devices.edge.metrics.vitals import Vital
from virtual_devices.kit.home.catalogue import load

AUDIT = f"{PREFIX}_audit_problems"


def of_vitals(home: str, watched: Mapping[str, tuple[str, Vital]]) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
    """Of each device; one that keeps records takes part in no window. watched: as ``Vitals.now`` gives it."""
    online = GaugeMetricFamily(f"{PREFIX}_online", "Online (1: yes)", labels=LABELS)
    wanted = GaugeMetricFamily(f"{PREFIX}_wanted", "It is to run (1: yes); else it was switched off", labels=LABELS)
    late = GaugeMetricFamily(f"{PREFIX}_late_windows", "Windows settled since the last one that it took part in", labels=LABELS)
    windows = CounterMetricFamily(f"{PREFIX}_settled_windows", "Windows settled with it", labels=LABELS)
    left_out = CounterMetricFamily(f"{PREFIX}_left_out_windows", "Windows settled without it, though it was waited for", labels=LABELS)
    refused = CounterMetricFamily(f"{PREFIX}_refused_commands", "Commands that it refused", labels=LABELS)
    for name, (kind, vital) in sorted(watched.items()):
        labels = (home, name, kind)
        online.add_metric(labels, float(vital.online))
        wanted.add_metric(labels, float(vital.wanted))
        refused.add_metric(labels, vital.refused)
        if load(kind).ability != "keeps":
            late.add_metric(labels, vital.late)
            windows.add_metric(labels, vital.windows)
            left_out.add_metric(labels, vital.left_out)
    if watched:
        yield from (online, wanted, late, windows, left_out, refused)


def of_audit(home: str, problems: int) -> GaugeMetricFamily:
    """How many problems an audit of the home's ledger has found."""
    audit = GaugeMetricFamily(AUDIT, "Problems that the audit of the ledger has found", labels=("home",))
    audit.add_metric((home,), problems)
    return audit
