"""A real mosquitto with the configuration that is shipped, on ports of its own, bound to loopback."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.edge.broker.program import dynamic_plugin
from virtual_devices.edge.broker.settings import DYNAMIC_PLUGIN
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.home.model import Home

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "mosquitto"
OPENSSL, MOSQUITTO = shutil.which("openssl"), find_mosquitto()
PLUGIN = dynamic_plugin(MOSQUITTO) if MOSQUITTO else None


@dataclass(frozen=True)
class Site:
    """A running mosquitto with the shipped configuration. ports: by the shipped ones."""

    home: Home
    secret: Path
    ports: dict[int, int]

    def who(self, identity: str, *, tls: bool = False) -> Endpoint:
        password = (self.secret / f"{identity}.password").read_text().strip()
        endpoint = Endpoint("localhost", self.ports[8883], tls=True, cafile=str(self.secret / "ca.crt")) if tls else self.open
        return dataclasses.replace(endpoint, username=identity, password=password)

    @property
    def open(self) -> Endpoint:
        return Endpoint("127.0.0.1", self.ports[1883])

    def single(self, identity: str) -> Endpoint:
        """Where a container comes in that is one device."""
        return dataclasses.replace(self.who(identity), port=self.ports[1884])


def certificates(folder: Path, client: str) -> None:
    """An authority; a server of it, a client of it, and what another authority vouches for."""
    for authority in ("ca", "other"):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={authority}",
            "-keyout", folder / f"{authority}.key", "-out", folder / f"{authority}.crt")  # fmt: skip
    for name, subject, authority in (("server", "localhost", "ca"), ("client", client, "ca"), ("stranger", client, "other")):
        run("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={subject}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr")  # fmt: skip
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")
        run("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{authority}.crt", "-days", "2", "-CAcreateserial",
            "-CAkey", folder / f"{authority}.key", "-extfile", folder / "names", "-out", folder / f"{name}.crt")  # fmt: skip


def run(*words: object) -> None:
    assert OPENSSL
    subprocess.run([OPENSSL, *map(str, words)], check=True, capture_output=True)


def serve(folder: Path, more: str = "", file: str = "mosquitto.conf") -> tuple[subprocess.Popen[bytes], dict[int, int]]:
    """The shipped configuration with this machine's places in it."""
    assert MOSQUITTO
    shipped = (SHIPPED / file).read_text()
    ports = free_ports([int(port) for port in re.findall(r"^listener (\d+)", shipped, re.MULTILINE)])
    text = re.sub(r"^listener (\d+).*$", lambda found: f"listener {ports[int(found[1])]} 127.0.0.1", shipped, flags=re.MULTILINE) + more
    text = text.replace("/mosquitto/data/", f"{folder}/").replace("/mosquitto/secret/", f"{folder}/")
    text = text.replace("/mosquitto/config/", f"{SHIPPED}/").replace(f"/usr/lib/{DYNAMIC_PLUGIN}", str(PLUGIN))
    (folder / "mosquitto.conf").write_text(f"{text}\nuser root\n" if os.geteuid() == 0 else text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
    until_it_answers(process, [*ports.values()], folder / "log")
    return process, ports


def free_ports(shipped: list[int]) -> dict[int, int]:
    """One for each that is shipped; held all at once, so that no two are the same."""
    with ExitStack() as held:
        return {port: int(held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]) for port in shipped}


def until_it_answers(process: subprocess.Popen[bytes], ports: list[int], log: Path) -> None:
    deadline = time.monotonic() + 10
    while not all(answers(port) for port in ports):
        assert time.monotonic() < deadline, log.read_text()
        assert process.poll() is None, log.read_text()
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def refusal(loop: Loop, endpoint: Endpoint) -> str:
    """Why somebody is not let in; empty when he is."""
    refused: list[str] = []
    client = Client(loop, endpoint, "visitor", on_message=lambda *_: None, on_refused=refused.append)
    client.connect()
    loop.run(until=lambda: client.connected or bool(refused) or client.last_error is not None, timeout=10)
    reason = "" if client.connected else (refused or [client.last_error or "silence"])[0]
    loop.complete(client.leave())
    return reason
