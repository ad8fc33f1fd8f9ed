"""Who somebody at the console is, and what somebody may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


class PersonRole(Enum):
    """What somebody may; each may all that the one before may.

    ``look`` sees homes, devices and records.  ``operate`` also sends commands, switches devices on and off, and restarts them.  ``build`` also makes
    homes, rewires them by adding and removing devices, applies what a home is wanted to be, rolls it back, and ends it.
    """

    LOOK = "look"
    OPERATE = "operate"
    BUILD = "build"

    def may(self, needed: PersonRole) -> bool:
        """Whether this role covers what needs the other."""
        order = list(PersonRole)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the console. What this person may is no part of it: it is asked each time anew, ``Who.role_of``.

    via: how we know – ``loopback``: a program or a browser of this machine, where no login is asked for; ``login``: by a password;
    ``ingress``: Home Assistant says so.
    """

    name: str
    via: Literal["loopback", "login", "ingress"]
