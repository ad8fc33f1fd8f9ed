"""The objects of who runs a home: its fleet, which is a pod with rights of its own, or one pod that hosts all of it."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.files.read import SHIPPED
from virtual_devices.fleet.credentials.identities import identity
from virtual_devices.fleet.kubernetes.objects.device import FINGERPRINT, MOST_BYTES, SHARED, at_broker, secret_volume
from virtual_devices.fleet.kubernetes.objects.guards import HOME
from virtual_devices.fleet.kubernetes.objects.names import BROKER, FLEET, labels, meta
from virtual_devices.fleet.kubernetes.objects.options import Rendering, written
from virtual_devices.fleet.kubernetes.objects.pods import (
    HEALTH,
    PASSWORD,
    STATE,
    asks_file,
    claim,
    container,
    deployment,
    environment,
    kept,
    measured,
    scratch,
)
from virtual_devices.fleet.kubernetes.objects.sizes import FLEET as SIZE
from virtual_devices.fleet.kubernetes.objects.sizes import HOME as HOME_SIZE
from virtual_devices.fleet.kubernetes.objects.sizes import STORAGE
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.written import home_text

HOME_FILE, OPTIONS = "home.yaml", "options.json"
"""Keys of the fleet's ConfigMap: what the home's file declares, and how it is rendered."""
COMMON_PORT = 1883
_HOME_FOLDER = "/etc/virtual-devices/home"
_ALL = ["get", "list", "watch", "create", "patch", "update", "delete"]


def fleet_map(home: Home, namespace: str, options: Rendering) -> dict[str, Any]:
    """What the file declares and how it is rendered: whoever takes the fleet over begins with it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": meta(FLEET, namespace, labels(home.name, FLEET)),
        "data": {HOME_FILE: home_text(home), OPTIONS: written(options)},
    }


def fleet_objects(home: str, namespace: str, options: Rendering) -> list[dict[str, Any]]:
    """Its account and rights, its Lease, its pod; its Secret is not among them."""
    found = labels(home, FLEET)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta(FLEET, namespace, found), "automountServiceAccountToken": False}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(FLEET, namespace, found), "rules": rules(namespace)}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta(FLEET, namespace, found),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": FLEET},
        "subjects": [{"kind": "ServiceAccount", "name": FLEET, "namespace": namespace}],
    }
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta(FLEET, namespace, found), "spec": {}}
    return [account, role, binding, lease, _fleet_deployment(home, namespace, options)]


def rules(namespace: str) -> list[dict[str, Any]]:
    """What a fleet may: all that it does in its own namespace, and there nothing else. A Role ends at its namespace."""
    return [
        {"apiGroups": [""], "resources": ["configmaps", "secrets", "persistentvolumeclaims"], "verbs": _ALL},
        {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale", "controllerrevisions"], "verbs": _ALL},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["namespaces"], "resourceNames": [namespace], "verbs": ["get"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": [FLEET], "verbs": ["get", "patch", "update"]},
    ]


def _fleet_deployment(home: str, namespace: str, options: Rendering) -> dict[str, Any]:
    known, access = secret_volume(FLEET, options)
    command = [
        "virtual-devices", "fleet", "--home", home, "--namespace", namespace, *at_broker(home, FLEET, options, COMMON_PORT), "--health", HEALTH,
    ]  # fmt: skip
    one = container(
        FLEET, options.sky_image, command, SIZE, options,
        mounts={**known, "run": posixpath.dirname(HEALTH), "tmp": "/tmp"},  # noqa: S108 - a volume of its own
        more={"env": environment(), **asks_file()},
    )  # fmt: skip
    volumes = {**access, "run": scratch("1Mi"), "tmp": scratch()}
    return deployment(FLEET, namespace, home, FLEET, one, volumes, account=FLEET)


def whole_home(home: Home, documents: Mapping[str, str], namespace: str, options: Rendering) -> list[dict[str, Any]]:
    """One pod that hosts everything, which is its own fleet; its Secret is not among them. Raises ConfigurationError for files that cannot come along."""
    files = {name: f"file-{place}" for place, name in enumerate(sorted(documents)) if not name.startswith(SHIPPED)}
    if absolute := [name for name in files if posixpath.isabs(name)]:
        raise ConfigurationError(f"{absolute[0]} is a path of this machine; put the file beside the home file, and name it without its folder")
    texts = {HOME_FILE: home_text(home), **{key: documents[name] for name, key in files.items()}}
    if (size := sum(len(text.encode()) for text in texts.values())) > MOST_BYTES:
        raise ConfigurationError(
            f"home {home.name}: its files have {size / MOST_BYTES:.1f} MiB together, and a ConfigMap takes 1; use shorter files, or a pod for each device (--density device)"
        )
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(HOME, namespace, labels(home.name, HOME)), "data": texts}
    own = ["--broker", f"mqtt://{home.name}@{BROKER}:{COMMON_PORT}", "--password-file", PASSWORD]
    words, ports, scraped = measured(options)
    command = [
        "virtual-devices", "up", f"{_HOME_FOLDER}/{HOME_FILE}", *(own if options.mode != "shared" else at_broker(home.name, HOME, options, COMMON_PORT)),
        "--state", STATE, "--json", *(["--compiled"] if options.compiled else []), *_own_time(home, options), *words,
    ]  # fmt: skip
    known, access = secret_volume(HOME, options)
    items = [{"key": HOME_FILE, "path": HOME_FILE}, *({"key": key, "path": posixpath.normpath(name)} for name, key in files.items())]
    one = container(
        HOME, options.sky_image, command, HOME_SIZE, options,
        mounts={"home": f"{_HOME_FOLDER}:ro", **known, "state": STATE, "tmp": "/tmp"},  # noqa: S108 - a volume of its own
        more={"env": environment(XDG_STATE_HOME=STATE), **ports},
    )  # fmt: skip
    volumes = {"home": {"configMap": {"name": HOME, "items": items}}, **access, "state": kept(HOME, options), "tmp": scratch()}
    digest = hashlib.sha256("".join(texts.values()).encode()).hexdigest()[:32]
    claims = [claim(HOME, namespace, home.name, HOME, STORAGE)] if options.volumes else []
    return [config, *claims, deployment(HOME, namespace, home.name, HOME, one, volumes, annotations={FINGERPRINT: digest, **scraped})]


def _own_time(home: Home, options: Rendering) -> list[str]:
    """On a broker that it is given a home lives at the time of day unless it is told its own."""
    if options.real_time or home.real_time:
        return []
    start = home.site.calendar.local(home.start)
    return ["--start", f"{start:%Y-%m-%d %H:%M}", "--speed", "max" if home.speed is None else f"{home.speed:g}"]


def hosting_secrets(home: Home, namespace: str, options: Rendering, passwords: Mapping[str, str]) -> list[dict[str, Any]]:
    """With what the fleet, or the host, goes to the broker; or everybody, where all are one user."""
    if options.mode == "shared":
        name, user = SHARED, options.user
        if user is None:
            return []
    elif options.density == "home":
        name, user = HOME, home.name
    else:
        name, user = FLEET, identity(home.name, FLEET)
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta(name, namespace, labels(home.name, FLEET)),
            "type": "Opaque",
            "stringData": {"password": passwords[user]},
        }
    ]
