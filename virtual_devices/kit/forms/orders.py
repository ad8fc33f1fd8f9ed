"""Which orders a kind takes: those that it declares, or the switch of a load that its owner switches."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING

from virtual_devices.kit.device import Consumes
from virtual_devices.kit.schedule import SWITCH, ModeOrders, ScheduledSettings
from virtual_devices.kit.settings import DeviceOrders

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice


def orders_form(device_class: type[AnyDevice]) -> type[DeviceOrders]:
    """The orders that a kind declares; those of a load that its owner switches have ``switch``, unless it declares others."""
    if is_switchable(device_class) and device_class.orders_type is DeviceOrders:
        return ModeOrders
    return device_class.orders_type


@lru_cache(maxsize=256)
def is_switchable(device_class: type[AnyDevice]) -> bool:
    """Whether it is a load that has a mode, and no setting or reading of its own that is called as the order is."""
    if not (issubclass(device_class, Consumes) and issubclass(device_class.settings_type, ScheduledSettings)):
        return False
    return SWITCH not in {*device_class.settings_type.model_fields, *(item.name for item in fields(device_class.telemetry_type))}
