"""Hosting one device in this process: what a container does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.metrics.vitals import Vitals
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import Murmur
from virtual_devices.edge.runtime.make import Description, make_runtime
from virtual_devices.edge.stopping import end_with_stdin, ended_at_the_latest, stopped_by_signals
from virtual_devices.fleet.described import DescribedDevice
from virtual_devices.fleet.garbage import exempt_what_is_loaded
from virtual_devices.fleet.keeping.places import records_folder, state_folder
from virtual_devices.fleet.measured import serve_metrics
from virtual_devices.fleet.pulse import beating
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.forms.changes import settings_json, settings_of, validate_change
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.names import NAME, misnomer
from virtual_devices.record.device.make import roles_with_record

if TYPE_CHECKING:
    from virtual_devices.edge.runtime.runtime import Runtime


STOP_WITHIN = 1.8
"""Wall seconds after a signal, or ``stop``, within which the process is gone, whatever holds it up: a name server, a broker that hangs."""
FAREWELL = 1.2
"""Of them those that the broker has to acknowledge the last words."""


def host_device(
    wanted: DescribedDevice,
    endpoint: Endpoint,
    *,
    metrics: MetricsAddress | None = None,
    fresh: bool = False,
    alone: bool = False,
    duration: int | None = None,
    until: str | None = None,
    compiled: bool = False,
    health: Path | None = None,
    say: Callable[[str], None],
) -> None:
    """Host a device until SIGTERM, SIGHUP, Ctrl-C, the word ``stop`` or, for a clock, the end of its time.

    health: touched each second in which it is well, see ``Pulse``.  Raises SettingError, CatalogueError and ConfigurationError for what is
    wrong with what is wanted, VirtualDevicesError when the device cannot go on.
    """
    home, name, kind, folder = wanted.home, wanted.name, wanted.kind, wanted.folder
    for word in (home, name):
        if not NAME.fullmatch(word):
            raise ConfigurationError(f"{word!r} is no name; use small letters, digits and _, beginning with a letter")
    if objection := misnomer(name, kind):
        raise ConfigurationError(f"{name}: {objection}")
    device_class = load(kind)
    if compiled and device_class.ability != "settles":
        raise ConfigurationError(f"{name}: a device of kind {kind!r} has nothing to compile; leave --compiled to the inverter")
    complete = expected = validate_change(device_class, device_class.settings_type(), wanted.settings, live=False)
    plain = settings_json(complete)
    declared = {key: plain[key] for key in wanted.settings}
    documents = _documents(device_class, declared, folder)
    happening = sorted(wanted.events, key=lambda event: event.at or 0)
    for event in happening:
        expected = validate_change(device_class, expected, event.changes, live=True)
    description = Description(home, name, kind, complete, declared, tuple(happening), documents, compiled)
    end = parse_instant(until, "UTC") if until is not None else None
    failure: list[str] = []
    with Loop() as loop:

        def fail(reason: str) -> None:
            failure.append(reason)
            loop.stop()

        measured = serve_metrics(metrics, home) if metrics is not None else None
        vitals = Vitals(home, lambda: runtime.client.connected)
        vitals.follow({name: kind})
        runtime = make_runtime(
            loop, endpoint, description, fresh=fresh, alone=alone, duration=duration, until=end, on_end=loop.stop,
            on_state=measured.update if measured is not None else None, on_heard=vitals.hear if measured is not None else None, on_fatal=fail, on_stop=loop.stop, log=Murmur(loop, say), roles=roles_with_record(folder, lambda: records_folder(state_folder(home))),
        )  # fmt: skip
        if measured is not None:
            measured.watch(vitals)
        end_with_stdin(loop)
        ending = ended_at_the_latest(STOP_WITHIN, say)
        with ending, stopped_by_signals(loop), _watched(loop, folder, runtime), beating(loop, runtime, health, say):
            loop.complete(_host(loop, runtime))
    if failure:
        raise VirtualDevicesError(failure[0])


async def _host(loop: Loop, runtime: Runtime) -> None:
    """Until the loop is stopped."""
    runtime.start()
    exempt_what_is_loaded(loop)
    await loop.until()
    runtime.stop(FAREWELL)
    await runtime.client.leave(grace=FAREWELL)


def _documents(device_class: type[AnyDevice], declared: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Text of the files that settings name."""
    names = [str(declared[item.name]) for item in settings_of(device_class) if item.document and declared.get(item.name)]
    if not names:
        return {}
    from virtual_devices.edge.files.read import read_document  # noqa: PLC0415 - it brings YAML, which few devices need

    return {file: read_document(file, folder) for file in names}


@contextmanager
def _watched(loop: Loop, folder: Path, runtime: Runtime) -> Iterator[None]:
    """What changes in the device's files is taken over within the block."""
    if not runtime.documents:
        yield
        return
    from virtual_devices.edge.files.watch import DocumentWatch  # noqa: PLC0415 - it brings YAML, which few devices need

    watch = DocumentWatch(loop, folder, [runtime])
    try:
        yield
    finally:
        watch.close()
