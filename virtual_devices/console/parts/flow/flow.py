"""The flow of a home as a drawing: SVG once, and from then on only what changed.

``drawing`` makes the SVG of a layout, ``values`` says for each part of it what it shows, and ``changes`` what a browser has to be told between
two looks; ``flow.js`` puts that in, ``flow.css`` says how it looks. Whatever comes from the bus goes through ``safe``.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log10

from virtual_devices.console.parts.flow.balance import line_powers, node_powers
from virtual_devices.console.parts.flow.icons import icon
from virtual_devices.console.parts.flow.layout import CARD, FlowLayout, FlowLine, FlowNode
from virtual_devices.console.parts.flow.words import CALLED, NAME, SMALL, Sayings, fitted, width_of
from virtual_devices.console.parts.safe import SafeHtml, joined, markup, plain
from virtual_devices.edge.visitor.picture import OPEN, STILL, SWITCHED_OFF, Flow, Now, watts

Values = dict[str, list[str | float | None]]
"""By a part's id: its text, its classes, and a number that its style asks for; None for what the part does not have."""

_FAST, _SLOW = 0.5, 4.0
"""Seconds in which a pattern moves on by itself, at 10 kW and more and at 10 W and less."""
_MOVES = 8
"""So many speeds there are: a movement begins anew where its speed changes, so it shall seldom do."""
_EDGE, _TEXT = 12.0, 44.0
"""Where a card's text ends before its edge, and where it begins."""
_ROOMY = 220
"""Width from which on a card has its power beside its words instead of below them."""
_POWER = 66.0
"""Room for it there."""
_TALL = 100
"""Height from which on an inverter's card has its words in the middle."""
_LINE = (
    '<g class="{css}" data-id="{id}" style="--v:{speed}"><path class="vd-wire" d="{path}"/><path class="vd-run" d="{path}"/>{sign}</g>'
)
_SIGN = (
    '<g transform="translate({x} {y}) rotate({turn})"><path class="vd-head" d="M-4 -5L5 0L-4 5Z"/>'
    '<circle class="vd-cut" r="7.5"/><path class="vd-cut" d="M-3.2 -3.2L3.2 3.2M3.2 -3.2L-3.2 3.2"/></g>'
)
_NODE = (
    '<g class="{css}" data-id="{id}"{act} transform="translate({x} {y})"><title data-id="{id}t">{title}</title>'
    '<rect class="vd-card" width="{w}" height="{h}" rx="{round}"/>{inside}</g>'
)
_ACT = ' data-device="{name}" tabindex="0" role="button"'
_ICON = '<path class="vd-icon" transform="translate({x} {y}) scale({scale})" d="{strokes}"/>'
_WORD = '<text class="{css}" x="{x}" y="{y}">{text}</text>'
_TOLD = '<text class="{css}" data-id="{id}" x="{x}" y="{y}">{text}</text>'
_GAUGE = (
    '<rect class="vd-trough" x="{x}" y="{y}" width="{w}" height="4" rx="2"/>'
    '<rect class="vd-level" data-id="{id}" style="--v:{level}" x="{x}" y="{y}" width="{w}" height="4" rx="2"/>'
)


def drawing(now: Now, drawn: FlowLayout, texts: Mapping[str, str] | None = None, *, id: str = "vd-flow") -> SafeHtml:  # noqa: A002 - as it is called there
    """The SVG of a home with its values in it.

    texts: other words for those that are said here, by them.  id: of the SVG element.
    """
    shown = values(now, drawn, texts)
    kinds = {flow.name: flow.kind for flow in _all(now)}
    lines = joined(*(_line(line, shown) for line in drawn.lines))
    nodes = joined(*(_node(node, kinds.get(node.name, ""), shown) for node in drawn.nodes))
    return markup(
        '<svg xmlns="http://www.w3.org/2000/svg" id="{id}" class="vd-flow" viewBox="-1 -1 {w} {h}" style="max-width:{w}px">'
        '<g role="img" aria-labelledby="{id}-words"><title id="{id}-words" data-id="words">{words}</title>{lines}</g>{nodes}</svg>',
        id=id, w=_short(drawn.width + 2), h=_short(drawn.height + 2), words=shown["words"][0], lines=lines, nodes=nodes,
    )  # fmt: skip


def values(now: Now, drawn: FlowLayout, texts: Mapping[str, str] | None = None) -> Values:
    """What each part of the drawing of a layout shows just now."""
    words = Sayings(texts or {})
    flows = {flow.name: flow for flow in _all(now)}
    powers = node_powers(now, drawn)
    found: Values = {"words": [words.of_home(now), None, None]}
    for node in drawn.nodes:
        found |= _node_values(now, node, flows.get(node.name), powers[node.id], words)
    nodes = {node.id: node for node in drawn.nodes}
    for line, power in zip(drawn.lines, line_powers(now, drawn).values(), strict=True):
        found[line.id] = [None, _line_css(now, line, nodes, flows, power), _seconds(power)]
    return found


def changes(before: Values, after: Values) -> Values:
    """What a browser that shows the one has to be told to show the other: of each part what changed, None for the rest of it."""
    found: Values = {}
    for id_, parts in after.items():
        had = before.get(id_, [None, None, None])
        if parts != had:
            found[id_] = [part if part != old else None for part, old in zip(parts, had, strict=True)]
    return found


# -- what is shown ------------------------------------------------------------------------------------------------------


def _all(now: Now) -> tuple[Flow, ...]:
    return (*now.sources, *now.stores, *now.grids, *now.circuits, *now.loads)


def _node_values(now: Now, node: FlowNode, flow: Flow | None, power: float | None, words: Sayings) -> Values:
    """Of a card: itself, its title, and the words on it."""
    if node.kind == "inverter":
        note = " · ".join(filter(None, (words.say("on its own") if now.islanded else "", now.condition.split(",")[0])))
        right, css = "" if power is None else words.loses(power), _inverter_css(now)
        title = f"{node.name or words.say('no inverter')}: {now.condition}, {right}"
    elif node.kind == "meter":
        note = "" if power is None or abs(power) < STILL else words.say("to inverter" if power > 0 else "from inverter")
        right, css = watts(None if power is None else abs(power)), ""
        title = f"{words.say('meter')}: {', '.join(filter(None, (right, note)))}"
    elif flow is None:
        live = all(port.live for port in now.ports if port.name == node.name)
        note, right, css = "" if live else words.say("without power"), watts(power), "" if live else "dark"
        title = f"{words.say(node.name)}: {', '.join(filter(None, (right, note)))}"
    else:
        note, right = words.of_flow(flow)
        css, title = _flow_css(flow), words.title(flow)
    small = node.w - _TEXT - _EDGE
    room = node.w - 2 * _EDGE if node.h > _TALL else small - (width_of(right, SMALL if node.w < _ROOMY else NAME) + 6 if right else 0)
    found: Values = {
        node.id: [None, " ".join(filter(None, ("vd-node", node.kind, "" if note else "bare", css))), None],
        f"{node.id}t": [plain(title), None, None],
        f"{node.id}w": [fitted(right, small, SMALL), None, None],
    }
    if node.kind != "port":
        found[f"{node.id}n"] = [fitted(note, room, SMALL), None, None]
    if node.kind == "store":
        level = flow.level if flow is not None else None
        found[f"{node.id}l"] = [None, None, round(min(1.0, max(0.0, level or 0.0)), 3)]
    return found


def _flow_css(flow: Flow) -> str:
    if not flow.online:
        return "away"
    if flow.note in (*OPEN, SWITCHED_OFF):
        return "off tripped" if flow.note == "tripped" else "off"
    return "" if flow.fine else "dark"


def _inverter_css(now: Now) -> str:
    word = now.condition.split(",")[0]
    return " ".join(filter(None, (word if word in ("alarm", "fault", "standby") else "", "island" if now.islanded else "")))


def _line_css(now: Now, line: FlowLine, nodes: Mapping[str, FlowNode], flows: Mapping[str, Flow], power: float | None) -> str:
    """The classes of a line: whose energy it carries, whether and which way it moves, and whether it leads anywhere."""
    css = ["vd-line", line.course]
    devices = [flows[node.name] for id_ in line.of if (node := nodes[id_]).name in flows]
    if line.course == "grid" and (any(not flow.fine or flow.note == SWITCHED_OFF for flow in devices) or (now.islanded and nodes[line.end].kind == "inverter")):
        return "vd-line grid cut"
    states = {_flow_css(flow).partition(" ")[0] for flow in devices}
    if len(states) == 1:
        css += filter(None, states)
    if power is None or abs(power) < STILL:
        css.append("still")
    elif power < 0:
        css.append("back")
    return " ".join(css)


def _seconds(power: float | None) -> float:
    """In which a line's pattern moves on by itself."""
    size = max(10.0, min(10_000.0, abs(power or 0.0)))
    share: float = round((log10(size) - 1) / 3 * _MOVES) / _MOVES
    return round(_SLOW * float((_FAST / _SLOW) ** share), 2)


# -- how it is written --------------------------------------------------------------------------------------------------


def _line(line: FlowLine, shown: Values) -> SafeHtml:
    _, css, speed = shown[line.id]
    sign = SafeHtml()
    if line.sign is not None:
        x, y, turn = line.sign
        sign = markup(_SIGN, x=_short(x), y=_short(y), turn=turn)
    return markup(_LINE, css=css, id=line.id, speed=speed, path=line.path, sign=sign)


def _node(node: FlowNode, kind: str, shown: Values) -> SafeHtml:
    act = markup(_ACT, name=node.name) if node.kind not in ("port", "meter") and node.name else SafeHtml()
    return markup(
        _NODE, css=shown[node.id][1], id=node.id, act=act, x=_short(node.x), y=_short(node.y), title=shown[f"{node.id}t"][0],
        w=_short(node.w), h=_short(node.h), round=12 if node.h >= CARD else _short(node.h / 2), inside=_inside(node, kind, shown),
    )  # fmt: skip


def _inside(node: FlowNode, kind: str, shown: Values) -> SafeHtml:
    """The icon and the words of a card."""
    strokes, name, right = icon(node.kind, kind), CALLED.get(node.name, node.name), node.w - _EDGE
    if node.h > _TALL:
        middle, room = node.w / 2, node.w - 2 * _EDGE
        return joined(
            markup(_ICON, x=middle - 18, y=14, scale=1.5, strokes=strokes),
            markup(_WORD, css="vd-name vd-mid", x=middle, y=76, text=fitted(name or "no inverter", room, NAME)),
            _told("vd-note vd-mid", f"{node.id}n", middle, 97, shown),
            _told("vd-watts vd-mid", f"{node.id}w", middle, 120, shown),
        )
    if node.kind == "port":
        return joined(
            markup(_WORD, css="vd-name", x=14, y=20, text=fitted(name, right - 14 - _POWER, NAME)),
            _told("vd-watts vd-end", f"{node.id}w", right, 20, shown),
        )
    roomy, middle = node.w >= _ROOMY, node.h / 2
    parts = [
        markup(_ICON, x=13, y=middle - 10.8, scale=0.9, strokes=strokes),
        markup(_WORD, css="vd-name vd-lone" if roomy else "vd-name", x=_TEXT, y=middle - 4, text=fitted(name or "no inverter", right - _TEXT - (_POWER if roomy else 0), NAME)),
        _told("vd-note", f"{node.id}n", _TEXT, middle + 13, shown),
        _told("vd-watts vd-big vd-end" if roomy else "vd-watts vd-end", f"{node.id}w", right, middle + (5 if roomy else 13), shown),
    ]
    if node.kind == "store":
        level = shown[f"{node.id}l"][2]
        parts.append(markup(_GAUGE, id=f"{node.id}l", level=level, x=_TEXT, y=node.h - 7, w=_short(right - _TEXT)))
    return joined(*parts)


def _told(css: str, id_: str, x: float, y: float, shown: Values) -> SafeHtml:
    return markup(_TOLD, css=css, id=id_, x=_short(x), y=_short(y), text=shown[id_][0])


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
