"""Bringing a home up on a cluster, and taking it down: the namespace and all in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.credentials.identities import identity
from virtual_devices.fleet.credentials.modes import Pass
from virtual_devices.fleet.fleet import Outcome
from virtual_devices.fleet.kubernetes.bringing import Target, bring
from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.feasible import refuse_impossible
from virtual_devices.fleet.kubernetes.kubernetes_fleet import KubernetesFleet
from virtual_devices.fleet.kubernetes.objects.broker import broker_secret
from virtual_devices.fleet.kubernetes.objects.hosting import hosting_secrets
from virtual_devices.fleet.kubernetes.objects.names import BROKER, namespace_of, ours
from virtual_devices.fleet.kubernetes.objects.options import Rendering, checked
from virtual_devices.fleet.kubernetes.objects.render import as_filed, home_objects, passwords_of, render, secrets
from virtual_devices.fleet.kubernetes.seen import as_kept, is_seeded, known_passwords, refuse_strangers
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.changing import home_of
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Wanted, declared_by, differences, with_file

_LAST = ("ResourceQuota",)
"""A quota is counted before anything is let in; where it comes last nobody waits for that."""


def bring_up(
    loop: Loop, cluster: Cluster, home: Home, documents: Mapping[str, str], rendering: Rendering, by: str, *, shared: str | None = None
) -> Outcome:
    """Bring a home up: what is there goes on with what its file says now; live changes stay.

    shared: the password of the one user, in mode shared.  Raises ConfigurationError, SettingError and BrokerError in words.
    """
    rendering = checked(rendering)
    namespace = namespace_of(home.name, rendering.namespace)
    there = refuse_strangers(cluster, home.name, namespace)
    fleet = KubernetesFleet(loop, cluster, home.name, namespace)
    seen = fleet.look_now() if there else None
    if seen is not None and (seen.rendering.density, seen.rendering.mode) != (rendering.density, rendering.mode):
        raise ConfigurationError(
            f"home {home.name} is up with density {seen.rendering.density} and credentials {seen.rendering.mode}; keep both, or take it down first"
        )
    known = known_passwords(cluster, home.name, namespace) if there else {}
    if shared is not None and rendering.user is not None:
        known[rendering.user] = shared
    if rendering.density == "home":
        return _whole(cluster, home, documents, rendering, known)
    if seen is None:
        return _first(cluster, home, documents, rendering, namespace, known, fleet, by, there=there)
    whole = home_of(home, with_file(seen.wanted, declared_by(home)))  # a list has to know also those who came live
    _seed(cluster, whole, namespace, rendering, known)
    _make(cluster, [each for each in home_objects(whole, rendering) if each["kind"] not in ("Namespace", "ConfigMap") or each["metadata"]["name"] == BROKER])
    return loop.complete(fleet.apply_home(home, documents, by, prune=False, rendering=rendering))


def homes_on(cluster: Cluster) -> list[str]:
    """Names of the homes that are up. Raises ConfigurationError for a user who may not look at namespaces."""
    found = (each["metadata"]["labels"].get("app.kubernetes.io/instance") for each in cluster.find("Namespace", None, ours()))
    return sorted(name for name in found if name)


def take_down(cluster: Cluster, home: str, namespace: str | None = None) -> str:
    """Remove the namespace and all in it, also what it keeps. Raises ConfigurationError for one that is not this home's."""
    name = namespace_of(home, namespace)
    if not refuse_strangers(cluster, home, name):
        raise ConfigurationError(f"there is no home {home} on {cluster.place}")
    cluster.delete("Namespace", name, None)
    return f"home {home} is being removed from {cluster.place}, with all that it kept"


def _first(
    cluster: Cluster, home: Home, documents: Mapping[str, str], rendering: Rendering, namespace: str, known: Mapping[str, str], fleet: KubernetesFleet, by: str,
    *, there: bool,
) -> Outcome:
    kept = as_kept(home)
    target = Target(kept, rendering, as_filed(kept), documents)
    refuse_impossible(None, target)
    passwords = passwords_of(home, rendering, known)
    ahead = [*broker_secret(home, namespace, rendering, passwords), *hosting_secrets(home, namespace, rendering, passwords)]
    objects = home_objects(kept, rendering)
    space, others = objects[0], objects[1:]
    _make(cluster, ahead if there else [space, *ahead])  # whoever may not make one works in one that was made for him
    _make(cluster, [each for each in others if each["kind"] != "Deployment" or each["metadata"]["name"] != "fleet"])
    passes = {} if rendering.mode == "shared" else {
        entry.name: Pass(identity(home.name, entry.name), passwords[identity(home.name, entry.name)]) for entry in home.devices
    }  # fmt: skip
    changes = tuple(differences(Wanted(), target.wanted))
    made = fleet.record.begin(1, by, target.wanted, changes)
    bring(cluster, namespace, None, target, passes)
    fleet.record.finish(made.number)
    _make(cluster, [each for each in others if each["kind"] == "Deployment" and each["metadata"]["name"] == "fleet"])
    return Outcome(f"home {home.name} is up on {cluster.place}: {len(target.wanted.devices)} devices", made.number, changes=changes)


def _whole(cluster: Cluster, home: Home, documents: Mapping[str, str], rendering: Rendering, known: Mapping[str, str]) -> Outcome:
    objects = render(home, documents, as_filed(home), rendering)
    passwords = passwords_of(home, rendering, known)
    _make(cluster, [objects[0], *secrets(home, as_filed(home), rendering, passwords), *objects[1:]])
    return Outcome(f"home {home.name} is up on {cluster.place}, in one pod", 0)


def _seed(cluster: Cluster, home: Home, namespace: str, rendering: Rendering, known: Mapping[str, str]) -> None:
    """See to it that everybody has a password: a list is made anew, dynamic rights are the broker's own once it has begun."""
    if rendering.mode == "shared" or (rendering.mode == "dynamic" and is_seeded(cluster, namespace)):
        return
    passwords = passwords_of(home, rendering, known)
    for each in secrets(home, as_filed(home), rendering, passwords):
        cluster.apply(each)


def _make(cluster: Cluster, objects: list[dict[str, Any]]) -> None:
    for each in sorted(objects, key=lambda each: each["kind"] in _LAST):
        cluster.apply(each)
