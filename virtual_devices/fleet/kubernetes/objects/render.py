"""A whole home as objects, and as the YAML that kubectl and GitOps take.

Secrets are not among them. A placeholder in their place would be put over the true passwords with every synchronisation, and true ones
do not belong into a repository: so pods wait for the Secrets that they name (``optional: false``) until somebody has made them
(``secrets``), which `up` and the fleet do by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import yaml

from virtual_devices.edge.runtime.make import Description
from virtual_devices.fleet.credentials.identities import identities, identity
from virtual_devices.fleet.credentials.passwords import new_password
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.kubernetes.objects.broker import broker_objects, broker_secret
from virtual_devices.fleet.kubernetes.objects.device import device_objects, device_secret
from virtual_devices.fleet.kubernetes.objects.guards import guard_objects, namespace_object
from virtual_devices.fleet.kubernetes.objects.hosting import fleet_map, fleet_objects, hosting_secrets, whole_home
from virtual_devices.fleet.kubernetes.objects.names import FLEET, namespace_of, refuse_clashes
from virtual_devices.fleet.kubernetes.objects.options import Rendering, checked
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.changing import home_of
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Wanted, declared_by, with_file

Object = dict[str, Any]


def render(home: Home, documents: Mapping[str, str], wanted: Wanted, options: Rendering) -> list[Object]:
    """All objects of a home but its Secrets, in the order in which they can be made.

    home: as its file has it.  wanted: which devices there are.  A device that is switched off has replicas 0; of the others nothing is
    said of replicas, so that whoever applies this again switches nobody on or off.  Raises ConfigurationError and SettingError.
    """
    options = checked(options)
    namespace = namespace_of(home.name, options.namespace)
    if options.density == "home":
        common = [namespace_object(home.name, namespace), *guard_objects(home.name, namespace, options), *broker_objects(home, namespace, options)]
        return [*common, *whole_home(home_of(home, wanted), documents, namespace, options)]
    found = home_objects(home, options)
    for name, description in described(home, documents, wanted, options).items():
        for each in device_objects(description, wanted.devices[name], namespace, options):
            off = each["kind"] == "Deployment" and not wanted.devices[name].replicas
            found.append({**each, "spec": {"replicas": 0, **each["spec"]}} if off else each)
    return found


def home_objects(home: Home, options: Rendering) -> list[Object]:
    """What a home has beside its devices, where each has a pod of its own."""
    namespace = namespace_of(home.name, options.namespace)
    return [
        namespace_object(home.name, namespace),
        *guard_objects(home.name, namespace, options),
        *broker_objects(home, namespace, options),
        fleet_map(home, namespace, options),
        *fleet_objects(home.name, namespace, options),
    ]


def described(home: Home, documents: Mapping[str, str], wanted: Wanted, options: Rendering) -> dict[str, Description]:
    """The descriptions of the devices that are wanted. Raises ConfigurationError and SettingError for a home that cannot be."""
    refuse_clashes(wanted.devices)
    if FLEET in wanted.devices:
        raise ConfigurationError("the fleet of a home on Kubernetes is its own pod; leave the device fleet out")
    return descriptions(home_of(home, wanted), documents, real_time=options.real_time, compiled=options.compiled)


def as_filed(home: Home) -> Wanted:
    """What is wanted where nothing has been changed live."""
    return with_file(Wanted(), declared_by(home))


def secrets(home: Home, wanted: Wanted, options: Rendering, passwords: Mapping[str, str]) -> list[Object]:
    """The Secrets of a home; values are the texts themselves. passwords: by identity, as ``passwords_of`` gives them."""
    options = checked(options)
    namespace, whole = namespace_of(home.name, options.namespace), home_of(home, wanted)
    found = [*broker_secret(whole, namespace, options, passwords), *hosting_secrets(whole, namespace, options, passwords)]
    if options.density == "device" and options.mode != "shared":
        found += [
            device_secret(home.name, entry.name, entry.kind, namespace, passwords[identity(home.name, entry.name)]) for entry in whole.devices
        ]
    return found


def passwords_of(home: Home, options: Rendering, known: Mapping[str, str]) -> dict[str, str]:
    """A password for everybody who comes to a home's broker; who is known keeps his. Raises ConfigurationError where a shared one is missing."""
    if options.mode != "shared":
        return {each: known.get(each) or new_password() for each in identities(home)}
    if options.user is not None and options.user not in known:
        raise ConfigurationError(f"{options.user} at {options.broker} needs a password; give it with --password-file")
    return dict(known)


def as_yaml(objects: Iterable[Object]) -> str:
    """The same each time: keys in the order in which Kubernetes' documentation has them, texts of several lines as blocks."""
    return "".join(f"---\n{yaml.dump(each, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=140)}" for each in objects)


def secret_names(objects: Iterable[Object]) -> list[str]:
    """Names of the Secrets that objects wait for."""
    found: dict[str, None] = {}
    for each in objects:
        pod = each.get("spec", {}).get("template", {}).get("spec", {}) if each["kind"] == "Deployment" else {}
        found |= {volume["secret"]["secretName"]: None for volume in pod.get("volumes", ()) if "secret" in volume}
    return [*found]


def with_namespace(options: Rendering, home: str) -> Rendering:
    """With the namespace by name."""
    return replace(options, namespace=namespace_of(home, options.namespace))


class _Dumper(yaml.SafeDumper):
    """Texts as people read them; nothing is referred to."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
