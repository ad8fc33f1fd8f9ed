"""The images and a network for tests in containers; where podman is missing they are skipped, and with VIRTUAL_DEVICES_REQUIRE_ALL they fail."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.containers.engine import clear, lacking, podman
from tests.containers.making import Images, make_images


@pytest.fixture(scope="session")
def images() -> Images:
    """All images of this checkout."""
    if missing := lacking():
        pytest.skip(f"containers need podman: {missing}")
    return make_images()


@pytest.fixture
def network(images: Images) -> Iterator[str]:
    """A network of containers that know each other by name. What still runs on it at the end is ended."""
    name = f"vd{secrets.token_hex(4)}"
    podman("network", "create", "--label", "virtual-devices=test", name)
    try:
        yield name
    finally:
        clear(name)
