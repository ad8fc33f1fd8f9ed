"""Recording rules: what counters come to per *simulated* second.

Prometheus counts by the clock on the wall. In a home that lives 60 times as fast ``rate()`` of an energy counter is 60 times too high, so
each of them is divided by how fast its home's time runs just then. A counter that is younger than the span has no power yet: ``rate()``
divides by the whole span, in which that counter was not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from virtual_devices.edge.metrics.families import PREFIX, Family, families_of
from virtual_devices.kit.home.catalogue import kinds

TIME = f"{PREFIX}_time_timestamp_seconds"
"""Simulated time, of a home's clock."""
WINDOWS = f"{PREFIX}_windows"
"""Windows of its run, which begin again with another."""
SPEED = f"home:{TIME}:deriv"
"""Simulated seconds per second, by home."""
PASSED = f"home:{TIME}:rate"
"""The same from the first scrape to the last, by which ``rate()`` goes too: what energies are divided by, so that both have the same ends."""
SPAN = "1m"
"""Of the wall, over which a mean is taken: four scrapes at least."""

_HEAD = """\
# Recording rules of virtual-devices, made of its catalogue of kinds: virtual-devices monitoring DIR
# {speed}: simulated seconds per second, by home; {passed}: from the first scrape to the last.
# device:…:rate_simulated: mean power, W, per simulated second; none while a home stands still.
"""


def power_rule(family: Family) -> str:
    """What the mean power behind an energy counter is recorded as."""
    return f"device:{family.name}:rate_simulated"


def energy_counters() -> list[Family]:
    """Every counter of joules that a kind of the catalogue fills, by name."""
    found = {family.name: family for kind in kinds() for family in families_of(kind) if family.grows and family.unit == "joules"}
    return [found[name] for name in sorted(found)]


def rules_text(span: str = SPAN) -> str:
    """``rules.yaml``. span: over which a mean is taken, as Prometheus writes it; four scrapes at least."""
    return _HEAD.format(speed=SPEED, passed=PASSED) + yaml_text({"groups": [{"name": "virtual-devices", "rules": [*_rules(span)]}]})


def _rules(span: str) -> Iterator[Mapping[str, str]]:
    yield {"record": SPEED, "expr": f"max by (home) (deriv({TIME}[{span}]))"}
    anew = [f"max by (home) (resets({counted}[{span}])) > 0" for counted in (TIME, WINDOWS)]  # another run, which begins earlier or later
    yield {"record": PASSED, "expr": f"max by (home) (rate({TIME}[{span}])) and {SPEED} > 0 unless {' unless '.join(anew)}"}
    for family in energy_counters():
        yield {"record": power_rule(family), "expr": f"(rate({family.series}[{span}]) and {family.series} offset {span}) / on (home) group_left () {PASSED}"}


def yaml_text(content: Mapping[str, Any]) -> str:
    """The same each time, in the order in which it is given."""
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=1000)
