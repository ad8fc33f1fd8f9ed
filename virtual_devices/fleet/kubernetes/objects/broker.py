"""The objects of a home's broker."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.broker.container import container_text, dynamic_text
from virtual_devices.fleet.credentials.access_list import acl
from virtual_devices.fleet.credentials.identities import ASSISTANT, OWNER, identities
from virtual_devices.fleet.credentials.make import SECURITY_FILE
from virtual_devices.fleet.credentials.passwords import hashed
from virtual_devices.fleet.credentials.rights import granted
from virtual_devices.fleet.credentials.roles import security_text
from virtual_devices.fleet.kubernetes.objects.names import BROKER, labels, meta, selector
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.pods import (
    BROKER_USER,
    asks_port,
    claim,
    container,
    deployment,
    kept,
    scratch,
    secret,
)
from virtual_devices.fleet.kubernetes.objects.sizes import BROKER as SIZE
from virtual_devices.fleet.kubernetes.objects.sizes import STORAGE
from virtual_devices.kit.home.model import Home

PORTS = {"mqtt": 1883, "mqtt-devices": 1884, "mqtt-ws": 9001}
"""Listeners: for whoever may come more than once; for single devices; WebSockets."""
VERSION = (2, 0)
DATA, CONFIG, SECRET = "/mosquitto/data", "/mosquitto/config", "/mosquitto/secret"
PEOPLE = "people"
CONFIGURATION = "virtual-devices/configuration"
"""Annotation of the broker's pod, which reads its configuration, and a list of rights, when it starts."""

_CUT = ("# with TLS", "# for the container's own health probe")
"""What the container's configuration has beside: certificates, which a namespace's broker has none of, and a probe's listener."""
_CONFIGURED = f"mosquitto -c {CONFIG}/mosquitto.conf"
_SEEDED = f"[ -s {DATA}/{SECURITY_FILE} ] || install -m 600 {SECRET}/{SECURITY_FILE} {DATA}/{SECURITY_FILE}; exec {_CONFIGURED}"
"""The broker writes its rights itself: what the Secret says holds at its very first start only."""


def broker_objects(home: Home, namespace: str, options: Rendering) -> list[dict[str, Any]]:
    """All but its Secret; none where the broker is its owner's own."""
    if options.mode == "shared":
        return []
    found = labels(home.name, BROKER)
    command = ["sh", "-ec", _SEEDED if options.mode == "dynamic" else f"exec {_CONFIGURED}"]
    one = container(
        BROKER, options.broker_image, command, SIZE, options,
        mounts={"config": f"{CONFIG}:ro", "secret": f"{SECRET}:ro", "data": DATA, "tmp": "/tmp"},  # noqa: S108 - a volume of its own
        more={"ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in PORTS.items()], **asks_port("mqtt")},
    )  # fmt: skip
    volumes = {"config": {"configMap": {"name": BROKER}}, "secret": secret(BROKER), "data": kept(BROKER, options), "tmp": scratch()}
    objects: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": meta(BROKER, namespace, found),
            "data": {"mosquitto.conf": broker_text(options)},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta(BROKER, namespace, found),
            "spec": {
                "selector": selector(home.name, BROKER),
                "ports": [{"name": name, "port": port, "targetPort": name, "protocol": "TCP"} for name, port in PORTS.items()],
            },
        },
    ]
    if options.volumes:
        objects.append(claim(BROKER, namespace, home.name, BROKER, STORAGE))
    return [*objects, deployment(BROKER, namespace, home.name, BROKER, one, volumes, user=BROKER_USER, annotations={CONFIGURATION: _fingerprint(home, options)})]


def broker_text(options: Rendering) -> str:
    """mosquitto's configuration."""
    whole = dynamic_text(VERSION) if options.mode == "dynamic" else container_text(VERSION)
    return "\n\n".join(part for part in whole.rstrip("\n").split("\n\n") if not part.startswith(_CUT)) + "\n"


def _fingerprint(home: Home, options: Rendering) -> str:
    rights = acl(home) if options.mode == "static" else ""
    return hashlib.sha256((broker_text(options) + rights).encode()).hexdigest()[:32]


def broker_secret(home: Home, namespace: str, options: Rendering, passwords: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who may come. passwords: by identity; in mode static each of the home's has one."""
    if options.mode == "shared":
        return []
    if options.mode == "dynamic":
        texts = {SECURITY_FILE: security_text(home.name, granted(home), passwords)}
    else:
        lines = [f"{each}:{hashed(passwords[each])}\n" for each in identities(home)]
        texts = {"passwords": "".join(lines), "acl": acl(home)}
    return [_secret(home, BROKER, namespace, BROKER, texts), *people_secrets(home, namespace, passwords)]


def people_secrets(home: Home, namespace: str, passwords: Mapping[str, str]) -> list[dict[str, Any]]:
    """For people, and for Home Assistant, to look their password up. No device's object is called so: their names hold no dot."""
    return [
        _secret(home, f"{PEOPLE}.{person}", namespace, PEOPLE, {"username": person, "password": passwords[person]})
        for person in (OWNER, ASSISTANT) if person in passwords
    ]  # fmt: skip


def _secret(home: Home, name: str, namespace: str, component: str, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": meta(name, namespace, labels(home.name, component)),
        "type": "Opaque",
        "stringData": dict(texts),
    }
