"""A node of the tests: binds pods of some namespaces and runs each container's command as a process of this machine.

What a kubelet gives a container is given here: its environment, ConfigMaps, Secrets, empty folders and claims, its probes, new starts, an
end by SIGTERM with grace. Paths of the container become folders of the test, the name of the broker a port of loopback. What it does not
do: images, users, limits, networks.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.fleet.kubernetes.cluster import Cluster, Object, secret_texts
from virtual_devices.fleet.kubernetes.objects.names import BROKER, ours
from virtual_devices.kit.errors import VirtualDevicesError

NODE = "stand-in"
LOOK_EVERY, SAY_EVERY = 0.2, 8.0
PLUGINS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")


@dataclass(slots=True)
class Hosted:
    """A pod on the node."""

    pod: Object
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    ready: bool = False
    began: float = 0.0
    started_at: str = ""
    again_at: float = 0.0
    probe_at: float = 0.0
    told: tuple[Any, ...] = ()
    waits: str = ""
    killed_at: float | None = None
    paths: dict[str, Path] = field(default_factory=dict)


class Node:
    """Works in a thread of its own. kubeconfigs: of ServiceAccounts, by (namespace, name)."""

    def __init__(self, cluster: Cluster, namespaces: Iterable[str], folder: Path, kubeconfigs: dict[tuple[str, str], Path]) -> None:
        self._cluster, self._namespaces, self._folder, self._kubeconfigs = cluster, tuple(namespaces), folder, kubeconfigs
        self._hosted: dict[str, Hosted] = {}
        self._ports: dict[tuple[str, int], int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="node", daemon=True)
        self.failures: list[str] = []
        self._registered, self._say_at = False, 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
        for hosted in self._hosted.values():
            if hosted.process is not None and hosted.process.poll() is None:
                hosted.process.kill()
                hosted.process.wait()

    # -- what tests ask ---------------------------------------------------------------------------------------------------

    def port(self, namespace: str, port: int) -> int:
        """Where a port of a namespace's Service is."""
        key = (namespace, port)
        if key not in self._ports:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self._ports[key] = free.getsockname()[1]
        return self._ports[key]

    def process(self, namespace: str, name: str) -> subprocess.Popen[bytes] | None:
        """The process of an object's pod that is ready; None where there is none at present."""
        found = [hosted for hosted in [*self._hosted.values()] if _place(hosted.pod) == (namespace, name) and hosted.ready and hosted.killed_at is None]
        return found[-1].process if found else None

    def hosted(self) -> list[Hosted]:
        """The pods on it."""
        return [*self._hosted.values()]

    def log(self, namespace: str, name: str) -> str:
        """What an object's pods have said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._folder.glob(f"{namespace}/{name}-*/log")))

    # -- the loop ----------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            try:
                self._look()
            except VirtualDevicesError as error:
                self.failures.append(str(error))

    def _say_ready(self) -> None:
        """A node that is not there, or says nothing, has its pods taken away."""
        if time.monotonic() < self._say_at:
            return
        self._say_at = time.monotonic() + SAY_EVERY
        if not self._registered:
            with suppress(VirtualDevicesError):  # it is there
                self._cluster._ask("POST", "/api/v1/nodes", "be a node", body={"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
            self._registered = True
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        ready = {"type": "Ready", "status": "True", "reason": "StandIn", "lastHeartbeatTime": now, "lastTransitionTime": now}
        patch = {"status": {"conditions": [ready]}}
        self._cluster._ask("PATCH", f"/api/v1/nodes/{NODE}/status", "be ready", body=patch, content="application/merge-patch+json")

    def _look(self) -> None:
        self._say_ready()
        there: dict[str, Object] = {}
        for namespace in self._namespaces:
            there.update({pod["metadata"]["uid"]: pod for pod in self._cluster.find("Pod", namespace, ours())})
        for uid, pod in there.items():
            if uid not in self._hosted:
                if pod["metadata"].get("deletionTimestamp"):
                    self._forget(pod)
                    continue
                self._bind(pod)
                namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
                self._hosted[uid] = Hosted(pod, self._folder / namespace / name)
            self._hosted[uid].pod = pod
        for uid, hosted in list(self._hosted.items()):
            if uid not in there or hosted.pod["metadata"].get("deletionTimestamp"):
                if self._end(hosted):
                    if uid in there:
                        self._forget(hosted.pod)
                    del self._hosted[uid]
            else:
                self._host(hosted)

    def _bind(self, pod: Object) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
        body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
        with suppress(VirtualDevicesError):  # gone, or bound already
            self._cluster._ask("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/binding", f"bind {name}", body=body)

    def _forget(self, pod: Object) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        with suppress(VirtualDevicesError):
            self._cluster._ask("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", f"forget {name}", query=[("gracePeriodSeconds", "0")])

    def _host(self, hosted: Hosted) -> None:
        now = time.monotonic()
        process = hosted.process
        if process is not None and process.poll() is not None:
            hosted.process, hosted.ready = None, False
            hosted.restarts += 1
            hosted.again_at = now + min(5.0, 0.3 * 2 ** min(hosted.restarts, 6))
        if hosted.process is None and now >= hosted.again_at:
            hosted.waits = self._materialise(hosted)
            hosted.again_at = now + 0.3
            if not hosted.waits:
                self._start(hosted)
        if hosted.process is not None and now >= hosted.probe_at:
            hosted.ready = self._probe(hosted)
            hosted.probe_at = now + (2.0 if hosted.ready else 0.4)
        self._tell(hosted)

    def _start(self, hosted: Hosted) -> None:
        pod = hosted.pod["spec"]
        one = pod["containers"][0]
        command = [self._text(hosted, word) for word in [*one["command"], *one.get("args", ())]]
        if command[0] == "virtual-devices":
            command[:1] = [sys.executable, "-P", "-m", "virtual_devices"]
        environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ}
        environment |= {each["name"]: self._text(hosted, each["value"]) for each in one.get("env", ())}
        if pod.get("automountServiceAccountToken"):
            account = hosted.pod["metadata"]["namespace"], pod["serviceAccountName"]
            environment["KUBECONFIG"] = str(self._kubeconfigs[account])
        with (hosted.folder / "log").open("ab") as log:
            hosted.process = subprocess.Popen(
                command, env=environment, cwd=hosted.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        hosted.began, hosted.started_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        hosted.probe_at = 0.0

    def _end(self, hosted: Hosted) -> bool:
        """Ask it to end; whether it has."""
        process = hosted.process
        if process is None or process.poll() is not None:
            return True
        grace = hosted.pod["spec"].get("terminationGracePeriodSeconds", 30)
        if hosted.killed_at is None:
            hosted.killed_at = time.monotonic()
            process.send_signal(signal.SIGTERM)
        elif time.monotonic() - hosted.killed_at > grace:
            self.failures.append(f"{hosted.pod['metadata']['name']} did not end within {grace} s")
            process.kill()
        return False

    # -- what a container is given ------------------------------------------------------------------------------------------

    def _materialise(self, hosted: Hosted) -> str:
        """Put its volumes there; what is missing, or nothing."""
        namespace, spec = hosted.pod["metadata"]["namespace"], hosted.pod["spec"]
        folders: dict[str, Path] = {}
        for volume in spec.get("volumes", ()):
            folder = hosted.folder / volume["name"]
            if "persistentVolumeClaim" in volume:
                folder = self._folder / namespace / f"claim.{volume['persistentVolumeClaim']['claimName']}"
            folder.mkdir(parents=True, exist_ok=True)
            folders[volume["name"]] = folder
        hosted.paths = {mount["mountPath"]: folders[mount["name"]] for mount in spec["containers"][0].get("volumeMounts", ())}
        for volume in spec.get("volumes", ()):
            if missing := self._fill(hosted, namespace, volume, folders[volume["name"]]):
                return missing
        return ""

    def _fill(self, hosted: Hosted, namespace: str, volume: Object, folder: Path) -> str:
        if "configMap" in volume:
            source, kind, name = volume["configMap"], "ConfigMap", volume["configMap"]["name"]
        elif "secret" in volume:
            source, kind, name = volume["secret"], "Secret", volume["secret"]["secretName"]
        else:
            return ""
        found = self._cluster.get(kind, name, namespace)
        if found is None:
            return f"{kind} {name} is not there"
        texts = secret_texts(found) if kind == "Secret" else found.get("data", {})
        items = source.get("items") or [{"key": key, "path": key} for key in texts]
        for item in items:
            path = folder / item["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            text = texts[item["key"]]
            path.write_text(self._configured(hosted, text) if item["path"] == "mosquitto.conf" else text)
        return ""

    def _text(self, hosted: Hosted, text: str) -> str:
        """With folders of this machine for paths of the container, and ports of it for the broker's."""
        namespace = hosted.pod["metadata"]["namespace"]
        paths = "|".join(re.escape(path) for path in sorted(hosted.paths, key=len, reverse=True))
        text = re.sub(rf"(?<![\w/.-])({paths})(?=[/\s;]|$)", lambda match: str(hosted.paths[match[1]]), text)
        text = re.sub(rf"(?<=[@/]){BROKER}:(\d+)", lambda match: f"127.0.0.1:{self.port(namespace, int(match[1]))}", text)
        return re.sub(rf"(?<=exec ){BROKER} ", f"{find_mosquitto()} ", text)

    def _configured(self, hosted: Hosted, text: str) -> str:
        """mosquitto's configuration for this machine: loopback, our ports, this distribution's plugin, and the user that we are."""
        namespace = hosted.pod["metadata"]["namespace"]
        text = re.sub(r"^listener (\d+)$", lambda match: f"listener {self.port(namespace, int(match[1]))} 127.0.0.1", text, flags=re.MULTILINE)
        place = next((folder for folder in PLUGINS if Path(folder, "mosquitto_dynamic_security.so").exists()), PLUGINS[-1])
        text = text.replace("/usr/lib/mosquitto_dynamic_security.so", f"{place}/mosquitto_dynamic_security.so")
        head = "user root\n" if os.geteuid() == 0 else ""
        return self._text(hosted, text.replace("per_listener_settings true\n", f"per_listener_settings true\n{head}") if "per_listener_settings" in text else head + text)

    # -- what the API is told --------------------------------------------------------------------------------------------------

    def _probe(self, hosted: Hosted) -> bool:
        probe = hosted.pod["spec"]["containers"][0].get("readinessProbe")
        if probe is None:
            return True
        if "exec" in probe:
            command = [self._text(hosted, word) for word in probe["exec"]["command"]]
            return subprocess.run(command, check=False, capture_output=True).returncode == 0
        ports = {each["name"]: each["containerPort"] for each in hosted.pod["spec"]["containers"][0]["ports"]}
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port(hosted.pod["metadata"]["namespace"], ports[probe["tcpSocket"]["port"]])), 0.5):
            return True
        return False

    def _tell(self, hosted: Hosted) -> None:
        state: Object = {"running": {"startedAt": hosted.started_at}} if hosted.process is not None else {
            "waiting": {"reason": "ContainerCreating", "message": hosted.waits} if hosted.waits else {"reason": "CrashLoopBackOff"}
        }  # fmt: skip
        told = (hosted.ready, hosted.restarts, hosted.process is not None, hosted.started_at, hosted.waits)
        if told == hosted.told:
            return
        one, yes = hosted.pod["spec"]["containers"][0], {True: "True", False: "False"}
        status = {
            "phase": "Running" if hosted.process is not None or hosted.restarts else "Pending",
            "conditions": [{"type": kind, "status": yes[hosted.ready]} for kind in ("Ready", "ContainersReady")],
            "containerStatuses": [
                {
                    "name": one["name"], "image": one["image"], "imageID": one["image"], "ready": hosted.ready, "restartCount": hosted.restarts,
                    "started": hosted.ready, "state": state,
                }
            ],
        }  # fmt: skip
        with suppress(VirtualDevicesError):  # it is gone already
            self._cluster.merge("Pod", hosted.pod["metadata"]["name"], hosted.pod["metadata"]["namespace"], {"status": status}, part="/status")
            hosted.told = told


def _place(pod: Object) -> tuple[str, str]:
    return pod["metadata"]["namespace"], str(pod["spec"]["containers"][0]["name"])


def clean(folder: Path) -> None:
    """Remove what pods have left."""
    shutil.rmtree(folder, ignore_errors=True)
