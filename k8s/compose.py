"""compose.yaml, made of a home:  python k8s/compose.py [examples/cape_town.yaml]  prints it; make compose writes that of the example."""

from __future__ import annotations

import sys
from pathlib import Path

from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.compose import compose_text

EXAMPLE = "examples/cape_town.yaml"


def text_of(source: str = EXAMPLE) -> str:
    """The file for a home file, which is named as seen from the folder of the compose file."""
    home, documents = read_home(Path(source))
    return compose_text(home, documents, source)


if __name__ == "__main__":
    sys.stdout.write(text_of(*sys.argv[1:2]))
