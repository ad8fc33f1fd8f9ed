"""Labels of a home: words by which somebody who has many of them chooses some, such as ``region: north``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from virtual_devices.kit.errors import ConfigurationError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_LABELS = 16
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
"""A key or a value: what Kubernetes takes for one too."""
FORM = "letters, digits, _, . and -, a letter or digit first and last, 63 characters at most"


def is_label(text: object) -> bool:
    """Whether it may be a key or a value."""
    return isinstance(text, str) and LABEL.fullmatch(text) is not None


def label(text: str) -> tuple[str, str]:
    """``key=value`` as somebody writes what he looks for. Raises ConfigurationError for what is no label."""
    key, sign, value = text.partition("=")
    if not sign or not is_label(key.strip()) or not is_label(value.strip()):
        raise ConfigurationError(f"{shown(text)} is no label; write key=value, each of {FORM}, such as region=north")
    return key.strip(), value.strip()


def has_labels(labels: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether all that is wanted is among them."""
    return all(labels.get(key) == value for key, value in wanted.items())
