"""Whole dashboards: what they have in common, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableRefresh,
    VariableSort,
)

from virtual_devices.monitoring.dashboards.asking import EVERY_HOME, of
from virtual_devices.monitoring.dashboards.panels import SOURCE, Panel

TAG = "virtual-devices"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A dashboard. uid: of its file and in its address, for ever.  begin: of the time that is shown at first, up to now.

    device: of which ability and reading its variable of devices is; None: it has none.  every_home: it is of all homes, and has no variable of one.
    """

    uid: str
    title: str
    about: str
    panels: Sequence[Panel]
    begin: str = "now-6h"
    refresh: str = "10s"
    device: tuple[str, str] | None = None
    every_home: bool = False


def dashboard_text(sheet: Sheet) -> str:
    """As JSON, which Grafana imports and provisions; the same for the same catalogue."""
    found = dashboard.Dashboard(sheet.title).uid(sheet.uid).description(sheet.about).tags([TAG]).time(sheet.begin, "now").refresh(sheet.refresh).timezone("browser").editable()
    found = found.tooltip(DashboardCursorSync.CROSSHAIR)
    link = dashboard.DashboardLink("Virtual devices").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True).include_vars(True).keep_time(True)  # noqa: FBT003
    found = found.link(link).with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    if not sheet.every_home:
        found = found.with_variable(_values("home", "Home", of("ticks", "time", home=EVERY_HOME)))
    if sheet.device is not None:
        devices = _values("device", "Device", of(*sheet.device)).multi(True).include_all(True).all_value(".+")  # noqa: FBT003
        found = found.with_variable(devices)
    for number, panel in enumerate(sheet.panels, 1):
        found = found.with_panel(panel.id(number))
    content: dict[str, Any] = json.loads(JSONEncoder().encode(found.build()))
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _values(name: str, label: str, series: str) -> dashboard.QueryVariable:
    """A variable with the values that a label has in some series."""
    query: dict[str, object] = {"query": f"label_values({series}, {name})", "refId": f"variable-{name}"}
    found = dashboard.QueryVariable(name).label(label).datasource(SOURCE).query(query)
    return found.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
