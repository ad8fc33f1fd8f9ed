"""The objects of one device: what it is, who it is on the broker, and its pod."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from virtual_devices.edge.files.read import SHIPPED
from virtual_devices.edge.runtime.make import Description
from virtual_devices.fleet.credentials.identities import identity
from virtual_devices.fleet.described import written
from virtual_devices.fleet.images import target_of
from virtual_devices.fleet.kubernetes.objects.names import BROKER, labels, meta, object_name
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.pods import (
    HEALTH,
    PASSWORD,
    SECRETS,
    STATE,
    asks_file,
    claim,
    container,
    deployment,
    environment,
    kept,
    measured,
    scratch,
    secret,
)
from virtual_devices.fleet.kubernetes.objects.sizes import DEVICE, SETTLER, SKY, STORAGE, Size
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.wanted import WantedDevice

FOLDER = "/etc/virtual-devices/description"
DESCRIPTION, WANTED = "description.json", "wanted.json"
"""Keys of a device's ConfigMap: what its container reads, and what somebody declared of it."""
FINGERPRINT = "virtual-devices/declaration"
"""Annotation of its pod: a device whose declaration changes is started anew."""
MOST_BYTES = 1 << 20
"""Of a ConfigMap's values: Kubernetes takes no more."""
DEVICES_PORT = 1884
SHARED = "broker.user"
"""The Secret of the one user whom all are, on an owner's own broker. No device's object is called so: their names hold no dot."""

_KEY = re.compile(r"[^-._a-zA-Z0-9]")
_UNHEARD = ("wait_for",)
"""Settings that matter at a fresh start only: a device that comes or goes does not start the clock anew."""


def config_map(description: Description, wanted: WantedDevice, namespace: str) -> dict[str, Any]:
    """What a device is. Raises ConfigurationError for files that cannot come along."""
    texts = {DESCRIPTION: written(description), WANTED: _json(_declared(description, wanted))}
    texts |= {key: description.documents[name] for name, key in file_keys(description).items()}
    size = sum(len(text.encode()) for text in texts.values())
    if size > MOST_BYTES:
        largest = max(description.documents, key=lambda name: len(description.documents[name]), default=DESCRIPTION)
        raise ConfigurationError(
            f"device {description.name}: its files have {size / MOST_BYTES:.1f} MiB together, {largest} most of it, and a ConfigMap takes 1; "
            "use a shorter file: fewer rows, no columns that nobody reads"
        )
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": meta(object_name(description.name), namespace, labels(description.home, description.kind, description.name)),
        "data": texts,
    }


def device_secret(home: str, name: str, kind: str, namespace: str, password: str) -> dict[str, Any]:
    """With what a device goes to the broker."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": meta(object_name(name), namespace, labels(home, kind, name)),
        "type": "Opaque",
        "stringData": {"password": password},
    }


def device_deployment(description: Description, namespace: str, options: Rendering) -> dict[str, Any]:
    """Its pod."""
    name, keeps = object_name(description.name), load(description.kind).ability == "keeps"
    size, sky = _size(description.kind)
    words, ports, scraped = measured(options)
    command = [
        "virtual-devices", "run", "--description", f"{FOLDER}/{DESCRIPTION}",
        *at_broker(description.home, description.name, options, DEVICES_PORT), "--health", HEALTH,
        *(["--alone"] if load(description.kind).ability == "ticks" else []), *(["--compiled"] if description.compiled else []), *words,
    ]  # fmt: skip
    known, access = secret_volume(description.name, options)
    mounts = {"description": f"{FOLDER}:ro", **known, "run": posixpath.dirname(HEALTH), "tmp": "/tmp"}  # noqa: S108 - a volume of its own
    items = [{"key": key, "path": path} for key, path in [(DESCRIPTION, DESCRIPTION), *((key, posixpath.normpath(file)) for file, key in file_keys(description).items())]]
    volumes = {
        "description": {"configMap": {"name": name, "items": items}},
        **access,
        "run": scratch("1Mi"),
        "tmp": scratch(),
    }
    if keeps:
        mounts["state"], volumes["state"] = STATE, kept(name, options)
    one = container(
        name, options.sky_image if sky else options.device_image, command, size, options, mounts=mounts,
        more={"env": environment(**({"XDG_STATE_HOME": STATE} if keeps else {})), **ports, **asks_file()},
    )  # fmt: skip
    return deployment(
        name, namespace, description.home, description.kind, one, volumes, device=description.name, annotations={FINGERPRINT: fingerprint(description), **scraped}
    )


def device_objects(description: Description, wanted: WantedDevice, namespace: str, options: Rendering) -> list[dict[str, Any]]:
    """All but its Secret. Raises ConfigurationError."""
    found = [config_map(description, wanted, namespace)]
    if options.volumes and load(description.kind).ability == "keeps":
        found.append(claim(object_name(description.name), namespace, description.home, description.kind, STORAGE))
    return [*found, device_deployment(description, namespace, options)]


def fingerprint(description: Description) -> str:
    """Of all that makes a device what it is."""
    heard = {name: value for name, value in description.declared.items() if name not in _UNHEARD}
    digest = hashlib.sha256(written(replace(description, declared=heard)).encode())
    for name in sorted(file_keys(description)):
        digest.update(f"{name}\n{description.documents[name]}".encode())
    return digest.hexdigest()[:32]


def file_keys(description: Description) -> dict[str, str]:
    """The files that come along, each with its key in the ConfigMap; those that pvlib ships lie in the image.

    Raises ConfigurationError for a path that cannot be the same in a container.
    """
    found: dict[str, str] = {}
    for name in sorted(description.documents):
        if name.startswith(SHIPPED):
            continue
        if posixpath.isabs(name):
            raise ConfigurationError(f"device {description.name}: {name} is a path of this machine; put the file beside the home file, and name it without its folder")
        key = f"file-{len(found)}-{_KEY.sub('_', posixpath.basename(name))}"
        found[name] = key
    return found


def at_broker(home: str, name: str, options: Rendering, port: int) -> list[str]:
    """The options with which a container finds its broker, and who it is there."""
    if options.broker is None:
        return ["--broker", f"mqtt://{identity(home, name)}@{BROKER}:{port}", "--password-file", PASSWORD]
    scheme, _, place = options.broker.rpartition("://")
    if options.user is None:
        return ["--broker", f"{scheme or 'mqtt'}://{place}"]
    return ["--broker", f"{scheme or 'mqtt'}://{options.user}@{place}", "--password-file", PASSWORD]


def secret_volume(name: str, options: Rendering) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Mount and volume of the password with which somebody comes; none where nobody needs one."""
    if options.mode == "shared" and options.user is None:
        return {}, {}
    return {"secret": f"{SECRETS}:ro"}, {"secret": secret(SHARED if options.mode == "shared" else object_name(name))}


def _declared(description: Description, wanted: WantedDevice) -> dict[str, Any]:
    """What somebody declares of a device, and under which keys the files are that this names."""
    declared = {"kind": wanted.declaration.kind, "settings": dict(wanted.declaration.settings)}
    files = file_keys(description)
    return {**declared, "files": files} if files else declared


def _size(kind: str) -> tuple[Size, bool]:
    sky = target_of(kind) == "sky"
    return (SKY if sky else SETTLER if load(kind).ability in ("settles", "keeps") else DEVICE), sky


def _json(told: Mapping[str, Any]) -> str:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
