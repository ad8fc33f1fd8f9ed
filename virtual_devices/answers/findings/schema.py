"""The form of what ``simulate --json`` and ``up --json`` print, and of the findings in it, as JSON Schema (2020-12)."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from virtual_devices.answers.findings.findings import Findings


class _ResultPart(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AccountTold(_ResultPart):
    """kWh into and out of an account."""

    into: float = Field(alias="in")
    out: float


class LackedTold(_ResultPart):
    """A load that wanted power and had none: hours, and kWh of demand that nobody met."""

    without_power_hours: float
    longest_without_power_hours: float
    unserved_kwh: float


class CostTold(_ResultPart):
    """What the grid's bill says in the end, since the home's fresh start. ``amount`` is import and fixed less export."""

    currency: str | None
    amount: float
    imported: float = Field(alias="import")
    exported: float = Field(alias="export")
    fixed: float


class AuditTold(_ResultPart):
    """Whether every joule is accounted for."""

    ok: bool
    checked_steps: int
    problems: list[str]
    skipped_seconds: int = 0


class NotCoveredTold(_ResultPart):
    """A file that said nothing for a part of the run, and what held instead. hours: of this run."""

    device: str
    file: str
    begins: str | None
    ends: str | None
    otherwise: str
    hours: float


class RunResult(_ResultPart):
    """What a run came to. Times are by the home's clocks with their offset from UTC, energies kWh, shares 0 to 1."""

    home: str
    start: str | None
    end: str | None
    steps: int
    wall_seconds: float = Field(description="of the run, by the clock on the wall")
    windows: int
    energy_kwh: dict[str, float] = Field(description="by purpose")
    energy_by_device_kwh: dict[str, AccountTold] = Field(description="of each device's account; a load's out is heat")
    loads: dict[str, LackedTold]
    soc: dict[str, float] = Field(description="of each store in the end")
    cost: CostTold
    not_covered: list[NotCoveredTold]
    ledger_sha256: str
    audit: AuditTold
    conditions: list[str] = Field([], description="which climate, and how far to trust it")
    findings: Findings | None = None
    unwritten: list[str] = Field([], description="what of a ledger or a record could not be written")


def result_schema() -> dict[str, Any]:
    """The schema."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidy(TypeAdapter(RunResult).json_schema())}


def _tidy(node: Any) -> Any:
    """Descriptions on one line each, as they are meant to be read."""
    if isinstance(node, dict):
        return {
            key: " ".join(inspect.cleandoc(value).split()) if key == "description" and isinstance(value, str) else _tidy(value)
            for key, value in node.items()
        }
    return [_tidy(each) for each in node] if isinstance(node, list) else node
