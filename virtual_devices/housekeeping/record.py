"""Record: a database of what its home did, written by a process of its own.

It keeps every settled window, what each quarter of an hour came to, and what happened beside. One that the clock names (``books``) is
waited for: time goes no further ahead of it than it can catch up with.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.device import Keeps, NoState
from virtual_devices.kit.quantities import Duration
from virtual_devices.kit.readings import NoTelemetry
from virtual_devices.kit.settings import HomeFileOnly
from virtual_devices.kit.settings import Settings as DeviceSettings


class Settings(DeviceSettings):
    """What is written, and where."""

    whole_for: Annotated[Duration, HomeFileOnly()] = Field(
        30 * DAY, ge=DAY, le=36_525 * DAY, title="Whole for",
        description="simulated time for which windows are kept with all that flowed; of older ones their digests, and the quarters of an hour",
    )  # fmt: skip
    folder: Annotated[str, HomeFileOnly()] = Field(
        "", max_length=400, title="Folder", description="where the database is; empty: in the state folder, by the record's name"
    )


class Record(Keeps[Settings, NoState, NoTelemetry]):
    """A home's record."""

    title = "Record"
    icon = "mdi:database"
