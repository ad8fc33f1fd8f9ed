"""Loads and the circuits that they hang on, in the order in which a picture lists them: each circuit before what is behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from virtual_devices.edge.visitor.picture import Flow


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of the picture. stem: what is drawn before its arrow, two columns for each circuit that it hangs on."""

    flow: Flow
    stem: str = ""


def branches(circuits: Sequence[Flow], loads: Sequence[Flow], room: int) -> list[Branch]:
    """All by name where they fit; else those that matter most with what they hang on, and the rest in one."""
    flows = sorted((*circuits, *loads), key=lambda flow: flow.name)
    if len(flows) <= room:
        return list(_below("", flows, ""))
    kept = _most(flows, room - 1)
    rest = len(flows) - len(kept)
    power = sum(flow.power or 0 for flow in loads if flow.name not in kept)
    return [*_below("", [flow for flow in flows if flow.name in kept], ""), Branch(Flow(f"{rest} more", power))]


def _below(circuit: str, flows: Sequence[Flow], stem: str) -> Iterator[Branch]:
    here = [flow for flow in flows if flow.on == circuit]
    for flow in here:
        if not circuit:
            own = further = ""
        else:
            own, further = (" ╰", "  ") if flow is here[-1] else (" ├", " │")
        yield Branch(flow, stem + own)
        yield from _below(flow.name, flows, stem + further)


def _most(flows: Sequence[Flow], room: int) -> set[str]:
    above = {flow.name: flow.on for flow in flows}
    kept: set[str] = set()
    for flow in sorted(flows, key=lambda flow: (-max(flow.power or 0, flow.wanted or 0), flow.name)):
        name, more = flow.name, set[str]()
        while name and name not in kept:
            more.add(name)
            name = above[name]
        if len(kept) + len(more) > room:
            break
        kept |= more
    return kept
