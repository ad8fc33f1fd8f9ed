"""Makes base/ and overlays/ beside this file from an example home: `python k8s/manifests.py`, or `make manifests`."""

from __future__ import annotations

import shutil
from pathlib import Path

from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.kubernetes.objects.kustomize import tree
from virtual_devices.fleet.kubernetes.objects.options import Rendering

HOME = "cape_town"


def main() -> None:
    """Write them anew."""
    folder = Path(__file__).parent
    for part in ("base", "overlays"):
        shutil.rmtree(folder / part, ignore_errors=True)
    for name, text in tree(*read_home(HOME), Rendering()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
