"""A real Node-RED without its editor, started from a folder in which npm has installed it, and spoken to by its admin API.

It listens on loopback only, keeps everything in a folder of its own, and ends with the test.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.machine import free_port

FLOWS = Path(__file__).parents[2] / "examples" / "node-red"
BOOT = 60.0
SETTINGS = """\
module.exports = {
    uiHost: "127.0.0.1", disableEditor: true, credentialSecret: false, flowFile: "flows.json",
    telemetry: { enabled: false, updateNotification: false },
    logging: { console: { level: "info", metrics: false, audit: false } },
    externalModules: { palette: { allowInstall: false }, modules: { allowInstall: false } }
}
"""

Node = dict[str, Any]


def flow(name: str) -> list[Node]:
    """A flow file of the examples, as it stands there."""
    nodes: list[Node] = json.loads((FLOWS / f"{name}.json").read_text(encoding="utf-8"))
    return nodes


def adapted(nodes: list[Node], port: int, **variables: str) -> list[Node]:
    """A flow as its owner would change it: the broker's port, and variables of the tab."""
    found: list[Node] = json.loads(json.dumps(nodes))
    for node in found:
        if node["type"] == "mqtt-broker":
            node["port"] = str(port)
        if node["type"] == "tab":
            for variable in node["env"]:
                variable["value"] = variables.get(variable["name"], variable["value"])
    return found


@dataclass
class NodeRed:
    """One that runs."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def ask(self, path: str, body: object = None, **headers: str) -> Any:
        """Ask its admin API; with a body it is a POST. What it answers, None for nothing."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json", "Node-RED-API-Version": "v1", **headers},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            text = answer.read()
        return json.loads(text) if text.startswith((b"{", b"[")) else None

    def deploy(self, nodes: list[Node]) -> None:
        """Run these flows, and no others, as the editor's *Deploy* does; wait until their nodes hear the broker."""
        heard = self.said.count("Connected to broker")
        self.ask("flows", nodes, **{"Node-RED-Deployment-Type": "full"})
        deadline = time.monotonic() + BOOT
        while self.said.count("Connected to broker") <= heard:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    @property
    def said(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def complaints(self) -> list[str]:
        """Lines of its log that nobody wants to see, since it has started."""
        begun = self.said.partition("Started flows")[2]
        return [line for line in begun.splitlines() if "[error]" in line or "[warn]" in line or "Waiting for missing" in line]

    def answers(self) -> bool:
        try:
            self.ask("settings")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True


@contextmanager
def running(installed: Path, folder: Path) -> Iterator[NodeRed]:
    """A Node-RED of the folder in which npm has put it, for as long as the block lasts. folder: of its own."""
    port, log = free_port(), folder / "node-red.log"
    (folder / "settings.js").write_text(SETTINGS, encoding="utf-8")
    words = ["node", str(installed / "node_modules" / "node-red" / "red.js"), "--userDir", str(folder), "--settings", str(folder / "settings.js"), "--port", str(port)]
    with log.open("wb") as lines:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=lines, stderr=lines, start_new_session=True)
    made = NodeRed(port, log, process)
    try:
        deadline = time.monotonic() + BOOT
        while not (made.answers() and "Started flows" in made.said):
            assert process.poll() is None, made.said
            assert time.monotonic() < deadline, made.said
            time.sleep(0.1)
        yield made
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
