"""What verbs share that render a home for a cluster, or bring it up there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from virtual_devices.cli._options import COMMAND_LINE
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from virtual_devices.edge.mqtt.endpoint import Endpoint
    from virtual_devices.fleet.fleet import Outcome
    from virtual_devices.fleet.kubernetes.objects.options import Rendering

Verb = TypeVar("Verb", bound=Callable[..., Any])
_CHOICES = {"density": "density", "credential_mode": "mode", "namespace": "namespace", "device_image": "device_image", "sky_image": "sky_image", "broker_image": "broker_image"}


def rendering_options(verb: Verb) -> Verb:
    """Adds how a home becomes objects of Kubernetes; the verb gets ``chosen_rendering``, with what was chosen."""

    @click.option("--namespace", metavar="NAME", help="On Kubernetes: the namespace; else called like the home.")
    @click.option("--density", type=click.Choice(["device", "home"]), help="On Kubernetes: a pod for each device (default), or one for the home.")
    @click.option(
        "--credentials", "credential_mode", type=click.Choice(["dynamic", "static", "shared"]),
        help="On Kubernetes: how devices get theirs at the broker; shared: on your own, see --broker.",
    )  # fmt: skip
    @click.option("--device-image", metavar="IMAGE", help="On Kubernetes: of devices that need little.")
    @click.option("--sky-image", metavar="IMAGE", help="On Kubernetes: of the sky, arrays, records and the fleet.")
    @click.option("--broker-image", metavar="IMAGE", help="On Kubernetes: of mosquitto.")
    @click.option("--no-volumes", is_flag=True, help="On Kubernetes: nothing survives its pod.")
    @click.option("--unguarded", is_flag=True, help="On Kubernetes: without limits, quota and network policies.")
    @functools.wraps(verb)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        chosen = {field: value for name, field in _CHOICES.items() if (value := options.pop(name)) is not None}
        chosen |= {field: False for name, field in (("no_volumes", "volumes"), ("unguarded", "guarded")) if options.pop(name)}
        return verb(*arguments, chosen_rendering=chosen, **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


def rendering_of(chosen: dict[str, Any], broker: Endpoint | None) -> Rendering:
    """The rendering that was asked for. Raises ConfigurationError for choices that do not go together."""
    from virtual_devices.fleet.kubernetes.objects.options import Rendering, checked  # noqa: PLC0415 - most never render

    if broker is not None:
        chosen = {"mode": "shared", **chosen, "broker": broker.url, "user": broker.username}
    return checked(Rendering(**chosen))


def bring_up_there(place: str, home_file: Path, chosen: dict[str, Any], broker: Endpoint | None) -> Outcome:
    """Bring a home up on the cluster of a place."""
    import time  # noqa: PLC0415

    from virtual_devices.edge.files.read import read_home  # noqa: PLC0415 - a home on this machine does without
    from virtual_devices.edge.loop import Loop  # noqa: PLC0415
    from virtual_devices.fleet.kubernetes.cluster import place_of  # noqa: PLC0415
    from virtual_devices.fleet.kubernetes.installing import bring_up  # noqa: PLC0415

    cluster = place_of(place)
    if cluster is None:
        raise ConfigurationError(f"{place} is no cluster; write kubernetes or kubernetes:CONTEXT")
    home, documents = read_home(home_file, now=int(time.time()))
    with Loop() as loop:
        shared = broker.password if broker is not None else None
        return bring_up(loop, cluster, home, documents, rendering_of(chosen, broker), COMMAND_LINE, shared=shared)
