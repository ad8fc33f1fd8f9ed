"""The years of a weather file that has several: PVGIS hourly series, as CSV or JSON. A typical year has but one."""

from __future__ import annotations

import json
import re
from collections import Counter

HOURS = 8_760
_ROW = re.compile(r"^(\d{4})\d{4}:\d{4},")


def years_in(text: str) -> list[int]:
    """The whole years of a file's text; empty where it is a typical year, or says none."""
    if "tmy_hourly" in text or "month,year" in text[:2000]:
        return []
    if text.lstrip().startswith("{"):
        rows = _series(text)
        found = Counter(str(row.get("time", ""))[:4] for row in rows)
    else:
        found = Counter(match[1] for line in text.splitlines() if (match := _ROW.match(line)))
    return sorted(int(year) for year, hours in found.items() if hours >= HOURS and year.isdigit())


def of_year(text: str, year: int) -> str:
    """The text with this year's hours alone."""
    if text.lstrip().startswith("{"):
        content = json.loads(text)
        content["outputs"]["hourly"] = [row for row in _series(text) if str(row.get("time", "")).startswith(f"{year:04d}")]
        return json.dumps(content)
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if (match := _ROW.match(line)) is None or int(match[1]) == year)


def _series(text: str) -> list[dict[str, object]]:
    try:
        rows = json.loads(text)["outputs"]["hourly"]
    except (ValueError, KeyError, TypeError):
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
