"""A home of which every device is a container, with its broker in one, as docs/containers.md runs it by hand."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.containers.engine import address_of, keep_reachable, podman
from tests.containers.making import Images
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.make import make
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.described import written
from virtual_devices.fleet.images import target_of
from virtual_devices.kit.home.model import Home

USER = 10001
"""Of the images, and of the files that they are given."""
BROKER_USER = 1883
PROBE = "find /run/virtual-devices/healthy -newermt '-30 sec' | grep -q ."
MOSQUITTO = Path(__file__).parents[2] / "mosquitto"


class ContainerHome:
    """A home on a network of podman's. secret: what `virtual-devices credentials` makes."""

    def __init__(self, images: Images, network: str, home: Home, folder: Path) -> None:
        self.images, self.network, self.home, self.folder = images, network, home, folder
        self.secret = folder / "secret"
        make(home, self.secret, (2, 0))
        self.described = descriptions(home, {})
        self.broker = f"{network}-mosquitto"

    def container(self, name: str) -> str:
        return f"{self.network}-{name}"

    # -- the broker ---------------------------------------------------------------------------------------------------

    def start_broker(self) -> Endpoint:
        """Start it with the shipped configuration; where its host's identity comes in."""
        files = self.folder / "broker"
        shutil.copytree(self.secret, files)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mosquitto",
             "-keyout", files / "server.key", "-out", files / "server.crt"], check=True, capture_output=True,
        )  # fmt: skip
        config = self.folder / "config"
        config.mkdir()
        for file in ("mosquitto.conf", "probe.acl"):
            shutil.copy(MOSQUITTO / file, config / file)
        own(files, BROKER_USER)
        own(config, BROKER_USER)
        podman(
            "run", "--detach", "--name", self.broker, "--network", f"{self.network}:alias=mosquitto", "--read-only",
            "--volume", f"{files}:/mosquitto/secret:ro", "--volume", f"{config}:/mosquitto/config:ro", "--tmpfs", "/mosquitto/data:mode=1777,notmpcopyup", self.images.broker,
        )  # fmt: skip
        keep_reachable(self.network)
        return self.endpoint(self.home.name)

    def endpoint(self, identity: str) -> Endpoint:
        """Where somebody of this machine comes in."""
        password = (self.secret / f"{identity}.password").read_text().strip()
        return dataclasses.replace(Endpoint(address_of(self.broker), 1883), username=identity, password=password)

    # -- devices ------------------------------------------------------------------------------------------------------

    def start(self, name: str, *more: object) -> str:
        """Start a device from its description, with its own password; the container's name. more: words of `run`."""
        files, identity = self.folder / f"device-{name}", f"{self.home.name}.{name}"
        files.mkdir(exist_ok=True)
        (files / "device.json").write_text(written(self.described[name]))
        (files / "secret").mkdir(exist_ok=True)
        shutil.copy(self.secret / f"{identity}.password", files / "secret" / "password")
        own(files, USER)
        podman(
            "run", "--detach", "--name", self.container(name), "--network", self.network, "--read-only", "--read-only-tmpfs=false",
            "--cap-drop", "all", "--security-opt", "no-new-privileges", "--tmpfs", "/run/virtual-devices:mode=1777,size=1m,notmpcopyup",
            "--volume", f"{files}:/etc/virtual-devices:ro", self.images.of(target_of(self.described[name].kind)),
            "run", "--description", "/etc/virtual-devices/device.json", "--broker", f"mqtt://{identity}@mosquitto:1884",
            "--password-file", "/etc/virtual-devices/secret/password", "--health", "/run/virtual-devices/healthy", *more,
        )  # fmt: skip
        return self.container(name)

    def is_healthy(self, name: str) -> bool:
        """What the probe says, in the container."""
        return json.loads(podman("exec", self.container(name), "sh", "-c", f"if {PROBE}; then echo true; else echo false; fi")) is True

    def logs(self, name: str) -> str:
        return podman("logs", self.container(name))


def speak_for(container: str, identity: str, topic: str) -> None:
    """Say a word on a topic from within the container of a device, as the device that it is."""
    text = (
        f"import paho.mqtt.publish as p\np.single('{topic}', b'now', 1, hostname='mosquitto', port=1884, "
        f"auth={{'username': '{identity}', 'password': open('/etc/virtual-devices/secret/password').read().strip()}})"
    )
    podman("exec", container, "python", "-c", text)


def own(folder: Path, user: int) -> None:
    """Give all of a folder to the user of a container, and to nobody else."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, user)
        path.chmod(0o500 if path.is_dir() else 0o400)
