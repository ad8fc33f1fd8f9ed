"""What all that switches has in common: the orders to its contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from virtual_devices.kit.circuits import FULL, CarrierState
from virtual_devices.kit.settings import DeviceOrders, Everyday

T = TypeVar("T", bound=CarrierState)


class RelayOrders(DeviceOrders):
    """Orders to a contact. A contact that an overload has opened is closed by ``relay: on`` and by ``reset``, and by nothing else."""

    relay: Annotated[Literal["on", "off", "toggle"] | None, Everyday()] = Field(None, title="Relay", description="toggle: the other way round")
    toggle: bool | None = Field(None, title="Toggle", description="turns it over, as relay: toggle does")
    reset: bool | None = Field(None, title="Reset", description="closes it again after an overload has opened it")


STANDS = (CarrierState(heat=1), CarrierState(closed=False, heat=1), CarrierState(closed=False, heat=FULL, tripped=True))
"""How a contact may stand when it is turned: closed, opened, tripped."""


def turned_to(state: T, orders: Mapping[str, Any]) -> T:
    """State after the orders to a contact."""
    if orders.get("reset") and state.tripped:
        state = replace(state, closed=True, tripped=False, heat=0)
    word = orders.get("relay")
    if word in ("on", "off"):
        state = closed(state) if word == "on" else replace(state, closed=False)
    if word == "toggle" or orders.get("toggle"):
        state = replace(state, closed=False) if state.closed else closed(state)
    return state


def closed(state: T) -> T:
    """State with the contact closed by hand; what has tripped starts anew."""
    return replace(state, closed=True, tripped=False, heat=0 if state.tripped else state.heat)
