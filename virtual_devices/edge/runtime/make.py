"""From a description of a device to its runtime: which role its ability plays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.conditions import ConditionsRuntime
from virtual_devices.edge.runtime.participant import ParticipantRuntime
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.device import Context
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.members.make import make_member
from virtual_devices.kit.members.member import Command, Member
from virtual_devices.kit.settings import Settings

if TYPE_CHECKING:
    from virtual_devices.kit.members.settler import Settler


@dataclass(frozen=True, slots=True)
class Description:
    """One device to be hosted.

    settings: complete and valid.  declared: JSON form of what differs from the kind's defaults, which a restart is compared with.
    events: timed commands that wait in it from a fresh start on.  documents: text of the files its settings name.  compiled: an
    inverter dispatches with compiled code.
    """

    home: str
    name: str
    kind: str
    settings: Settings
    declared: Mapping[str, Any] = field(default_factory=dict)
    events: tuple[Command, ...] = ()
    documents: Mapping[str, str] = field(default_factory=dict)
    compiled: bool = False


def make_runtime(
    loop: Loop,
    endpoint: Endpoint,
    description: Description,
    *,
    fresh: bool = False,
    duration: int | None = None,
    until: int | None = None,
    on_end: Callable[[], None] | None = None,
    on_state: Callable[[str, str, Mapping[str, Any]], None] | None = None,
    on_fatal: Callable[[str], None] | None = None,
    log: Callable[[str], None] | None = None,
) -> Runtime:
    """The runtime of a device. Raises CatalogueError before anything is connected.

    duration, until, on_end: for a clock: simulated seconds after which time ends, or UTC seconds at which it does, and who is told.
    """
    device_class = load(description.kind)
    settings = description.settings

    def make(site: SiteMessage, documents: Mapping[str, str]) -> Member:
        device = device_class(Context(description.name, site.to_kit(), documents))
        member = make_member(description.kind, device, settings, description.declared, description.events)
        if description.compiled:
            cast("Settler", member).compile()
        return member

    arguments = (loop, endpoint, description.home, description.name, description.kind, device_class, make)
    options: dict[str, Any] = {
        "on_state": on_state, "on_fatal": on_fatal, "log": log, "fresh": fresh, "documents": description.documents
    }  # fmt: skip
    if device_class.ability == "ticks":
        from virtual_devices.edge.runtime.clock import ClockRuntime  # noqa: PLC0415 - imports by role
        from virtual_devices.edge.runtime.site import site_message  # noqa: PLC0415

        values = settings_json(settings)
        return ClockRuntime(
            *arguments, own_site=site_message(description.home, values), open_step=values.get("step") is None,
            settler=values["settler"], expected=frozenset(name.strip() for name in values["wait_for"].split(",")),
            duration=duration, until=until, on_end=on_end, **options,
        )  # fmt: skip
    if device_class.ability == "settles":
        from virtual_devices.edge.runtime.settler import SettlerRuntime  # noqa: PLC0415

        return SettlerRuntime(*arguments, **options)
    if device_class.ability == "conditions":
        return ConditionsRuntime(*arguments, **options)
    return ParticipantRuntime(*arguments, **options)
