"""What a home, its devices and their objects are called on Kubernetes, and by which labels they are found."""

from __future__ import annotations

import re
from collections.abc import Iterable

from virtual_devices import __version__
from virtual_devices.kit.errors import ConfigurationError, shown

PROJECT = "virtual-devices"
BROKER, FLEET = "mosquitto", "fleet"
"""Objects of the home itself: no device may be called so."""
DEVICE_LABEL = f"{PROJECT}/device"
LONGEST = 63
"""Characters of a namespace, of a Service and of a label's value."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_OF_KUBERNETES = ("default", "kube")


def object_name(name: str) -> str:
    """What the objects of a device, or a namespace, are called. Raises ConfigurationError where Kubernetes has no such name."""
    found = name.replace("_", "-")
    if len(found) > LONGEST:
        raise ConfigurationError(f"name {shown(name)} has {len(name)} characters, and Kubernetes takes {LONGEST}; shorten it")
    if not _LABEL.fullmatch(found):
        raise ConfigurationError(f"name {shown(name)} would be {found!r} on Kubernetes, which takes a letter or a digit at the end; rename it")
    return found


def device_of(found: str) -> str:
    """The way back: no name of a device holds a hyphen."""
    return found.replace("-", "_")


def namespace_of(home: str, namespace: str | None = None) -> str:
    """The namespace of a home: called like it, unless another is named. Raises ConfigurationError for what cannot be one."""
    found = object_name(home) if namespace is None else namespace
    if len(found) > LONGEST or not _LABEL.fullmatch(found):
        raise ConfigurationError(
            f"{shown(found)} is no namespace: write at most {LONGEST} small letters, digits and hyphens, a letter or a digit at both ends"
        )
    if found.partition("-")[0] in _OF_KUBERNETES:
        raise ConfigurationError(f"namespace {found!r} is Kubernetes' own; rename the home, or name another namespace")
    return found


def refuse_clashes(devices: Iterable[str]) -> None:
    """Raises ConfigurationError for a device whose objects would be called like the home's own, or like another's."""
    taken: dict[str, str] = {}
    for name in sorted(devices):
        found = object_name(name)
        if found == BROKER:
            raise ConfigurationError(f"device {name}: the home's broker is called so on Kubernetes; rename the device")
        if found in taken:
            raise ConfigurationError(f"devices {taken[found]} and {name} would both be {found!r} on Kubernetes; rename one")
        taken[found] = name


def labels(home: str, component: str, device: str | None = None) -> dict[str, str]:
    """Labels of an object. component: the kind of a device, or what the object is for."""
    found = {
        "app.kubernetes.io/name": PROJECT,
        "app.kubernetes.io/instance": home,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": home,
        "app.kubernetes.io/managed-by": PROJECT,
        "app.kubernetes.io/version": __version__,
    }
    return found if device is None else {**found, DEVICE_LABEL: device}


def selector(home: str, component: str | None = None, device: str | None = None) -> dict[str, str]:
    """By what pods are found: what no new version changes, for a selector never may."""
    found = {"app.kubernetes.io/name": PROJECT, "app.kubernetes.io/instance": home}
    found |= {} if component is None else {"app.kubernetes.io/component": component}
    return found if device is None else {**found, DEVICE_LABEL: device}


def ours(home: str | None = None) -> str:
    """A label selector as text: objects of this project, of a home."""
    found = f"app.kubernetes.io/managed-by={PROJECT}"
    return found if home is None else f"{found},app.kubernetes.io/instance={home}"


def meta(name: str, namespace: str | None, found: dict[str, str], annotations: dict[str, str] | None = None) -> dict[str, object]:
    """The metadata of an object."""
    whole: dict[str, object] = {"name": name, "labels": found}
    whole |= {} if namespace is None else {"namespace": namespace}
    return whole if annotations is None else {**whole, "annotations": annotations}
