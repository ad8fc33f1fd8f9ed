"""The same objects for kustomize: what all have in common, and what an overlay makes otherwise.

*dev* keeps nothing and is not guarded; *prod* has claims of storage, limits, a quota and network policies; *monitored* is *prod* whose
pods serve metrics, with a PodMonitor for the Prometheus operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from virtual_devices.edge.metrics.address import USUAL_PORT
from virtual_devices.fleet.kubernetes.objects.monitor import pod_monitor
from virtual_devices.fleet.kubernetes.objects.names import DEVICE_LABEL
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.render import Object, as_filed, as_yaml, render
from virtual_devices.kit.home.model import Home

OVERLAYS: Mapping[str, Rendering] = {
    "dev": Rendering(volumes=False, guarded=False),
    "prod": Rendering(),
    "monitored": Rendering(metrics=USUAL_PORT),
}
_KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


def tree(home: Home, documents: Mapping[str, str], options: Rendering) -> dict[str, str]:
    """Files of ``base`` and ``overlays``, each path with its text. options: whatever no overlay decides."""
    base = _rendered(home, documents, options, OVERLAYS["dev"])
    files: dict[str, list[Object]] = {}
    for each in base.values():
        files.setdefault(_file(each), []).append(each)
    found = {f"base/{name}": as_yaml(objects) for name, objects in files.items()}
    found["base/kustomization.yaml"] = as_yaml([{**_KUSTOMIZATION, "resources": sorted(files)}])
    for overlay, own in OVERLAYS.items():
        found |= {f"overlays/{overlay}/{name}": text for name, text in _overlay(base, _rendered(home, documents, options, own)).items()}
    return found


def _rendered(home: Home, documents: Mapping[str, str], options: Rendering, own: Rendering) -> dict[tuple[str, str], Object]:
    whole = replace(options, volumes=own.volumes, guarded=own.guarded, metrics=own.metrics)
    objects = [*render(home, documents, as_filed(home), whole), *([pod_monitor(home, whole)] if own.metrics is not None else [])]
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def _overlay(base: Mapping[tuple[str, str], Object], wanted: Mapping[tuple[str, str], Object]) -> dict[str, str]:
    more = [each for key, each in wanted.items() if key not in base]
    patches = [patch for key, each in wanted.items() if key in base and (patch := _patch(base[key], each)) is not None]
    kustomization: dict[str, Any] = {**_KUSTOMIZATION, "resources": ["../../base"]}
    files = {}
    if more:
        kustomization["resources"].append("more.yaml")
        files["more.yaml"] = as_yaml(more)
    if patches:
        kustomization["patches"] = [{"path": "patches.yaml"}]
        files["patches.yaml"] = as_yaml(patches)
    return {**files, "kustomization.yaml": as_yaml([kustomization])}


def _file(each: Object) -> str:
    """By device; what belongs to no device, by what it is for."""
    found = each["metadata"]["labels"]
    device = found.get(DEVICE_LABEL)
    return f"device-{each['metadata']['name']}.yaml" if device else f"{found['app.kubernetes.io/component']}.yaml"


def _patch(before: Object, after: Object) -> Object | None:
    """A strategic merge patch from one object to the other; None where they are equal."""
    if before == after:
        return None
    metadata = {key: after["metadata"][key] for key in ("name", "namespace") if key in after["metadata"]}
    return {"apiVersion": after["apiVersion"], "kind": after["kind"], "metadata": metadata, **_difference(before, after)}


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        then = before.get(key)
        if then == value:
            continue
        if isinstance(then, dict) and isinstance(value, dict):
            found[key] = _difference(then, value)
        elif isinstance(then, list) and isinstance(value, list) and all("name" in item for item in value):
            by_name = {item["name"]: item for item in then}
            found[key] = [
                {"name": item["name"], **_difference(by_name.get(item["name"], {}), item)} for item in value if by_name.get(item["name"]) != item
            ]
        else:
            found[key] = value
    return found
