"""What was kept by another version of this program: brought forward, or refused in words.

A format has a number. One that is older is brought forward step by step, each step a pure function from one number to
the next; one that is newer is refused, since nobody here knows what it means. Settings come and go without a new
number: what is gone is dropped and told, what is new has a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from virtual_devices import __version__
from virtual_devices.kit.errors import ProtocolError, shown
from virtual_devices.kit.forms.changes import model_of, settings_json
from virtual_devices.kit.ledger.transfers import edge_list
from virtual_devices.kit.settings import Settings, following

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice

UpgradeStep = Callable[[dict[str, Any]], dict[str, Any]]


def _naming_its_program(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """1 → 2: a checkpoint names the program that wrote it, and an inverter's the edge list that was hashed last."""
    edges = checkpoint.get("edges")
    if isinstance(edges, list):
        checkpoint = {**checkpoint, "edges": edge_list(tuple((str(source), str(sink)) for source, sink in edges))}
    return {**checkpoint, "program": "0.1.0"}


def _leaving_unset(checkpoint: dict[str, Any], former: Mapping[str, Any]) -> dict[str, Any]:
    """A setting that nobody declared, and that is as it was by default, is left out where it follows others by default today, or is unset.

    former: those defaults. Until then they were written out, so that nobody could tell them from a value that was set.
    """
    settings, declared = checkpoint.get("settings"), checkpoint.get("declared")
    if not isinstance(settings, dict) or not isinstance(declared, dict):
        return checkpoint
    left = {name: value for name, value in settings.items() if name in declared or name not in former or value != former[name]}
    return {**checkpoint, "settings": left}


CHECKPOINT_VERSION = 4
CHECKPOINT_STEPS: Mapping[int, UpgradeStep] = {1: _naming_its_program}
"""From each older version of a checkpoint to the next, but for what depends on the device."""

REMEDY = "start afresh with --fresh"


def forward(kept: Mapping[str, Any], version: int, steps: Mapping[int, UpgradeStep]) -> dict[str, Any]:
    """Something with a ``version``, in the form of ``version``.

    Raises ProtocolError for what a newer version wrote, and for what has no version that is known here.
    """
    found = kept.get("version")
    if isinstance(found, int) and found > version:
        raise ProtocolError(
            f"it was written by a newer version of virtual-devices ({kept.get('program', 'unknown')}, format {found}; this is "
            f"{__version__}, format {version}); upgrade, or {REMEDY}"
        )
    content = dict(kept)
    while content.get("version") != version:
        step = steps.get(content["version"]) if isinstance(content.get("version"), int) else None
        if step is None:
            raise ProtocolError(f"its format {shown(found)} is none that this version ({__version__}) can read; {REMEDY}")
        content = {**step(content), "version": content["version"] + 1}
    return content


def checkpoint_of(kept: Mapping[str, Any], device_class: type[AnyDevice]) -> dict[str, Any]:
    """A checkpoint of a device in today's form. Raises ProtocolError like ``forward``."""
    steps = {version - 1: partial(_leaving_unset, former=device_class.former_defaults.get(version, {})) for version in (3, 4)}
    return forward(kept, CHECKPOINT_VERSION, {**CHECKPOINT_STEPS, **steps})


def unset_since(kept: Mapping[str, Any], device: AnyDevice, settings: Settings) -> list[str]:
    """What a checkpoint, as it was found, had by default that is unset today, in words; empty where there is nothing of the kind.

    settings: in force now.  What comes to the same for this device is not told.
    """
    brought, now = checkpoint_of(kept, type(device))["settings"], settings_json(settings)
    same = {name: value for name, value in device.in_force(settings, 0).items() if name in device.unset_for_good} if device.unset_for_good else {}
    left = {
        name: value for name, value in kept["settings"].items()
        if name not in brought and name in now and now[name] is None and same.get(name) != value
    }  # fmt: skip
    if not left:
        return []
    named = ", ".join(f"{name} {shown(value)}" for name, value in left.items())
    return [f"{named}: nobody had set these former defaults, so that they do not hold any more from the next window on; set them to have them back"]


def carried_over(base: Settings, kept: Mapping[str, Any], *, whole: bool = False) -> tuple[Settings, list[str]]:
    """``base`` with the kept values (JSON form) that still hold, and in words those that do not.

    Where values do not go together with the base, as many are taken as go.  whole: all that was set is among the kept values, so what
    follows others and is not among them goes on following.
    """
    model = type(base)
    follow = following(model) - kept.keys() if whole else frozenset[str]()
    own = {name: value for name, value in base.chosen().items() if name not in follow}
    settings, problems = model_of(model, {**own, **kept})
    if settings is not None:
        return settings, []
    wrong = {
        name: text if name in model.model_fields else "this version has no such setting" for name, text in problems if name in kept
    }
    left = {name: value for name, value in kept.items() if name not in wrong}
    settings, _ = model_of(model, {**own, **left})
    if settings is None:
        settings, conflicts = _as_many_as_go(base, left)
        wrong |= conflicts
    now = settings_json(settings)
    holds = {name: f"; {shown(now[name])} holds" if name in now else "" for name in wrong}
    return settings, [f"its kept setting {name} = {shown(kept[name])} is dropped ({text}){holds[name]}" for name, text in wrong.items()]


def _as_many_as_go(settings: Settings, values: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    """Settings with as many of the values as they can have together, and why they cannot have the others."""
    left, progress = dict(values), True
    wrong: dict[str, str] = {}
    while progress:  # one may go only after another
        progress = False
        for name in list(left):
            found, problems = model_of(type(settings), {**settings.chosen(), name: left[name]})
            if found is None:
                wrong[name] = "; ".join(text for _, text in problems)
            else:
                settings, progress = found, True
                del left[name]
                wrong.pop(name, None)
    return settings, wrong
