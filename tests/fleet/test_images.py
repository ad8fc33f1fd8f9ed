"""What is locked for the images, and which kinds run in which: held against pyproject.toml and what is installed here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from k8s.lock import list_of, name_of, requirements
from tests.absent import program
from virtual_devices.fleet.images import target_of
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.home import catalogue

ROOT = Path(__file__).parents[2]
LISTS = sorted(requirements())
OWN = {"virtual-devices"}


def locked(name: str) -> dict[str, list[Requirement]]:
    """Distribution → how it is pinned; several times where it depends on Python's version."""
    found: dict[str, list[Requirement]] = {}
    for line in list_of(name).read_text().splitlines():
        if re.match(r"[a-z0-9]", line):
            pinned = Requirement(line.removesuffix("\\").strip())
            found.setdefault(str(canonicalize_name(pinned.name)), []).append(pinned)
    return found


@pytest.mark.parametrize("name", LISTS)
def test_a_list_satisfies_what_pyproject_asks_for(name: str) -> None:
    pins = locked(name)
    for text in requirements()[name]:
        wanted = Requirement(text)
        for pin in pins[str(canonicalize_name(wanted.name))]:
            (only,) = pin.specifier
            assert only.operator == "=="
            assert wanted.specifier.contains(only.version), f"{pin} is not {wanted}; make lock"


@pytest.mark.parametrize("name", LISTS)
def test_every_line_of_a_list_has_hashes_and_no_address(name: str) -> None:
    text = list_of(name).read_text()
    assert not re.search(r"https?:|//|--(index|extra|find|trusted)|@", text)
    for pinned in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert re.search(r"\n    --hash=sha256:[0-9a-f]{64}", pinned), pinned
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}


def test_the_device_leaves_out_what_is_heavy_and_the_sky_has_all_of_the_devices() -> None:
    device, sky = locked("device"), locked("sky")
    assert not {"numpy", "pandas", "scipy", "pvlib", "rich", "kubernetes", "h5py", "requests"} & device.keys()
    assert {name: pins for name, pins in sky.items() if name in device} == device, "of one version in both"
    assert {name_of(text) for text in requirements()["sky"]} - {name_of(text) for text in requirements()["device"]} == (
        {"h5py", "numpy", "pandas", "pvlib", "rich", "kubernetes"}
    )


LOADED = """
import json
from virtual_devices.cli import run
from virtual_devices.fleet import single
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.home import catalogue
found = {}
for kind in catalogue.kinds():
    try:
        catalogue.load(kind)
        found[kind] = ""
    except CatalogueError as error:
        found[kind] = str(error)
print(json.dumps(found))
"""


def loaded(name: str) -> dict[str, str]:
    """What becomes of loading each kind where nothing is installed but the distributions of a list; empty: it is loaded."""
    allowed = locked(name).keys() | OWN
    hidden = {
        module for module, distributions in packages_distributions().items()
        if not {str(canonicalize_name(each)) for each in distributions} & allowed and not module.startswith("__editable__")
    }  # fmt: skip
    hidden -= {"virtual_devices", "inverter", "tests", "benchmarks", "k8s", "pip", "_virtualenv"}
    done = subprocess.run(
        [sys.executable, "-c", program(tuple(sorted(hidden)), LOADED)], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_kind_runs_in_the_image_that_it_is_given_and_no_smaller_one() -> None:
    in_device, in_sky = loaded("device"), loaded("sky")
    assert {kind: target_of(kind) for kind in catalogue.kinds()} == {kind: "sky" if said else "device" for kind, said in in_device.items()}
    assert not any(in_sky.values())
    assert {kind for kind, said in in_device.items() if said} - {"fleet"} == {"sun", "weather", "pv_array"}, "a new one is no mistake, but a big image"


def test_a_kind_is_not_imported_to_see_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "away"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_more.py").write_text("def late():\n    import kubernetes\n\ntry:\n    import pandas.core\nexcept ImportError:\n    pass\nraise SystemExit\n")
    (package / "light.py").write_text("import json\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\nraise SystemExit\n")
    (package / "heavy.py").write_text("from away import _more\nraise SystemExit\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(catalogue, "kinds", lambda: {"light": "away.light", "heavy": "away.heavy"})
    target_of.cache_clear()
    assert (target_of("light"), target_of("heavy")) == ("device", "sky")
    with pytest.raises(CatalogueError, match="there is no kind 'haevy'; did you mean 'heavy'"):
        target_of("haevy")
    target_of.cache_clear()
