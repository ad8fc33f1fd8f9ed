"""Flows from node to node, as broad as they are large: columns from left to right, by how far a node is from where its flows begin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from virtual_devices.answers.charts.markup import Markup, each, number, tag

_NODE, _GAP, _EDGE, _LETTER = 12.0, 16.0, 10.0, 6.6
_SWEEPS = 8
_FAINT = 0.6
"""Pixels that even the smallest flow has."""


@dataclass(frozen=True, slots=True)
class SankeyNode:
    """name: by which flows call it.  label: what it is called.  style: its class, and that of flows out of it.  last: it stands at the right edge."""

    name: str
    label: str
    style: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class SankeyFlow:
    """source, target: names of nodes.  amount: above 0."""

    source: str
    target: str
    amount: float


@dataclass(slots=True)
class _Box:
    """A node with a place. column: from 0.  size: of what flows through.  top, height: pixels."""

    node: SankeyNode
    column: int
    size: float
    incoming: list[SankeyFlow] = field(default_factory=list)
    outgoing: list[SankeyFlow] = field(default_factory=list)
    top: float = 0.0
    height: float = 0.0

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def columns_of(nodes: Sequence[str], flows: Sequence[SankeyFlow]) -> dict[str, int]:
    """How many flows lie between a node and the farthest beginning of what it gets. Raises ValueError for flows that go round in a circle."""
    sources = defaultdict[str, list[str]](list)
    for flow in flows:
        sources[flow.target].append(flow.source)
    found: dict[str, int] = {}
    waiting: set[str] = set()

    def column(name: str) -> int:
        if name in found:
            return found[name]
        if name in waiting:
            raise ValueError(f"what flows out of {name} comes back to it; make what goes round one node")
        waiting.add(name)
        found[name] = max((column(source) + 1 for source in sources[name]), default=0)
        return found[name]

    for name in nodes:
        column(name)
    targets = defaultdict[str, list[str]](list)
    for flow in flows:
        targets[flow.source].append(flow.target)
    for name in nodes:  # what comes from nowhere stands just before where it goes
        if not sources[name] and targets[name]:
            found[name] = max(0, min(found[target] for target in targets[name]) - 1)
    return found


def sankey(width: float, nodes: Sequence[SankeyNode], flows: Sequence[SankeyFlow], texts: Mapping[str, str], title: str) -> Markup:
    """texts: how large a node is, in words.  A label that would reach into the next column is cut short; its bar says all of it.  Raises as ``columns_of``."""
    boxes = _boxes(nodes, [flow for flow in flows if flow.amount > 0])
    by_column = defaultdict[int, list[_Box]](list)
    for box in boxes.values():
        by_column[box.column].append(box)
    last = max(by_column, default=0)
    height = max(300.0, 2 * _EDGE + max((len(column) for column in by_column.values()), default=0) * (_GAP + 14))
    _arrange(boxes, [by_column[place] for place in sorted(by_column)], height)
    longest = max((len(f"{box.node.label} {texts.get(name, '')}") for name, box in boxes.items() if box.column == last), default=0) * _LETTER
    apart = (width - 2 * _EDGE - _NODE - longest) / max(1, last)
    ribbons, bars, labels = [], [], []
    for flow, top, bottom, thick in _threads(boxes):
        begin, end = _EDGE + boxes[flow.source].column * apart + _NODE, _EDGE + boxes[flow.target].column * apart
        bend = (begin + end) / 2
        path = (
            f"M{number(begin)} {number(top)}C{number(bend)} {number(top)} {number(bend)} {number(bottom)} {number(end)} {number(bottom)}V{number(bottom + thick)}"
            f"C{number(bend)} {number(bottom + thick)} {number(bend)} {number(top + thick)} {number(begin)} {number(top + thick)}z"
        )
        source, target = boxes[flow.source].node, boxes[flow.target].node
        words = f"{source.label} → {target.label}: {texts.get(f'{flow.source}>{flow.target}', f'{flow.amount:.0f}')}"
        ribbons.append(tag("path", tag("title", words), class_=f"ribbon {target.style if target.last else source.style}", d=path))
    for name, box in boxes.items():
        x, label, amount = _EDGE + box.column * apart, box.node.label, f" {texts.get(name, '')}"
        room = len(label + amount) if box.column == last else int((apart - _NODE) / _LETTER)
        fits, short = len(label + amount) <= room, label if len(label) <= room else f"{label[: max(1, room - 1)]}…"
        bars.append(tag("rect", tag("title", f"{label}{amount}"), class_=box.node.style, x=x, y=box.top, width=_NODE, height=max(box.height, 1.0)))
        labels.append(tag("text", short, tag("tspan", amount, class_="amount") if fits else None, class_="name", x=x + _NODE + 5, y=box.middle + 4))
    return tag("svg", tag("title", title), each(ribbons), each(bars), each(labels), viewbox=f"0 0 {width:g} {height:g}", role="img", class_="sankey")


def _boxes(nodes: Sequence[SankeyNode], flows: Sequence[SankeyFlow]) -> dict[str, _Box]:
    used = {name for flow in flows for name in (flow.source, flow.target)}
    there = [node for node in nodes if node.name in used]
    columns = columns_of([node.name for node in there], flows)
    last = max(columns.values(), default=0)
    boxes = {node.name: _Box(node, last if node.last else columns[node.name], 0.0) for node in there}
    for flow in flows:
        boxes[flow.source].outgoing.append(flow)
        boxes[flow.target].incoming.append(flow)
    for box in boxes.values():
        box.size = max(sum(flow.amount for flow in box.incoming), sum(flow.amount for flow in box.outgoing))
    return boxes


def _arrange(boxes: Mapping[str, _Box], columns: Sequence[list[_Box]], height: float) -> None:
    """Give each a place: near those whose flows it has, none upon another."""
    room = [(height - 2 * _EDGE - _GAP * (len(column) - 1)) / sum(box.size for box in column) for column in columns if column]
    scale = min(room, default=1.0)
    for column in columns:
        top = (height - sum(box.size * scale for box in column) - _GAP * (len(column) - 1)) / 2
        for box in column:
            box.top, box.height = top, box.size * scale
            top += box.height + _GAP
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        for column in columns if forwards else reversed(columns):
            for box in column:
                own = box.incoming if forwards else box.outgoing
                beside = [(boxes[flow.source if forwards else flow.target].middle, flow.amount) for flow in own]
                if beside:
                    box.top = sum(middle * amount for middle, amount in beside) / sum(amount for _, amount in beside) - box.height / 2
            _apart(column, height)


def _apart(column: list[_Box], height: float) -> None:
    column.sort(key=lambda box: box.middle)
    top = _EDGE
    for box in column:
        box.top = max(box.top, top)
        top = box.top + box.height + _GAP
    bottom = height - _EDGE
    for box in reversed(column):
        box.top = min(box.top, bottom - box.height)
        bottom = box.top - _GAP


def _threads(boxes: Mapping[str, _Box]) -> list[tuple[SankeyFlow, float, float, float]]:
    """Each flow with where it begins and ends, and how thick it is: those of one node one below the other, in the order of their other ends."""
    begins, ends = dict[tuple[str, str], float](), dict[tuple[str, str], float]()
    for box in boxes.values():
        scale = box.height / box.size if box.size else 0.0
        top = box.top
        for flow in sorted(box.outgoing, key=lambda flow: boxes[flow.target].middle):
            begins[flow.source, flow.target] = top
            top += flow.amount * scale
        top = box.top
        for flow in sorted(box.incoming, key=lambda flow: boxes[flow.source].middle):
            ends[flow.source, flow.target] = top
            top += flow.amount * scale
    found = []
    for box in boxes.values():
        scale = box.height / box.size if box.size else 0.0
        found += [
            (flow, begins[flow.source, flow.target], ends[flow.source, flow.target], max(flow.amount * scale, _FAINT)) for flow in box.outgoing
        ]  # fmt: skip
    return found
