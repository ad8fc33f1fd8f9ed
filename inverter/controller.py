"""What a controller from outside may say: evcc's battery modes, and Predbat's rates, reserve and commands.

Sources: evcc's ``api/batterymode.go``; Predbat's ``inverter.py`` with ``has_mqtt_api``. One mode serves both. What it means for
the battery is in ``slots``; off-grid it means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.quantities import Percent, Power
from virtual_devices.kit.settings import Choices, Detail, Settings

NORMAL, HOLD, CHARGE, HOLD_CHARGE, DISCHARGE = MODES = ("normal", "hold", "charge", "holdcharge", "discharge")
COMMANDS = ("charge", "discharge", "auto")
"""Predbat's own words for a mode."""
NO_LIMIT = 100_000

_BY_NUMBER = {str(number): mode for number, mode in enumerate(MODES, 1)}


def _named(value: Any) -> Any:
    """A mode by its name, which evcc writes as a number."""
    return _BY_NUMBER.get(str(value).strip(), value)


BatteryMode = Annotated[str, Choices(MODES), BeforeValidator(_named)]


class Controlled(Settings):
    """Settings that a controller writes; as they are by default it has no say."""

    batterymode: Annotated[BatteryMode, Detail()] = Field(
        NORMAL, title="Battery mode",
        description="1 normal; 2 hold: no discharge; 3 charge: from the grid now; 4 holdcharge: no charge; 5 discharge: sold now",
    )  # fmt: skip
    charge_rate: Annotated[Power, Detail()] = Field(NO_LIMIT, ge=0, le=NO_LIMIT, title="Charge rate", description="most that the battery charges with, on grid")
    discharge_rate: Annotated[Power, Detail()] = Field(
        NO_LIMIT, ge=0, le=NO_LIMIT, title="Discharge rate", description="most that the battery discharges with, on grid"
    )
    reserve: Annotated[Percent, Detail()] = Field(0, ge=0, le=100, title="Reserve", description="in place of battery_low_capacity; 0: that one holds")
    target_soc: Annotated[Percent, Detail()] = Field(100, ge=0, le=100, title="Target SOC", description="up to which the mode charge charges from the grid")


def spelled_out(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Predbat's commands as settings: ``charge`` and ``discharge`` with a rate in W, where 0 forbids discharging, and ``auto``.

    Raises SettingError when there are several in one command, or ``auto`` is not true.
    """
    found = [name for name in COMMANDS if name in changes]
    if not found:
        return changes
    if len(found) > 1:
        raise SettingError(f"{' and '.join(found)} in one command; send one of them")
    rest, (command,) = {name: value for name, value in changes.items() if name not in found}, found
    value = changes[command]
    if command == "auto":
        if str(value).strip().lower() != "true":
            raise SettingError(f"auto {str(value)[:60]!r} is not known; use true")
        return {**rest, "batterymode": NORMAL}
    if command == "discharge" and _is_nothing(value):
        return {**rest, "batterymode": HOLD}
    return {**rest, "batterymode": command, f"{command}_rate": value}


def _is_nothing(value: Any) -> bool:
    try:
        return float(value) == 0
    except (TypeError, ValueError):
        return False
