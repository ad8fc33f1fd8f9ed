"""What a namespace says of its home: the objects themselves are what is wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from virtual_devices.fleet.kubernetes.cluster import Cluster, Object, secret_texts
from virtual_devices.fleet.kubernetes.objects.device import WANTED
from virtual_devices.fleet.kubernetes.objects.hosting import HOME_FILE, OPTIONS
from virtual_devices.fleet.kubernetes.objects.names import BROKER, DEVICE_LABEL, FLEET, object_name, ours
from virtual_devices.fleet.kubernetes.objects.options import Rendering, read
from virtual_devices.fleet.kubernetes.revisions import DONE, RevisionMark, Revisions
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice, declared_by
from virtual_devices.kit.home.written import home_text

PASSWORD = "password"  # noqa: S105 - the key of a Secret


@dataclass(frozen=True, slots=True)
class Seen:
    """A home as its namespace has it.

    home: as its file has it.  documents: text of the files that come along.  maps, deployments: of devices, by device.  marks: of
    revisions, oldest first.
    """

    home: Home
    rendering: Rendering
    wanted: Wanted
    documents: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, Object] = field(default_factory=dict)
    deployments: Mapping[str, Object] = field(default_factory=dict)
    marks: tuple[RevisionMark, ...] = ()

    @property
    def revision(self) -> int:
        """The number of the newest."""
        return self.marks[-1].number if self.marks else 0


def refuse_strangers(cluster: Cluster, home: str, namespace: str) -> bool:
    """Whether the namespace is there. Raises ConfigurationError for one that is not this home's: nothing in it is touched."""
    found = cluster.get("Namespace", namespace)
    if found is None:
        return False
    told = found["metadata"].get("labels") or {}
    if told.get("app.kubernetes.io/managed-by") != "virtual-devices":
        raise ConfigurationError(
            f"namespace {namespace} of {cluster.place} is not ours, and stays as it is: choose another with --namespace, or let it be ours: "
            f"kubectl label namespace {namespace} app.kubernetes.io/managed-by=virtual-devices app.kubernetes.io/instance={home}"
        )
    other = told.get("app.kubernetes.io/instance")
    if other != home:
        raise ConfigurationError(f"namespace {namespace} of {cluster.place} is that of home {other}, not of {home}; choose another with --namespace")
    return True


def look(cluster: Cluster, home: str, namespace: str, revisions: Revisions) -> Seen | None:
    """What the namespace says now; None where nothing of the home is there yet."""
    config = cluster.get("ConfigMap", FLEET, namespace)
    if config is None:
        return None
    filed, rendering = _home(config["data"][HOME_FILE]), read(config["data"][OPTIONS])
    selector = f"{ours(home)},{DEVICE_LABEL}"
    maps = {_device(each): each for each in cluster.find("ConfigMap", namespace, selector)}
    deployments = {_device(each): each for each in cluster.find("Deployment", namespace, selector)}
    done = (config["metadata"].get("annotations") or {}).get(DONE, "0")
    marks = tuple(revisions.marks(int(done) if done.isdigit() else 0))
    last = revisions.read(marks[-1].number) if marks else None
    devices, documents = {}, {}
    for name, each in maps.items():
        before = last.wanted.devices.get(name) if last is not None else None
        devices[name] = WantedDevice(_declaration(name, each), _replicas(deployments.get(name), before.replicas if before is not None else 1))
        documents.update(_documents(each))
    return Seen(filed, rendering, Wanted(devices, declared_by(filed)), documents, maps, deployments, marks)


def known_passwords(cluster: Cluster, home: str, namespace: str) -> dict[str, str]:
    """Passwords that the namespace keeps, by identity at the broker."""
    found = {}
    for each in cluster.find("Secret", namespace, ours(home)):
        texts = secret_texts(each)
        if PASSWORD not in texts:
            continue
        name = each["metadata"]["name"]
        device = (each["metadata"].get("labels") or {}).get(DEVICE_LABEL)
        if device is not None and object_name(device) == name:
            found[f"{home}.{device}"] = texts[PASSWORD]
        elif name == FLEET:
            found[f"{home}.{FLEET}"] = texts[PASSWORD]
        elif name == "home":
            found[home] = texts[PASSWORD]
        elif "username" in texts:
            found[texts["username"]] = texts[PASSWORD]
    return found


def is_seeded(cluster: Cluster, namespace: str) -> bool:
    """Whether the broker has been told who may come."""
    return cluster.get("Secret", BROKER, namespace) is not None


def as_kept(home: Home) -> Home:
    """A home as its namespace says it: equal to what is read from there."""
    return _home(home_text(home))


@lru_cache(maxsize=4)
def _home(text: str) -> Home:
    return parse(text, "home.yaml of the namespace")


def _device(each: Object) -> str:
    return str(each["metadata"]["labels"][DEVICE_LABEL])


def _declaration(name: str, each: Object) -> Declaration:
    try:
        told = json.loads(each["data"][WANTED])
        return Declaration(str(told["kind"]), dict(told["settings"]))
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"ConfigMap {each['metadata']['name']}: its {WANTED} does not say what device {name} is; mend it there, or delete the ConfigMap to remove the device"
        ) from None


def _replicas(deployment: Object | None, before: int) -> int:
    """How many are wanted; a Deployment that somebody deleted is made again as it was."""
    if deployment is None:
        return before
    found = deployment["spec"].get("replicas")
    return 0 if found == 0 else 1


def _documents(each: Object) -> dict[str, str]:
    """Files that came along, by the names that settings have for them."""
    files = json.loads(each["data"][WANTED]).get("files", {})
    return {name: each["data"][key] for name, key in files.items() if key in each["data"]}
