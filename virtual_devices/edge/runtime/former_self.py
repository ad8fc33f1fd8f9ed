"""What a device said under a former name, for it to go on from: its last proposal, and the share that answers that."""

from __future__ import annotations

from virtual_devices.edge.messages.proposal import ProposalMessage
from virtual_devices.edge.messages.retained import newer, recalled
from virtual_devices.edge.messages.settlement import SettlementPart, part_of
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.participant import Participant
from virtual_devices.kit.members.settlement import Share


class FormerSelf:
    """name: empty where there is none; then nothing is heard and nothing taken over."""

    def __init__(self, home: str, name: str) -> None:
        self._name, self.topic = name, Topics(home, name).proposal
        self._found = b""
        self._part: SettlementPart | None = None

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Topic filters to subscribe to."""
        return ((self.topic, 0),) if self._name else ()

    def hear(self, device: str, payload: bytes) -> None:
        """A proposal of somebody."""
        if self._name and device == self._name:
            self._found = newer(self._found, payload)

    def settled(self, payload: bytes) -> None:
        """The newest settlement. Raises ProtocolError when it is none."""
        if self._name:
            self._part = part_of(payload, self._name)

    def take_over(self, member: Participant, run: str) -> bool:
        """Let a member that is new go on from what was said in a run; whether there was anything that it can go on from."""
        try:
            found = recalled(ProposalMessage, self._found, run)
            if found is None:
                return False
            member.resume(found.to_kit(member.name))
        except ProtocolError:  # of another kind, say: then it is no former self
            return False
        return True

    def share_of(self, seq: int) -> Share | None:
        """The share that answers the proposal for a window."""
        return self._part.share_of(seq) if self._part is not None else None

    def forget(self) -> None:
        """It has been taken over, or there is nothing to take over."""
        self._name, self._found, self._part = "", b"", None
