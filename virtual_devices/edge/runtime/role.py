"""What a device does in its home: one role for each ability, played on a runtime that owns it.

Before the device is at work there is no member and nothing to do; from then on, and only then, there is ``AtWork``, which
whoever needs it is handed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.kit.members.member import Member

MemberT = TypeVar("MemberT", bound=Member)
MemberT_co = TypeVar("MemberT_co", bound=Member, covariant=True)


@dataclass(frozen=True, slots=True)
class AtWork(Generic[MemberT_co]):
    """A device that is online: the site as its home's clock last gave it, and the member that it is there."""

    site: SiteMessage
    member: MemberT_co


class Role(ABC, Generic[MemberT]):
    """What the runtime asks of a role.

    own_checkpoint: the retained topic from which the role takes up its work; read until it has.
    gives_site: this role says the site itself, and waits for no clock.
    """

    own_checkpoint: str
    gives_site: ClassVar[bool] = False

    @abstractmethod
    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topic filters that it needs beside those of every device."""

    @abstractmethod
    def received(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of its home. Raises ProtocolError for a broken one."""

    # -- beginning ----------------------------------------------------------------------------------------------------

    def site(self, told: SiteMessage | None) -> SiteMessage | None:
        """The site to begin at; None: it is not known yet. told: by the clock."""
        return told

    def known_of_it(self, run: str) -> int:
        """The last seq of a run from which others know something of this device that it ought to remember."""
        return 0

    @abstractmethod
    def remembered(self, run: str) -> int:
        """The last seq of a run that this device knows of."""

    def lacks(self, run: str) -> str:
        """In words, what has to arrive before this device can know where it is; nothing: it has."""
        return ""

    def is_open(self, run: str) -> bool:
        """Whether this device's last word of a run has not been answered yet, as far as it knows."""
        return False

    @abstractmethod
    def begin(self, work: AtWork[MemberT]) -> None:
        """The member is new and every retained message has arrived: take up the work. Raises VirtualDevicesError where it cannot."""

    # -- at work ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def retained(self, work: AtWork[MemberT]) -> None:
        """Publish again what it keeps retained; the broker may have forgotten it."""

    @abstractmethod
    def commanded(self, work: AtWork[MemberT]) -> None:
        """A command came: put it in force at once, or into the retained checkpoint, where it survives this process."""

    def leaving(self, work: AtWork[MemberT]) -> None:
        """The device is about to leave politely."""

    def shown(self, work: AtWork[MemberT]) -> dict[str, Any]:
        """What its state says otherwise than the member does."""
        return {}

    @property
    def circuits(self) -> Mapping[str, str]:
        """What each circuit of its home hangs on, as far as it was told."""
        return {}

    def left(self) -> None:
        """The device leaves: write and say what is still to be."""

    # -- the bus ------------------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """The connection is there again."""

    def all_heard(self) -> None:
        """Everything that the broker retains has arrived, at this connection."""

    def healed(self) -> None:
        """Somebody has changed retained words of this device, and they were said again."""
