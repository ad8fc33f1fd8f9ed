"""What a report is asked for: of one run, or of two beside each other, as a page, as an image, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from virtual_devices.answers.report.beside import beside_page, compared, told_beside
from virtual_devices.answers.report.page import page
from virtual_devices.answers.report.png import png as image_of
from virtual_devices.answers.report.reading import RunSeen, see

__all__ = ["file_name", "image_of", "json_of", "page_of", "see", "told_beside"]


def page_of(seen: Sequence[RunSeen], made: float) -> str:
    """One run, or two beside each other. made: wall UTC seconds."""
    return page(seen[0], made) if len(seen) == 1 else beside_page(seen[0], seen[1], made)


def json_of(seen: Sequence[RunSeen]) -> dict[str, Any]:
    """The findings of one run; of two both, and what differs."""
    if len(seen) == 1:
        return seen[0].findings.json()
    return {"runs": [each.findings.json() for each in seen], "differences": [row.json() for row in compared(seen[0].findings, seen[1].findings)]}


def file_name(seen: Sequence[RunSeen]) -> str:
    """What a page is called where only its folder is named."""
    return "-".join(dict.fromkeys(each.facts.home or each.path.stem for each in seen)) + "-report.html"
