"""What a device of each ability does in its home, records among them: the table that whoever runs devices hands down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from virtual_devices.edge.runtime.make import ROLES, MakeRole, TimeOrder
from virtual_devices.edge.runtime.role import Role
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.settings import Settings


def roles_with_record(folder: Path, records: Callable[[], Path]) -> Mapping[str, MakeRole]:
    """The roles of every ability.

    folder: where relative names of folders begin.  records: asked for the folder of a home's records by a record that names none.
    """

    def record(device: Runtime, settings: Settings, _time: TimeOrder) -> Role[Any]:
        from virtual_devices.record.device.role import RecordRole  # noqa: PLC0415 - imports by role

        values = settings_json(settings)
        named = values["folder"]
        return RecordRole(device, folder / named if named else records() / device.name, int(values["whole_for"]))

    return {**ROLES, "keeps": record}
