"""A house that goes on from where a running home is now: what will happen if nothing changes, or if something does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.answers.simulate import Changes, by_device
from virtual_devices.edge.files.read import read_document
from virtual_devices.edge.messages.base import AboutMessage, SiteMessage, read
from virtual_devices.edge.messages.proposal import ProposalMessage
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.rights import objection
from virtual_devices.edge.messages.settlement import SettlementMessage
from virtual_devices.edge.messages.topics import HOST, ROOT, split
from virtual_devices.edge.messages.window import ConditionsMessage, WindowMessage
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.catalogue import load as load_kind
from virtual_devices.kit.home.model import DeviceEntry, Home, documents_needed, override
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.settlement import Proposal
from virtual_devices.kit.members.upgrades import carried_over, checkpoint_of
from virtual_devices.kit.names import CLOCK


def load(endpoint: Endpoint, home: str | None, home_file: Path | None, assignments: Iterable[tuple[str, str, str]]) -> House:
    """Ask a broker where a home is.

    home: its name, needed where the broker holds several.  home_file: only its folder matters, for files that settings
    name.  Raises BrokerError, ConfigurationError and SettingError.
    """
    present = ask(endpoint, home)
    return from_present(present, home_file.parent if home_file else Path.cwd(), by_device(assignments))


def ask(endpoint: Endpoint, home: str | None) -> Snapshot:
    """Where a home on a broker is. home: its name, needed where the broker holds several. Raises BrokerError and ConfigurationError."""
    with Session(endpoint) as session:
        name = session.home(home)
        messages = session.collect(f"{ROOT}/{name}/#")
    return Snapshot(name, {(place[1], place[2]): payload for topic, payload in messages.items() if (place := split(topic)) and place[1] != HOST})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a running home is: its retained messages by (device, leaf)."""

    home: str
    messages: Mapping[tuple[str, str], bytes]

    def of(self, leaf: str) -> dict[str, bytes]:
        """Device → message."""
        return {device: payload for (device, name), payload in self.messages.items() if name == leaf and payload}

    def settlements(self) -> dict[str, bytes]:
        """Of the device that the clock goes by; everybody's where a clock of before named none."""
        settler = json_object(self.of("window").get(CLOCK, b"")).get("settler")
        return {name: payload for name, payload in self.of("settlement").items() if settler in (None, name)}

    def proposals(self) -> dict[str, bytes]:
        """Of those whose word they are."""
        return self._rightful("proposal")

    def conditions(self) -> dict[str, bytes]:
        """Of those whose word they are."""
        return self._rightful("conditions")

    def _rightful(self, leaf: str) -> dict[str, bytes]:
        about = self.of("about")
        ability = {name: json_object(payload).get("ability") for name, payload in about.items()}
        said = self.of(leaf).items()
        return {name: payload for name, payload in said if objection(name, leaf, settler=None, ability=ability.get(name)) is None}

    def _present(self) -> set[str]:
        """Who takes part: no time passes for a device that is away. In a home that was stopped as a whole, all do."""
        said = self.of("availability")
        return {name for name, word in said.items() if word == b"online"} or set(said)

    def describe(self) -> tuple[Home, SettlementMessage]:
        """The home as its devices describe themselves, in this version's words.

        Raises ConfigurationError when it has not begun, ProtocolError when another version wrote what cannot be read.
        """
        settlements = self.settlements()
        site = self.messages.get((CLOCK, "site"))
        if site is None or not settlements:
            raise ConfigurationError(f"home {self.home} has not settled any time yet; let it run for a moment, or leave out --from")
        known = read(SiteMessage, site)
        settlement = max((read(SettlementMessage, payload) for payload in settlements.values()), key=lambda item: item.seq)
        checkpoints = {
            **{name: read(ProposalMessage, payload).checkpoint for name, payload in self.proposals().items()},
            **{name: read(ConditionsMessage, payload).checkpoint for name, payload in self.conditions().items()},
            **{name: read(WindowMessage, payload).checkpoint for name, payload in self.of("window").items() if name == CLOCK},
            **dict.fromkeys(settlements, settlement.checkpoint),
        }
        entries = []
        present = self._present()
        for name, payload in self.of("about").items():
            if name not in checkpoints or name not in present:
                continue
            kind = read(AboutMessage, payload).kind
            device_class = load_kind(kind)
            kept = checkpoint_of(checkpoints[name], device_class)
            settings, _ = carried_over(device_class.settings_type(), kept.get("settings", {}))
            entries.append(DeviceEntry(name, kind, settings, kept.get("declared", {}), 0))
        home = Home(known.home, known.to_kit(), known.start, known.step, None, tuple(entries), (), f"the home at {self.home}")
        return home, settlement


def from_present(present: Snapshot, folder: Path, changes: Changes) -> House:
    """A house that goes on from where a running home is, with some settings changed from now on."""
    home, settlement = present.describe()
    documents = {name: read_document(name, folder) for name in documents_needed(home)}
    house = House(home, documents)
    proposals: dict[str, Proposal] = {
        name: read(ProposalMessage, payload).to_kit(name) for name, payload in present.proposals().items()
    }
    checkpoints = {name: read(ConditionsMessage, payload).checkpoint for name, payload in present.conditions().items()}
    house.resume(settlement.to_kit(), proposals, checkpoints)
    override(home, changes)  # refuses, in words, what cannot be set
    for name, values in changes.items():
        house.members[name].command(values, live=False)
    return house
