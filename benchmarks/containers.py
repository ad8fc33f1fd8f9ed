"""What a device costs as a container: the image, seconds until it is at work, and memory.

Each kind is started by `podman run` from the image that it needs, as docs/containers.md says, on a root that is read-only, beside a broker in a
container. It counts as started when its retained availability says online; podman's own time is in it. Memory is read 60 settled steps later,
of the container's first process: resident, and proportional, where pages that containers of one image share are divided among them.

    python -m benchmarks.containers [--repeat 3]        as root, with podman
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.running import cpu, memory
from tests.containers.engine import clear, inspected, lacking, pid_of, podman
from tests.containers.homes import ContainerHome
from tests.containers.making import BASE, Images, make_images
from tests.stage import Stage
from virtual_devices.cli.table import table
from virtual_devices.fleet.images import target_of
from virtual_devices.kit.home.file import parse

HOME = """\
home: bench
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}
devices:
  sun: {}
  weather: {}
  pv_array: {}
  battery: {}
  grid: {}
  inverter: {}
  record: {}
  breaker: {}
  smart_switch: {}
  base_load: {}
  geyser: {}
  lights: {}
  oven: {}
  tv: {}
"""
SIZES = (
    "import json, os, pathlib\nfound = {}\n"
    "for top in pathlib.Path('/opt/virtual-devices/lib').glob('python3*/site-packages/*'):\n"
    "    if not top.name.endswith('.dist-info'):\n"
    "        name = top.name.removesuffix('.libs').lstrip('_')\n"
    "        files = [top, *top.rglob('*')]\n"
    "        found[name] = found.get(name, 0) + sum(file.lstat().st_size for file in files if file.is_file())\n"
    "print(json.dumps(found))"
)
MB = 1e6
SHOWN = 12


def sizes(images: Images) -> None:
    base = inspected(BASE)["Size"]
    rows = [[target, f"{(size := inspected(images.of(target))['Size']) / MB:.0f}", f"{(size - base) / MB:.0f}"] for target in ("device", "sky")]
    print(table(("image", "MB", "beside the base"), [*rows, ["broker (tests)", f"{inspected(images.broker)['Size'] / MB:.0f}", ""]]))
    for target in ("device", "sky"):


        found = json.loads(podman("run", "--rm", "--network", "none", "--entrypoint", "/opt/virtual-devices/bin/python", images.of(target), "-c", SIZES))
        heaviest = sorted(found.items(), key=lambda item: -item[1])[:SHOWN]
        print(f"\n{target}: " + ", ".join(f"{name} {size / MB:.1f}" for name, size in heaviest) + " MB")


def kinds(images: Images, repeat: int) -> None:
    network = f"vd{secrets.token_hex(4)}"
    podman("network", "create", network)
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = ContainerHome(images, network, parse(HOME), Path(folder))
            endpoint = home.start_broker()
            time.sleep(1)
            with Stage(endpoint, home.home) as stage:
                _all_kinds(stage, home, repeat)
    finally:
        clear(network)


def _all_kinds(stage: Stage, home: ContainerHome, repeat: int) -> None:
    started: dict[str, list[tuple[float, float]]] = {}
    for turn in range(repeat):
        for name in home.described:
            if turn:
                podman("kill", "--signal", "SIGTERM", home.container(name))
                stage.wait(lambda name=name: stage.availability(name) == "offline")  # type: ignore[misc] # one for each turn
                podman("rm", "--force", home.container(name))
            begin = time.monotonic()
            home.start(name, *(["--fresh"] if name == "clock" and not turn else []))
            stage.wait(lambda name=name: stage.availability(name) == "online")  # type: ignore[misc] # one for each turn
            started.setdefault(name, []).append((time.monotonic() - begin, cpu(pid_of(home.container(name)))))
    end = stage.begin_steps(60)
    stage.wait(lambda: stage.settled >= end)
    stage.audited()
    rows = []
    for name, turns in started.items():
        pid = pid_of(home.container(name))
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        rows.append([
            name, target_of(home.described[name].kind), f"{int(status['VmRSS'].split()[0]) / 1024:.1f}", f"{memory(pid):.0f}",
            f"{median(wall for wall, _ in turns):.1f}", f"{median(used for _, used in turns):.2f}",
        ])  # fmt: skip
    print(table(("a container of kind", "image", "MB RSS", "MB PSS", "s to start", "CPU s to start"), rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, help="starts of each kind; medians are shown")
    arguments = parser.parse_args()
    if missing := lacking():
        raise SystemExit(f"containers need podman: {missing}")
    images = make_images()
    sizes(images)
    print()
    kinds(images, arguments.repeat)


if __name__ == "__main__":
    main()
