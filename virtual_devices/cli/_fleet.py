"""What verbs that ask a home's fleet share: where it is, the wish, the answer."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import click

from virtual_devices.cli._many import ManyHomes, ask_many, choosing_options
from virtual_devices.cli._options import COMMAND_LINE, broker_options, home_option, json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.client.wishes import FleetWishes
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import printable
from virtual_devices.fleet.fleet import Fleet, Outcome
from virtual_devices.kit.errors import ConfigurationError

PLACE_VARIABLE = "VIRTUAL_DEVICES_PLACE"
LOCAL = "local"

T = TypeVar("T")
Verb = TypeVar("Verb", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """Where a fleet is: the place as written, the home, and the broker for a local one. many: the fleets of these homes."""

    place: str
    home: str | None
    endpoint: Endpoint
    many: ManyHomes | None = None


def place_option(verb: Verb) -> Verb:
    """Adds ``--place``."""
    return click.option(
        "--place", envvar=PLACE_VARIABLE, show_envvar=True, default=LOCAL, show_default=True, metavar="local|kubernetes[:CONTEXT]",
        help="Where the home runs.",
    )(verb)  # fmt: skip


def fleet_options(verb: Verb) -> Verb:
    """Adds ``--place``, ``--home``, ``--json`` and where the broker is; the verb gets ``where`` and ``as_json``."""

    @place_option
    @home_option
    @broker_options
    @json_option
    @functools.wraps(verb)
    def wrapped(*arguments: Any, place: str, home: str | None, endpoint: Endpoint, **options: Any) -> Any:
        return verb(*arguments, where=Where(place, home, endpoint), **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


def fleets_options(verb: Verb) -> Verb:
    """The same, and ``--homes`` and ``--label``."""

    @choosing_options
    @fleet_options
    @functools.wraps(verb)
    def wrapped(*arguments: Any, where: Where, many: ManyHomes | None, **options: Any) -> Any:
        if many is not None and where.home is not None:
            raise click.UsageError("--home is one home, --homes and --label are several; give one of them")
        if many is not None and where.place != LOCAL:
            raise click.UsageError("--homes and --label choose among the homes of a broker; leave --place out")
        return verb(*arguments, where=replace(where, many=many), **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


@contextmanager
def asked(where: Where) -> Iterator[FleetWishes]:
    """What can be wished of the fleet. Raises BrokerError where there is none."""
    if where.place != LOCAL:
        with _on_cluster(where) as found:
            yield found
        return
    from virtual_devices.client.running_home import RunningHome  # noqa: PLC0415 - a cluster does without a broker

    with RunningHome(where.endpoint, where.home, by=COMMAND_LINE) as running:
        yield running.fleet


@contextmanager
def _on_cluster(where: Where) -> Iterator[FleetWishes]:
    from virtual_devices.edge.loop import Loop  # noqa: PLC0415 - a fleet on the bus has one in its session
    from virtual_devices.fleet.kubernetes.cluster import cluster_of, context_of  # noqa: PLC0415 - the client
    from virtual_devices.fleet.kubernetes.installing import homes_on  # noqa: PLC0415
    from virtual_devices.fleet.kubernetes.kubernetes_fleet import KubernetesFleet  # noqa: PLC0415

    cluster = cluster_of(context_of(where.place))
    homes = [where.home] if where.home is not None else homes_on(cluster)
    if len(homes) != 1:
        raise ConfigurationError(f"there is no home on {cluster.place}" if not homes else f"{cluster.place} has homes {', '.join(homes)}; name one with --home")
    with Loop() as loop:
        fleet = KubernetesFleet(loop, cluster, homes[0])
        try:
            loop.complete(fleet.look())
            yield _ClusterWishes(fleet, loop.complete)
        finally:
            fleet.close()


class _ClusterWishes(FleetWishes):
    """Of a home on a cluster."""

    def __init__(self, fleet: Fleet, complete: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        super().__init__(COMMAND_LINE)
        self._fleet, self._complete = fleet, complete

    def ask(self, make: Callable[[Fleet], Coroutine[Any, Any, T]]) -> T:
        found: T = self._complete(make(self._fleet))
        return found


def wish(where: Where, make: Callable[[FleetWishes], Outcome], *, as_json: bool) -> None:
    """Wish something of the fleet, and say what came of it."""
    with asked(where) as fleet:
        _tell(make(fleet), as_json=as_json)


def wishes(where: Where, names: Iterable[str], make: Callable[[FleetWishes, str], Outcome], *, as_json: bool) -> None:
    """Wish the same of several devices, one after the other, until one is refused; of many homes, each for itself."""
    if where.many is not None:
        ask_many(where.endpoint, where.many, lambda running: "; ".join(make(running.fleet, name).said for name in names), as_json=as_json)
        return
    with asked(where) as fleet:
        for name in names:
            _tell(make(fleet, name), as_json=as_json)


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        told = {"said": outcome.said, "revision": outcome.revision, "name": outcome.name, "changes": list(outcome.changes)}
        echo_json(json.dumps({key: value for key, value in told.items() if value is not None}, indent=2, ensure_ascii=False))
        return
    click.echo(printable(outcome.said))
    for line in outcome.changes:
        click.echo(f"  {printable(line)}")
