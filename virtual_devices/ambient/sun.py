"""The sun: where it stands over the home, and what a clear sky lets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from virtual_devices.ambient._sky import Array, Sky
from virtual_devices.kit.device import Conditions, NoState
from virtual_devices.kit.quantities import ANGLE, IRRADIANCE, Quantity
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.site import Context
from virtual_devices.kit.window import Span


class Sun(Conditions[Settings, NoState, NoTelemetry]):
    """Sun position by SPA and clear-sky irradiance by Ineichen & Perez at the start of each step.

    Angles within 0.001° of ``pvlib.solarposition.spa_python`` (most of it is the rounding to a millidegree), irradiance
    within 0.1 W/m² of ``pvlib.location.Location.get_clearsky``; see ``virtual_devices.ambient._sky``. There is nothing
    to set: the site says it all.
    """

    title = "Sun"
    icon = "mdi:white-balance-sunny"
    fields: ClassVar[Mapping[str, Quantity]] = {
        "solar_zenith": ANGLE,
        "apparent_zenith": ANGLE,
        "solar_azimuth": ANGLE,
        "ghi_clear": IRRADIANCE,
        "dni_clear": IRRADIANCE,
        "dhi_clear": IRRADIANCE,
        "dni_extra": IRRADIANCE,
    }
    folded = frozenset({"solar_zenith", "apparent_zenith", "solar_azimuth", "ghi_clear", "dni_clear", "dhi_clear", "dni_extra"})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sky = Sky(context.site)

    def conditions(
        self,
        settings: Settings,
        span: Span,
        inputs: Mapping[str, Mapping[str, Sequence[int]]],
    ) -> dict[str, list[int]]:
        """Angles in millidegrees, irradiance in mW/m²."""
        times = np.arange(span.start, span.end, span.step)
        position = self._sky.position(times)
        clear = self._sky.clear(times, position.apparent_zenith)
        return {
            "solar_zenith": _thousandths(position.zenith),
            "apparent_zenith": _thousandths(position.apparent_zenith),
            "solar_azimuth": [value % 360_000 for value in _thousandths(position.azimuth)],
            "ghi_clear": _thousandths(clear.ghi),
            "dni_clear": _thousandths(clear.dni),
            "dhi_clear": _thousandths(clear.dhi),
            "dni_extra": _thousandths(clear.dni_extra),
        }


def _thousandths(values: Array) -> list[int]:
    """Whole thousandths of each value."""
    whole: list[int] = np.rint(values * 1000.0).astype(np.int64).tolist()
    return whole
