"""A house to build in, on a page: its places, and on each of them its devices. What is in it is drawn anew only when that changes."""

from __future__ import annotations

import time

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.making.building import (
    AROUND,
    DC_SIDE,
    HUB,
    NOWHERE,
    ROOF,
    STREET,
    BuildCard,
    BuildHouse,
    BuildPlan,
    BuildZone,
    hung_on,
)
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.building.builder import Builder
from virtual_devices.console.parts.drawn import put
from virtual_devices.console.parts.flow.icons import icon
from virtual_devices.console.parts.flow.layout import NodeKind
from virtual_devices.console.parts.flow.words import Sayings
from virtual_devices.console.parts.safe import SafeHtml, markup, plain
from virtual_devices.edge.visitor.picture import Flow, Now
from virtual_devices.kit.accounts import PORTS

HELD_FOR = 20.0
"""Wall seconds for which a house that somebody drags in is not drawn anew, at most."""
_NODES: dict[str, NodeKind] = {"produces": "source", "stores": "store", "connects": "grid", "settles": "inverter", "carries": "circuit"}


class HouseView:
    """One page's. builder: what is done here, and refused."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._drawn: tuple[object, ...] | None = None
        self._told: dict[str, tuple[ui.label, ui.label]] = {}
        self._held_until = 0.0
        self.places: frozenset[str] = frozenset()
        """What is drawn, by the words under which something can be refused there."""
        self._frame = ui.element("div").classes("vd-house")

    def hold(self, *, held: bool) -> None:
        """Somebody has begun to drag, or ended: what is dragged must stay where it is meanwhile."""
        self._held_until = time.monotonic() + HELD_FOR if held else 0.0

    def refresh(self) -> None:
        """Follow the home."""
        visit = self._builder.visit
        plan, now = BuildHouse.of(visit.watch).plan(), visit.watch.now()
        key = plan, self._builder.refused, visit.may(PersonRole.OPERATE), visit.may(PersonRole.BUILD)
        if key != self._drawn and time.monotonic() >= self._held_until:
            self._drawn = key
            self._told = {}
            self.places = frozenset((*plan.zones, *plan.cards))
            self._frame.clear()
            with self._frame:
                self._build(plan)
            self._show_what_matters(plan)
        flows = {flow.name: flow for flow in (*now.sources, *now.stores, *now.grids, *now.circuits, *now.loads)}
        for name, (power, note) in self._told.items():
            if card := plan.cards.get(name):
                for label, text in zip((power, note), _told(card, flows.get(name), now), strict=True):
                    label.set_text(text)

    def _show_what_matters(self, plan: BuildPlan) -> None:
        if self._builder.refused is not None and self._builder.refused[0]:
            self._builder.show(self._builder.refused[0])
        elif self._builder.focus in plan.cards:
            self._builder.show(self._builder.focus)
            self._builder.focus = ""
        else:
            self._builder.show("")

    def _build(self, plan: BuildPlan) -> None:
        ui.element("div").classes("vd-gable").props('aria-hidden="true"')
        with ui.element("div").classes("vd-walls"):
            self._zone(plan, plan.zones[ROOF])
            with ui.element("div").classes("vd-side"):
                for id_ in (DC_SIDE, HUB, STREET):
                    self._zone(plan, plan.zones[id_])
            with ui.element("div").classes("vd-rooms"):
                for port in PORTS:
                    self._zone(plan, plan.zones[hung_on(port)])
                if plan.at(NOWHERE):
                    self._zone(plan, plan.zones[NOWHERE])
        self._zone(plan, plan.zones[AROUND])

    def _zone(self, plan: BuildPlan, zone: BuildZone) -> None:
        """A place with a title of its own."""
        with ui.element("section").classes(f"vd-zone vd-zone-{'port' if zone.circuit else zone.id.partition(':')[2]}") as element:
            self._takes(element, zone)
            with ui.element("h3"):
                ui.label(texts.PLACES[zone.id])
                if about := texts.PLACES_ABOUT.get(zone.id):
                    ui.label(about).classes("vd-soft")
            self._refusal(zone.id)
            self._cards(plan, zone)

    def _takes(self, element: ui.element, zone: BuildZone) -> None:
        if self._builder.visit.may(PersonRole.OPERATE):
            element.props["data-zone"], element.props["data-takes"] = zone.id, " ".join(sorted(zone.takes))

    def _cards(self, plan: BuildPlan, zone: BuildZone) -> None:
        cards = plan.at(zone.id)
        if not cards:
            ui.label(texts.EMPTY).classes("vd-empty")
        for card in cards:
            with ui.element("article").classes("vd-build-card") as element:
                self._card(card, element)
                inner = plan.zones.get(hung_on(card.name))
                if inner is not None:
                    self._takes(element, inner)  # all of it: people drop things on a plug, not below it
                    with ui.element("div").classes("vd-zone vd-zone-circuit"):
                        self._refusal(inner.id)
                        self._cards(plan, inner)

    def _card(self, card: BuildCard, element: ui.element) -> None:
        visit = self._builder.visit
        may_build, may_operate = visit.may(PersonRole.BUILD), visit.may(PersonRole.OPERATE)
        if not card.on:
            element.classes("vd-off")
        if card.zone.startswith("on:") or card.zone == NOWHERE or (may_build and card.fleet and not card.single):
            draggable(element, card.name, card.ability, "device", removable=may_build and card.fleet and card.ability != "settles", may=may_operate)
        with ui.element("div").classes("vd-card-row"):
            put(picture(card.ability, card.kind))
            with ui.element("div").classes("vd-card-name").props('role="button" tabindex="0"') as name:  # Firefox drags nothing by a button
                ui.label(card.name)
                ui.label(card.title).classes("vd-soft")
            name.props["data-act"], name.props["data-name"] = "open", card.name
            name.props["aria-label"] = plain(texts.SETTINGS_OF.format(name=card.name))
            with ui.element("div").classes("vd-card-told"):
                self._told[card.name] = ui.label(), ui.label().classes("vd-soft")
            if may_operate:
                menu_button("menu", card.name, texts.MENU_OF.format(name=card.name), symbols.MORE)
        self._refusal(card.name)

    def _refusal(self, at: str) -> None:
        refused = self._builder.refused
        if refused is not None and refused[0] == at:
            ui.label(refused[1]).classes("vd-warn vd-refused").props('role="alert"')


def draggable(element: ui.element, name: str, ability: str, what: str, *, removable: bool = False, may: bool) -> None:
    """Let a device or a kind be dragged, by who may."""
    if may:
        element.props["draggable"] = "true"
        element.props["data-drag"], element.props["data-name"], element.props["data-ability"] = what, plain(name), plain(ability)
        if removable:
            element.props["data-removable"] = "1"


def menu_button(act: str, name: str, called: str, symbol: str) -> None:
    """A round button that says to the page what it is to do with whom."""
    with ui.element("button").classes("vd-menu-button") as button:
        ui.icon(symbol)
    button.props["data-act"], button.props["data-name"], button.props["type"] = act, plain(name), "button"
    button.props["aria-label"], button.props["aria-haspopup"] = plain(called), "dialog"


def picture(ability: str, kind: str) -> SafeHtml:
    """The small picture of a device."""
    return markup('<svg class="vd-picture" viewBox="0 0 24 24" aria-hidden="true"><path d="{d}"/></svg>', d=icon(_NODES.get(ability, "load"), kind))


def _told(card: BuildCard, flow: Flow | None, now: Now) -> tuple[str, str]:
    """What a card says beside its name: a power, and a note."""
    if not card.on:
        return "", texts.DEVICE_OFF
    if not card.online:
        return "", texts.STARTING if card.fleet else texts.DEVICE_AWAY
    if flow is None:
        return (Sayings({}).loses(now.loss), "") if card.ability == "settles" and now.loss is not None else ("", "" if card.fleet else texts.GUEST)
    note, power = Sayings({}).of_flow(flow)
    return power, note
