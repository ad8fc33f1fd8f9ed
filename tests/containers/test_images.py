"""The images as they are built: what is in them, whose they run as, and how small they are."""

from __future__ import annotations

import json

import pytest

from tests.containers.engine import inspected, podman
from tests.containers.making import Images
from virtual_devices import __version__
from virtual_devices.fleet.images import NOT_IN_A_DEVICE, target_of
from virtual_devices.kit.home import catalogue

pytestmark = pytest.mark.containers
TARGETS = ("device", "sky", "console")
MB = 1e6
MOST = {"device": 60, "sky": 500, "console": 450}
"""Megabytes that a target may add to its base; docs/containers.md has what it is."""
CONFINED = ("--rm", "--network", "none", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all", "--security-opt", "no-new-privileges")


def python(image: str, text: str) -> str:
    return podman("run", *CONFINED, "--entrypoint", "/opt/virtual-devices/bin/python", image, "-c", text)


@pytest.mark.parametrize("target", TARGETS)
def test_it_runs_confined_as_a_numbered_user(images: Images, target: str) -> None:
    assert podman("run", *CONFINED, images.of(target), "--version") == f"virtual-devices, version {__version__}\n"
    assert inspected(images.of(target))["Config"]["User"] == "10001:10001"
    other = podman("run", *CONFINED, "--user", "4711:4711", "--entrypoint", "id", images.of(target), "-u")
    assert other.strip() == "4711"
    assert podman("run", *CONFINED, "--user", "4711:4711", images.of(target), "kinds", "--json")


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_in_it_builds_or_installs(images: Images, target: str) -> None:
    looked = "for each in pip pip3 gcc cc make git curl wget; do command -v $each; done; find / -xdev -name 'pip' -type d; true"
    assert podman("run", *CONFINED, "--entrypoint", "sh", images.of(target), "-c", looked) == ""
    found = json.loads(python(images.of(target), "import importlib.util as u, json; print(json.dumps([bool(u.find_spec(n)) for n in ('pip', 'setuptools')]))"))
    assert found == [False, False]


def test_each_kind_is_loaded_in_its_image_and_the_device_has_nothing_heavy(images: Images) -> None:
    text = (
        "import json\nfrom importlib.util import find_spec\nfrom virtual_devices.kit.errors import CatalogueError\nfrom virtual_devices.kit.home import catalogue\n"
        "found = []\nfor kind in catalogue.kinds():\n    try:\n        catalogue.load(kind)\n    except CatalogueError:\n        continue\n    found.append(kind)\n"
        f"print(json.dumps([found, [name for name in {sorted(NOT_IN_A_DEVICE)} if find_spec(name)]]))"
    )
    loaded, heavy = json.loads(python(images.device, text))
    assert loaded == [kind for kind in catalogue.kinds() if target_of(kind) == "device"]
    assert heavy == []
    loaded, heavy = json.loads(python(images.sky, text))
    assert loaded == list(catalogue.kinds())
    assert heavy == sorted(NOT_IN_A_DEVICE)


@pytest.mark.parametrize("target", TARGETS)
def test_it_is_no_larger_than_it_was(images: Images, target: str) -> None:
    base = inspected("localhost/virtual-devices-base:trixie")["Size"]
    assert inspected(images.of(target))["Size"] - base < MOST[target] * MB


def test_its_examples_run_in_it(images: Images) -> None:
    done = podman("run", *CONFINED, images.sky, "simulate", "cape_town", "--for", "1h", "--json")
    assert json.loads(done)["steps"] == 60
