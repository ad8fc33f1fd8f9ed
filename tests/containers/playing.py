"""A home as it is rendered, with its Secrets, played by `podman kube play`.

Left out is the fleet, which asks a Kubernetes API; what podman does not know (namespace, Service, policies, quota) it skips by itself.
Four things podman 4.3.1 would do wrong, and they are put so that it does them right:

- It has one room of names for volumes, whether they are of a ConfigMap, a Secret, a claim or a pod: each is called apart.
- It writes a Secret's values into their files as base64: it gets the Secret in its own store, in its own form, with the values plain.
- It opens each container's port on this machine: ports are left out.
- It quotes probes wrongly, and wants systemd to run them: they are left out, and whoever tests asks them.

For want of a Service the broker's pod is played by itself, with the Service's name as its alias on the network.
"""

from __future__ import annotations

import copy
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import yaml

from tests.containers.engine import PodmanError, address_of, keep_reachable, podman
from tests.containers.making import Images
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.kubernetes.objects.names import BROKER, FLEET, object_name
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.render import Object, as_filed, as_yaml, passwords_of, render, secrets
from virtual_devices.kit.home.model import Home

_SOURCES = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
"""Of a pod's volume, and under which key it names an object."""
_ROOMS = {"ConfigMap": "configMap", "Secret": "secret", "PersistentVolumeClaim": "persistentVolumeClaim"}
"""The same by the object's kind."""


class PlayedHome:
    """A home on a network of podman's. objects: as they are rendered, without the fleet.  passwords: by identity."""

    def __init__(self, images: Images, network: str, home: Home) -> None:
        self.network, self.home = network, home
        options = Rendering(device_image=images.device, sky_image=images.sky, broker_image=images.broker)
        wanted = as_filed(home)
        self.passwords = passwords_of(home, options, {})
        whole = [*secrets(home, wanted, options, self.passwords), *render(home, {}, wanted, options)]
        self.objects = [each for each in whole if each["metadata"]["name"] != FLEET]

    @property
    def devices(self) -> list[str]:
        return [entry.name for entry in self.home.devices]

    def container(self, name: str) -> str:
        """Of a device, or of the broker."""
        return f"{object_name(name)}-pod-0-{object_name(name)}"

    def probe(self, name: str) -> list[str]:
        """The command that says whether a device is ready."""
        (found,) = [each for each in self.objects if each["kind"] == "Deployment" and each["metadata"]["name"] == object_name(name)]
        (container,) = found["spec"]["template"]["spec"]["containers"]
        return list(container["readinessProbe"]["exec"]["command"])

    def play(self) -> None:
        """Start everybody, the broker first."""
        self.take_away()
        for each in map(_apart, self.objects):
            if each["kind"] == "Secret":
                podman("secret", "create", each["metadata"]["name"], "-", given=yaml.safe_dump({"data": each["stringData"]}))
        for network, served in ((f"{self.network}:alias={BROKER}", True), (self.network, False)):
            chosen = [_apart(each) for each in self.objects if each["kind"] != "Secret" and (each["metadata"]["name"] == BROKER) is served]
            podman("kube", "play", "--network", network, "-", given=as_yaml(chosen))
        keep_reachable(self.network)

    def endpoint(self, identity: str) -> Endpoint:
        """Where somebody of this machine comes in."""
        return dataclasses.replace(Endpoint(address_of(self.container(BROKER)), 1883), username=identity, password=self.passwords[identity])

    def take_away(self) -> None:
        """Pods, volumes and secrets, also those of an earlier run that was cut off."""
        pods = podman("pod", "ps", "--quiet", "--filter", f"label=app.kubernetes.io/instance={self.home.name}").split()
        with ThreadPoolExecutor(len(self.objects)) as pool:  # of each, podman waits seconds for its cgroup
            list(pool.map(lambda pod: podman("pod", "rm", "--force", "--time", "0", pod), pods))
        apart = [_apart(each) for each in self.objects]
        volumes = [volume["name"] for each in apart if each["kind"] == "Deployment" for volume in each["spec"]["template"]["spec"]["volumes"]]
        volumes += [each["metadata"]["name"] for each in apart if each["kind"] in _ROOMS]
        for what, names in (("volume", volumes), ("secret", [each["metadata"]["name"] for each in apart if each["kind"] == "Secret"])):
            with suppress(PodmanError):  # some were never made; it goes on to the others
                podman(what, "rm", *names)


def _apart(whole: Object) -> Object:
    """An object as podman 4.3.1 takes it: its name, and those of its volumes, as nothing else is called; no ports, no probes."""
    found: Any = copy.deepcopy(whole)
    name, kind = found["metadata"]["name"], found["kind"]
    if kind in _ROOMS:
        found["metadata"]["name"] = f"{name}.{_ROOMS[kind]}"
    if kind == "Deployment":
        pod = found["spec"]["template"]["spec"]
        for volume in pod["volumes"]:
            volume["name"] = f"{name}.{volume['name']}"
            for source, key in _SOURCES.items():
                if source in volume:
                    volume[source][key] = f"{volume[source][key]}.{source}"
        for container in pod["containers"]:
            for key in ("ports", "startupProbe", "readinessProbe", "livenessProbe"):
                container.pop(key, None)
            for mount in container["volumeMounts"]:
                mount["name"] = f"{name}.{mount['name']}"
    return found  # type: ignore[no-any-return] # a copy of an object is one
