"""What containers ask for, and may take at most.

Measured with `python -m benchmarks.fleet` and from /proc, examples/cape_town.yaml with a process for each device, Python 3.13, ten
windows a second: resident memory of a load, a battery, the grid, the clock 40 to 42 MB, of the inverter 44 MB, of the weather 54 MB, of
the sun and the arrays 146 to 150 MB, of mosquitto 8 MB; of the fleet, which knows all kinds, with the Kubernetes client and 150 devices 304 MB. A device takes 0.3 to 1.5 s of a
processor to start and less than a hundredth of one later. Requests are what was measured and some more; limits leave room for long
windows, large files and a year's record.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """cpu: thousandths of a processor.  memory, most: MiB asked for, and at most."""

    cpu: int
    memory: int
    most: int

    def resources(self, *, guarded: bool) -> dict[str, dict[str, str]]:
        """As a container says it. No limit of the processor: devices start together, and would only start slower."""
        found = {"requests": {"cpu": f"{self.cpu}m", "memory": f"{self.memory}Mi"}}
        return {**found, "limits": {"memory": f"{self.most}Mi"}} if guarded else found


DEVICE = Size(10, 52, 128)
SKY = Size(10, 190, 512)
SETTLER = Size(20, 64, 256)
BROKER = Size(20, 24, 256)
FLEET = Size(10, 320, 512)
HOME = Size(100, 256, 1024)
"""A whole home in one pod."""

STORAGE = "1Gi"
"""Of the broker, and of a record: a year's record of fifteen devices takes 60 MB."""
