"""Where everything of a home stands in its drawing: cards and the lines between them, on a plane of its own units.

What gives stands at the left, the inverter in the middle, ports and circuits at the right with what hangs on them below, each a step
further in. On a narrow screen all of that stands in one column, and lines run in lanes beside it. Lines never run through a card.
A drawing of the same devices that hang on the same circuits has the same layout, so a page compares layouts to know whether to draw anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees
from typing import Literal

from virtual_devices.edge.visitor.picture import Flow, Now, PortFlow

NodeKind = Literal["source", "store", "grid", "meter", "inverter", "port", "circuit", "load"]
Course = Literal["sun", "battery", "grid", "use"]
"""Whose energy a line carries, by which it has its colour and its pattern."""

CARD, PILL = 50, 30
"""Heights of a device's card and of a port's."""
GAP = 10
_LEFT, _HUB, _PORT, _COLUMN = 250, 190, 190, 206
"""Widths at a desk: what gives, the inverter, a port, a column of what hangs on ports where there are three."""
_HUB_HEIGHT = 142
_LANE = 74
"""Room for lines between what stands beside each other."""
_PHONE, _END = 358.0, 342.0
"""Width on a phone, and where cards end there."""
_INDENT, _LEAST = 22, 120
"""How far what hangs on a circuit is moved in, and how narrow it becomes by that at most."""
_MANY, _MORE = 6, 24
"""Rows of a port above which they stand in two columns at a desk, and in three."""


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A card. id: in the drawing.  name: of the device or the port.  x, y: its upper left corner."""

    id: str
    kind: NodeKind
    name: str
    x: float
    y: float
    w: float
    h: float

    @property
    def middle(self) -> float:
        """Its middle from above."""
        return self.y + self.h / 2


@dataclass(frozen=True, slots=True)
class FlowLine:
    """A line, drawn from ``start`` to ``end``, which are ids of nodes. of: ids of the nodes whose powers it carries together.

    counts: False of a bus bar, whose power is already that of the lines that leave it.  path: as SVG writes it.  sign: where something can be
    put on it, and in which direction it runs there, in degrees.
    """

    id: str
    start: str
    end: str
    of: tuple[str, ...]
    course: Course
    path: str
    sign: tuple[float, float, float] | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class FlowLayout:
    """A drawing of this size. wide: for a desk."""

    wide: bool
    width: float
    height: float
    nodes: tuple[FlowNode, ...]
    lines: tuple[FlowLine, ...]


def layout(now: Now, wide: bool) -> FlowLayout:  # noqa: FBT001 - one of two layouts
    """Where everything of a home stands."""
    return _Desk(now).made() if wide else _Phone(now).made()


@dataclass(frozen=True, slots=True)
class _Row:
    """A circuit or a load in a block. depth: circuits above it."""

    flow: Flow
    kind: NodeKind
    depth: int


def _rows(flows: dict[str, list[tuple[Flow, NodeKind]]], on: str, depth: int = 0) -> list[_Row]:
    """What hangs there, each circuit before what hangs on it."""
    found: list[_Row] = []
    for flow, kind in flows.get(on, ()):
        found.append(_Row(flow, kind, depth))
        found += _rows(flows, flow.name, depth + 1)
    return found


class _Plan:
    """What both layouts have in common: nodes and lines as they are put down, and blocks of what hangs on a port."""

    def __init__(self, now: Now) -> None:
        self.now = now
        self.nodes: list[FlowNode] = []
        self.lines: list[FlowLine] = []
        self.bottom = 0.0
        self.right = 0.0
        hanging: dict[str, dict[str, list[tuple[Flow, NodeKind]]]] = {}
        pairs: list[tuple[Flow, NodeKind]] = [*((flow, "load") for flow in now.loads), *((flow, "circuit") for flow in now.circuits)]
        for flow, kind in sorted(pairs, key=lambda pair: pair[0].name):
            hanging.setdefault(flow.port, {}).setdefault(flow.on, []).append((flow, kind))
        self._hanging = hanging
        self.inner = [port for port in now.ports if not port.beside]
        self.beside = [port for port in now.ports if port.beside]

    def rows(self, port: str) -> list[_Row]:
        """What hangs on a port; on an empty one, what hangs nowhere."""
        return _rows(self._hanging.get(port, {}), "")

    def put(self, kind: NodeKind, name: str, x: float, y: float, w: float, h: float = CARD) -> FlowNode:
        node = FlowNode(f"n{len(self.nodes)}", kind, name, x, y, w, h)
        self.nodes.append(node)
        self.bottom, self.right = max(self.bottom, y + h), max(self.right, x + w)
        return node

    def line(
        self, start: FlowNode, end: FlowNode, course: Course, path: str, *, of: Sequence[FlowNode], sign: tuple[float, float, float] | None = None, counts: bool = True
    ) -> None:
        made = FlowLine(f"l{len(self.lines)}", start.id, end.id, tuple(node.id for node in of), course, path, sign, counts)
        self.lines.append(made)

    def block(self, top: FlowNode | None, port: str, x: float, y: float, width: float, columns: int) -> None:
        """All that hangs on a port, below its node. x, y: upper left corner, where the first column's trunk begins."""
        rows = self.rows(port)
        each = (width - (columns - 1) * GAP) / columns
        deepest = max((row.depth for row in rows), default=0)
        indent = min(_INDENT, max(0.0, each - _INDENT - _LEAST) / max(1, deepest))
        trunks: list[tuple[float, list[FlowNode]]] = []
        for number, column in enumerate(_columns(rows, columns)):
            left = x + number * (each + GAP)
            trunks.append((left + _INDENT / 2, self._column(top, column, left, y, each, indent)))
        direct = [node for _, nodes in trunks for node in nodes]
        if top is not None and direct:
            self.line(top, top, "use", _bus_bar(top, trunks), of=direct, counts=False)

    def _column(self, top: FlowNode | None, column: Sequence[_Row], left: float, y: float, width: float, indent: float) -> list[FlowNode]:
        """Rows below each other, with their lines. Returns those that hang on the top itself."""
        direct: list[FlowNode] = []
        parents: list[FlowNode] = []
        hung: dict[str, tuple[FlowNode, list[FlowNode]]] = {}
        for number, row in enumerate(column):
            x = left + _INDENT + row.depth * indent
            node = self.put(row.kind, row.flow.name, x, y + number * (CARD + GAP), left + width - x)
            del parents[row.depth :]
            above = parents[-1] if parents else top
            if parents:
                hung.setdefault(parents[-1].id, (parents[-1], []))[1].append(node)
            else:
                direct.append(node)
            if above is not None:
                begin = x - indent / 2 if parents else left + _INDENT / 2
                self.line(above, node, "use", f"M{_n(begin)} {_n(node.middle)}H{_n(x)}", of=[node])
            parents.append(node)
        for parent, nodes in hung.values():
            path = f"M{_n(nodes[0].x - indent / 2)} {_n(parent.y + parent.h)}V{_n(nodes[-1].middle)}"
            self.line(parent, parent, "use", path, of=nodes, counts=False)
        return direct

    def made_of(self, wide: bool, width: float) -> FlowLayout:  # noqa: FBT001 - as a layout says it
        """The layout of what was put down, a margin around it."""
        return FlowLayout(wide, width, self.bottom + 2, tuple(self.nodes), tuple(self.lines))


def _bus_bar(top: FlowNode, trunks: Sequence[tuple[float, list[FlowNode]]]) -> str:
    """From a port down its first column, and along its middle to those beside it. trunks: where each is, and what hangs on it."""
    (first, nodes), *others = [(x, hung) for x, hung in trunks if hung]
    path = f"M{_n(first)} {_n(top.y + top.h)}V{_n(nodes[-1].middle)}"
    for x, hung in others[:-1]:
        path += f"M{_n(x)} {_n(top.middle)}V{_n(hung[-1].middle)}"
    if others:
        x, hung = others[-1]
        path += f"M{_n(top.x + top.w)} {_n(top.middle)}H{_n(x)}V{_n(hung[-1].middle)}"
    return path


def _columns(rows: Sequence[_Row], columns: int) -> list[list[_Row]]:
    """Rows in so many columns of about the same height; what hangs on a circuit stays with it."""
    trees: list[list[_Row]] = []
    for row in rows:
        if not row.depth:
            trees.append([])
        trees[-1].append(row)
    found: list[list[_Row]] = [[] for _ in range(columns)]
    left, index = len(rows), 0
    for tree in trees:
        room = -(-left // (columns - index))
        if found[index] and len(found[index]) + len(tree) / 2 > room and index < columns - 1:
            left -= len(found[index])
            index += 1
        found[index] += tree
    return found


class _Desk(_Plan):
    """Left to right."""

    def made(self) -> FlowLayout:
        now = self.now
        given: list[FlowNode] = []
        y = 0.0
        for flows, kind in ((now.sources, "source"), (now.stores, "store")):
            for flow in flows:
                given.append(self.put(kind, flow.name, 0, y, _LEFT))  # type: ignore[arg-type]
                y += CARD + GAP
        x = _LEFT + _LANE if given or now.grids else 0
        hub_y = max(0.0, (y - GAP - _HUB_HEIGHT) / 2)
        hub = self.put("inverter", now.inverter, x, hub_y, _HUB, _HUB_HEIGHT)
        stores = {flow.name for flow in now.stores}
        for number, node in enumerate(given):
            into = hub.y + hub.h * (number + 1) / (len(given) + 1)
            self.line(node, hub, "battery" if node.name in stores else "sun", _bent(_LEFT, node.middle, x, into), of=[node], sign=_between(_LEFT, node.middle, x, into))
        level = not given and not self.beside  # with nothing above it, a grid stands beside the inverter
        meter = self._grid(hub, hub.middle - CARD / 2 if level else max(y, hub.y + hub.h + 40), level=level)
        self._consumers(hub, meter)
        return self.made_of(wide=True, width=self.right + 2)

    def _grid(self, hub: FlowNode, y: float, *, level: bool) -> FlowNode | None:
        """The grid below what gives; a meter below the inverter where something hangs on it too."""
        grids = [self.put("grid", flow.name, 0, y + number * (CARD + GAP), _LEFT) for number, flow in enumerate(self.now.grids)]
        if not grids and not self.beside:
            return None
        middle = y + (len(grids) * (CARD + GAP) - GAP) / 2 if grids else y + CARD / 2
        under = hub.x + hub.w / 2
        if not self.beside:
            for number, node in enumerate(grids):
                if level:
                    into = hub.y + hub.h * (number + 1) / (len(grids) + 1)
                    path, sign = _bent(_LEFT, node.middle, hub.x, into), _between(_LEFT, node.middle, hub.x, into)
                else:
                    path, sign = _up(_LEFT, node.middle, under, hub.y + hub.h), (_LEFT + _LANE / 2, node.middle, 0.0)
                self.line(node, hub, "grid", path, of=[node], sign=sign)
            return None
        meter = self.put("meter", "meter", hub.x, middle - CARD / 2, hub.w)
        for node in grids:
            self.line(node, meter, "grid", _bent(_LEFT, node.middle, hub.x, middle), of=[node], sign=_between(_LEFT, node.middle, hub.x, middle))
        self.line(meter, hub, "grid", f"M{_n(under)} {_n(meter.y)}V{_n(hub.y + hub.h)}", of=[meter], sign=(under, (meter.y + hub.y + hub.h) / 2, -90))
        return meter

    def _consumers(self, hub: FlowNode, meter: FlowNode | None) -> None:
        left, x = hub.x + hub.w, hub.x + hub.w + _LANE
        sizes = {port: self.rows(port.name) for port in self.now.ports}
        columns = max((_wanted(rows) for rows in sizes.values()), default=1)
        each = _COLUMN if columns > 2 else 1.5 * _COLUMN  # noqa: PLR2004 - three narrow ones have the room of two
        heights = {port: PILL + GAP + (CARD + GAP) * max(map(len, _columns(rows, _wanted(rows)))) for port, rows in sizes.items()}
        inner = sum(heights[port] + GAP for port in self.inner) - 2 * GAP
        y = max(0.0, hub.middle - inner / 2)
        for number, port in enumerate(self.inner):
            node = self._port(port, x, y, each, _wanted(sizes[port]))
            out = hub.y + hub.h * (number + 1) / (len(self.inner) + 1)
            self.line(hub, node, "use", _bent(left, out, x, node.middle), of=[node], sign=_between(left, out, x, node.middle))
            y += heights[port] + GAP
        for port in self.beside:
            node = self._port(port, x, max(y, meter.middle - PILL / 2) if meter else y, each, _wanted(sizes[port]))
            y = node.y + heights[port] + GAP
            if meter is not None:
                self.line(meter, node, "use", _bent(left, meter.middle, x, node.middle), of=[node], sign=_between(left, meter.middle, x, node.middle))
        if nowhere := self.rows(""):
            self.block(None, "", x, y, _wide(each, _wanted(nowhere)), _wanted(nowhere))

    def _port(self, port: PortFlow, x: float, y: float, each: float, columns: int) -> FlowNode:
        node = self.put("port", port.name, x, y, _PORT, PILL)
        self.block(node, port.name, x, y + PILL + GAP, _wide(each, columns), columns)
        return node


def _wide(each: float, columns: int) -> float:
    """Columns of that width, and what is between them; one alone is not too narrow for what is nested in it."""
    return max(1.5 * _COLUMN, columns * (each + GAP) - GAP)


def _wanted(rows: Sequence[_Row]) -> int:
    """How many columns a port's rows are to have at a desk."""
    trees = sum(not row.depth for row in rows)
    deepest = max((row.depth for row in rows), default=0)
    return min(trees or 1, 1 if len(rows) <= _MANY else 2 if len(rows) <= _MORE or deepest > 1 else 3)


class _Phone(_Plan):
    """From above to below."""

    def made(self) -> FlowLayout:
        given: list[tuple[Course, float, list[FlowNode]]] = [
            ("sun", 4.0, self._stack("source", self.now.sources)),
            ("battery", 13.0, self._stack("store", self.now.stores)),
            ("grid", 25.0, self._stack("grid", self.now.grids)),
        ]
        meter = self.put("meter", "meter", 36, self._below(2 * GAP), _END - 36) if self.beside else None
        hub = self.put("inverter", self.now.inverter, 0, self._below(2 * GAP), _END, 74)
        for course, lane, nodes in given:
            if nodes:
                self._lead(nodes, meter if course == "grid" and meter is not None else hub, course, lane)
        if meter is not None:
            under, low = _END / 2, meter.y + meter.h
            self.line(meter, hub, "grid", f"M{_n(under)} {_n(low)}V{_n(hub.y)}", of=[meter], sign=(under, (low + hub.y) / 2, 90))
        doors = [self._port(port) for port in self.inner]
        for node in doors:
            self.line(hub, node, "use", f"M10 {_n(node.middle)}H22", of=[node])
        if doors:
            low = hub.y + hub.h
            self.line(hub, hub, "use", f"M10 {_n(low)}V{_n(doors[-1].middle)}", of=doors, counts=False, sign=(10, low + GAP, 90))
        for port in self.beside:
            node = self._port(port)
            if meter is not None:
                path = f"M{_n(_END)} {_n(meter.middle)}H{_n(_END + 8)}V{_n(node.middle)}H{_n(_END)}"
                self.line(meter, node, "use", path, of=[node], sign=(_END + 8, (meter.y + meter.h + hub.y) / 2, 90))
        if self.rows(""):
            self.block(None, "", 22, self._below(2 * GAP), _END - 22, 1)
        return self.made_of(wide=False, width=_PHONE)

    def _below(self, gap: float) -> float:
        """Where the next one begins, so far below what is there."""
        return self.bottom + gap if self.nodes else 0.0

    def _stack(self, kind: NodeKind, flows: Sequence[Flow]) -> list[FlowNode]:
        return [self.put(kind, flow.name, 36, self._below(GAP), _END - 36) for flow in flows]

    def _lead(self, nodes: Sequence[FlowNode], into: FlowNode, course: Course, lane: float) -> None:
        """From each card to a lane beside them, and down that lane."""
        for node in nodes:
            self.line(node, into, course, f"M36 {_n(node.middle)}H{_n(lane)}", of=[node])
        last = f"V{_n(into.middle)}H36" if into.kind == "meter" else f"V{_n(into.y)}"
        path = f"M{_n(lane)} {_n(nodes[0].middle)}{last}"
        self.line(into, into, course, path, of=nodes, counts=False, sign=(lane, nodes[-1].y + CARD + GAP / 2, 90))

    def _port(self, port: PortFlow) -> FlowNode:
        node = self.put("port", port.name, 22, self._below(2 * GAP), _END - 22, PILL)
        self.block(node, port.name, 22, node.y + PILL + GAP, _END - 22, 1)
        return node


def _n(value: float) -> str:
    """A number of a path, as short as it goes."""
    return f"{value:.1f}".removesuffix(".0")


def _bent(x: float, y: float, end_x: float, end_y: float) -> str:
    """A path to the right that begins and ends level."""
    if abs(y - end_y) < 1:
        return f"M{_n(x)} {_n(y)}L{_n(end_x)} {_n(end_y)}"
    half = (x + end_x) / 2
    return f"M{_n(x)} {_n(y)}C{_n(half)} {_n(y)} {_n(half)} {_n(end_y)} {_n(end_x)} {_n(end_y)}"


def _up(x: float, y: float, end_x: float, end_y: float) -> str:
    """A path to the right and then up."""
    return f"M{_n(x)} {_n(y)}H{_n(end_x - 8)}Q{_n(end_x)} {_n(y)} {_n(end_x)} {_n(y - 8)}V{_n(end_y)}"


def _between(x: float, y: float, end_x: float, end_y: float) -> tuple[float, float, float]:
    """Its middle, and how steep it is there, in degrees."""
    steep = degrees(atan2(2 * (end_y - y), end_x - x))  # of a curve whose handles lie half way
    return (x + end_x) / 2, (y + end_y) / 2, round(steep, 1)
