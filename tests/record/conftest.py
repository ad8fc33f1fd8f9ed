"""Fixtures of the record's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.record.lives import quick_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """On a disk that waits for nothing: for tests with many records, of which none is for keeping."""
    with quick_folder() as made:
        yield made
