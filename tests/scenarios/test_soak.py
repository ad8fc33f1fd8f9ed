"""A short stretch of what `make soak` does for long."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.soak import soak
from virtual_devices.edge.broker.start import BrokerKind


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="it finds the processes below /proc")
@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_random_kills_of_real_processes_lose_nothing(kind: BrokerKind, tmp_path: Path) -> None:
    report = soak(tmp_path, kills=20, seed=42, seconds=60, kind=kind)
    assert report.problems == []
    assert report.kills.total() >= 5
    assert report.windows > 20
