"""The two ways in which a shipped broker knows who may what, each with the same home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mosquitto.serving import MOSQUITTO, OPENSSL, PLUGIN, Site, certificates, serve
from tests.stage import small_home
from virtual_devices.fleet.credentials.make import make


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With dynamic security, as it is when nobody has been admitted or dismissed yet."""
    if not (OPENSSL and MOSQUITTO and PLUGIN):
        pytest.skip("mosquitto with its dynamic security and openssl are not installed")
    yield from _site(tmp_path_factory.mktemp("dynamic"), dynamic=True)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With the access list."""
    if not (OPENSSL and MOSQUITTO):
        pytest.skip("mosquitto and openssl are not installed")
    yield from _site(tmp_path_factory.mktemp("static"), dynamic=False)


def _site(folder: Path, *, dynamic: bool) -> Iterator[Site]:
    home = small_home(name="guarded")
    make(home, folder, dynamic=dynamic)
    certificates(folder, "guarded.oven")
    process, ports = serve(folder, file="mosquitto-dynamic.conf" if dynamic else "mosquitto.conf")
    try:
        yield Site(home, folder, ports)
    finally:
        process.terminate()
        process.wait(10)
