"""Fixtures of many tests, and what VIRTUAL_DEVICES_REQUIRE_ALL asks for.

With it set nothing may be missing: neither a broker nor a peer, and a skip is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from typing import TypeVar

import pytest

from tests import laws
from tests.stage import Stage
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.loop import Loop

REQUIRE_ALL = bool(os.environ.get("VIRTUAL_DEVICES_REQUIRE_ALL"))
PROGRAMS = ("mosquitto", "tmux")
PACKAGES = ("iotcore", "numba", "pvlib", "PySAM", "rich")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), port=0) as made:
        yield made


@pytest.fixture
def loop() -> Iterator[Loop]:
    with Loop() as made:
        yield made


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    """A small home whose devices are all there, and whose time stands still."""
    with Stage(broker.endpoint) as made:
        made.start()
        yield made


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun with & in a script: what the tests start would not hear Ctrl-C
        signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.pop("COLUMNS", None)  # what a test prints goes to no terminal; xdist says 80
    laws.load_profile()
    if not REQUIRE_ALL:
        return
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    missing += [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise pytest.UsageError(f"VIRTUAL_DEVICES_REQUIRE_ALL is set, but there is no {', '.join(missing)}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("law")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _not_skipped((yield))


def _not_skipped(report: Report) -> Report:
    if REQUIRE_ALL and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"not run, though everything is required: {reason}"
    return report
