"""compose.yaml, made of a home:  python k8s/compose.py [examples/cape_town.yaml] [--monitoring]  prints it; make compose writes that of the example.

--monitoring: with Prometheus and Grafana. Every device then serves its metrics, which takes memory in each container: who wants none does without.
"""

from __future__ import annotations

import sys
from pathlib import Path

from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.compose import compose_text
from virtual_devices.kit.errors import VirtualDevicesError

EXAMPLE = "examples/cape_town.yaml"
MONITORING = "--monitoring"


def text_of(source: str = EXAMPLE, *, monitoring: bool = False) -> str:
    """The file for a home file, which is named as seen from the folder of the compose file."""
    home, documents = read_home(Path(source))
    return compose_text(home, documents, source, monitoring=monitoring)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != MONITORING]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        sys.exit(f"error: {' '.join(words)!r} is not understood; write a home file, and {MONITORING} for Prometheus and Grafana")
    try:
        sys.stdout.write(text_of(*words, monitoring=MONITORING in sys.argv[1:]))
    except VirtualDevicesError as error:
        sys.exit(f"error: {error}")
