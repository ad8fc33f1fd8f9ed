"""Who somebody is, and what he may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class Role(Enum):
    LOOK = "look"
    OPERATE = "operate"
    BUILD = "build"


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    via: Literal["loopback", "login", "ingress"]
