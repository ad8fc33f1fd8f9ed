"""podman as the tests use it: a store of its own, and what it needs to run as root in a machine that may itself be a small one.

VIRTUAL_DEVICES_IMAGES names the folder in which base images and layers are kept between runs; without it ~/.cache/virtual-devices-images.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("VIRTUAL_DEVICES_IMAGES") or Path.home() / ".cache" / "virtual-devices-images")
PROGRAMS = ("podman", "runc", "debootstrap", "iptables", "ip")
HELPERS = ("/usr/lib/podman/netavark", "/usr/lib/podman/aardvark-dns", "/usr/bin/fuse-overlayfs", "/usr/bin/conmon")
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
"""
LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")


def lacking() -> str:
    """What is missing here, in words; nothing where containers can be run."""
    if os.geteuid() != 0:
        return "only root runs them so"
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None] + [name for name in HELPERS if not Path(name).exists()]
    return f"there is no {', '.join(missing)}" if missing else ""


class PodmanError(Exception):
    """What podman said on standard error, and of which command."""


def podman(*words: object, timeout: float = 900.0, given: str | None = None) -> str:
    """Standard output of a command. Raises PodmanError with its last words."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    configuration = FOLDER / "containers.conf"
    if not configuration.exists() or configuration.read_text() != CONFIGURATION:
        configuration.write_text(CONFIGURATION)
    command = ["podman", "--root", str(FOLDER / "storage"), "--runroot", "/run/virtual-devices-images", *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout, input=given,
        env={**os.environ, "CONTAINERS_CONF": str(configuration)},
    )  # fmt: skip
    if done.returncode != 0:
        raise PodmanError(f"podman {' '.join(map(str, words))}: {done.stderr.strip()[-3000:]}\n{done.stdout.strip()[-2000:]}")
    return done.stdout


def inspected(name: str) -> dict[str, Any]:
    """What podman knows of a container or an image."""
    found: list[dict[str, Any]] = json.loads(podman("inspect", name))
    return found[0]


def address_of(container: str) -> str:
    """Where a container is on its network, which only this machine reaches."""
    networks = inspected(container)["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def clear(network: str) -> None:
    """End what still runs on a network, and take it away."""
    for container in podman("ps", "--all", "--quiet", "--filter", f"network={network}").split():
        with suppress(PodmanError):  # it has ended just now
            podman("rm", "--force", "--time", "5", container)
    podman("network", "rm", "--force", network)


def keep_reachable(network: str) -> None:
    """Fix the address of a network's bridge, once its first container is there: it would take on that of each newcomer whose is lower, and for
    a minute the containers would answer this machine in vain."""
    bridge = json.loads(podman("network", "inspect", network))[0]["network_interface"]
    address = Path(f"/sys/class/net/{bridge}/address").read_text().strip()
    subprocess.run(["ip", "link", "set", "dev", bridge, "address", address], check=True)


def pid_of(container: str) -> int:
    """Of its first process, as this machine numbers it."""
    return int(inspected(container)["State"]["Pid"])
