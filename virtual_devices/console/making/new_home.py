"""What a new home may begin with in a form: examples and presets, as drafts. No page, and no bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.answers.starting.draft import DraftDevice, HomeDraft
from virtual_devices.answers.starting.presets import PRESETS
from virtual_devices.answers.starting.questions import answers
from virtual_devices.console.making.answering import form_draft, read_answers
from virtual_devices.edge.faces.kinds import every_kind
from virtual_devices.edge.files import examples
from virtual_devices.edge.files.cities import zones
from virtual_devices.edge.files.read import SHIPPED
from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home, documents_needed
from virtual_devices.kit.names import CLOCK


@dataclass(frozen=True, slots=True)
class Beginning:
    """An example, or a preset, that a new home may begin from. title: what it shows."""

    name: str
    title: str
    draft: HomeDraft


@dataclass(frozen=True, slots=True)
class Beginnings:
    """All that a form for a new home needs. zones: names of time zones.  usual: answers where nobody says anything, by question."""

    kinds: Mapping[str, KindForm]
    examples: tuple[Beginning, ...]
    zones: tuple[str, ...]
    usual: Mapping[str, str]


def beginnings(now: int) -> Beginnings:
    """What there is to begin from; examples that name files of their own are not among it. now: UTC seconds."""
    found = []
    for name in examples.names():
        try:
            home = parse(examples.example(name).read_text("utf-8"), now=now)
        except VirtualDevicesError:
            continue  # of a kind that is not installed here
        if all(each.startswith(SHIPPED) for each in documents_needed(home)):
            found.append(Beginning(name, examples.title(name), draft_of(home)))
    found.sort(key=lambda each: each.name != examples.DEFAULT)
    begun = [Beginning(each.name, each.title, form_draft(answers(each.texts), now, each)) for each in PRESETS.values()]
    return Beginnings({form.kind: form for form in every_kind().kinds}, (*found[:1], *begun, *found[1:]), zones(), read_answers({}, now).usual)


def draft_of(home: Home) -> HomeDraft:
    """A draft of a home that there is; it begins now, and without its events."""
    site = home.site
    place = {"latitude": site.latitude, "longitude": site.longitude, "altitude": f"{site.altitude:g} m", "time_zone": site.zone}
    devices = [DraftDevice(entry.name, entry.kind, dict(entry.written)) for entry in home.devices if entry.name != CLOCK]
    return HomeDraft(home.name, place, {"start": "now"}, site.seed, devices)
