"""What whoever keeps a home lets in of all that is said in it: only words of those who may say them, and nothing that cannot be.

He keeps what others forget, and says it again. So it must not keep a lie over the truth: a message that names a window
far ahead would look newer than all that come after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from virtual_devices.edge.messages.base import AboutMessage, SiteMessage, read
from virtual_devices.edge.messages.proposal import ProposalMessage
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.rights import objection
from virtual_devices.edge.messages.settlement import SettlementMessage
from virtual_devices.edge.messages.window import ConditionsMessage, WindowMessage
from virtual_devices.edge.runtime.presence import MOST
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import CLOCK

_MODELS: Mapping[str, type[BaseModel]] = {
    "site": SiteMessage,
    "window": WindowMessage,
    "settlement": SettlementMessage,
    "conditions": ConditionsMessage,
    "proposal": ProposalMessage,
}
_EXPECTED = 1
"""Windows by which a word may be ahead of the last one of its device without being read whole."""


class Gate:
    """Decides about messages of one home.

    home: what its devices are; of others, hosted elsewhere, ``about`` says it.  None: of all, and who settles the clock's window says.
    """

    def __init__(self, home: Home | None) -> None:
        self._abilities: dict[str, str] = {}
        self._learns = home is None
        self.settler: str | None = None
        self._guests: dict[str, str] = {}
        if home is not None:
            self.follow(home)

    def follow(self, home: Home) -> None:
        """These are the home's devices from now on."""
        self._abilities = {entry.name: entry.device_class.ability for entry in home.devices}
        self.settler = next((entry.name for entry in home.of("settles")), None)
        for name in self._abilities:
            self._guests.pop(name, None)

    def refuses(self, device: str, leaf: str, payload: bytes, known: bytes, *, reading: bool) -> str | None:
        """Why a message does not count, in words; None: it does.

        known: the device's last word on this leaf that counted.  reading: read it whole, also where nothing is odd about it.
        """
        if not payload:
            return None
        if leaf == "about" and device not in self._abilities:
            self._meet(device, payload)
        why = objection(device, leaf, settler=self.settler, ability=self.ability(device))
        model = _MODELS.get(leaf)
        if why is not None or model is None or (not reading and _follows(known, payload)):
            return why
        try:
            said: Any = read(model, payload)
        except ProtocolError as error:
            return f"{device}: {error}"
        if self._learns and leaf == "window":
            self.settler = said.settler
        elif device == CLOCK and leaf == "window" and said.settler not in (None, self.settler):
            return f"{device}: its window names {said.settler} as the one that settles; in this home that is {self.settler}"
        return None

    def ability(self, device: str) -> str | None:
        """What a device can do, as far as it is known."""
        return self._abilities.get(device) or self._guests.get(device)

    def _meet(self, device: str, payload: bytes) -> None:
        try:
            self._guests[device] = read(AboutMessage, payload).ability
        except ProtocolError:
            self._guests.pop(device, None)
        while len(self._guests) > len(self._abilities) + MOST:
            del self._guests[next(iter(self._guests))]


def _follows(known: bytes, payload: bytes) -> bool:
    """Whether a message is of the same run as the last, and of the same window or the next."""
    run, seq = place(payload)
    known_run, known_seq = place(known)
    return run is not None and run == known_run and known_seq <= seq <= known_seq + _EXPECTED
