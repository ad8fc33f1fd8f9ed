"""Where everything is on the bus. Every process writes only below its own name."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.kit.names import is_name

ROOT = "virtual"
HA_STATUS = "homeassistant/status"
LEDGER = "ledger/"
"""Begins the leaves of ledger records."""
PLACES = 8
"""Ledger records that a broker keeps: a host that is killed may be a few windows behind."""
HOST = "_host"
"""Where the process that hosts a home speaks; no device is called so, their names begin with a letter."""
FLEET = "fleet"
"""Where the fleet of a home speaks, and is asked."""
SUMMARY = "summary"
"""The last level of a home's own topic."""
KEEPS_PAST = b"past"
"""What a host that keeps rows of the past says on ``keeps``."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one device of one home; ``name="+"`` makes filters."""

    home: str
    name: str

    def at(self, leaf: str) -> str:
        """A topic of this device."""
        return f"{ROOT}/{self.home}/{self.name}/{leaf}"

    @property
    def about(self) -> str:
        """Kind, ability and version; retained."""
        return self.at("about")

    @property
    def availability(self) -> str:
        """online or offline; retained, last will."""
        return self.at("availability")

    @property
    def state(self) -> str:
        """Settings and telemetry, flat JSON; retained."""
        return self.at("state")

    @property
    def face(self) -> str:
        """The state as Home Assistant shows it, without small moves; retained."""
        return self.at("face")

    @property
    def reading(self) -> str:
        """Below it one reading at a time, as bare text; retained."""
        return self.at("reading")

    @property
    def command(self) -> str:
        """Settings to change, JSON; one value at a time below it."""
        return self.at("set")

    @property
    def stop(self) -> str:
        """Any message ends the device's process, as SIGTERM does."""
        return self.at("stop")

    @property
    def applied(self) -> str:
        """Which command is in force since when."""
        return self.at("applied")

    @property
    def error(self) -> str:
        """What this device refused, in words."""
        return self.at("error")

    @property
    def conditions(self) -> str:
        """What others depend on."""
        return self.at("conditions")

    @property
    def ahead(self) -> str:
        """What it will give in days to come; retained."""
        return self.at("ahead")

    @property
    def proposal(self) -> str:
        """This device's part in the window, and its checkpoint; retained."""
        return self.at("proposal")

    @property
    def site(self) -> str:
        """Of the clock: run, place, step; retained."""
        return self.at("site")

    @property
    def window(self) -> str:
        """Of the clock; retained."""
        return self.at("window")

    @property
    def settlement(self) -> str:
        """Of the inverter: the commit; retained."""
        return self.at("settlement")

    @property
    def ledger(self) -> str:
        """Filter of the inverter's ledger records."""
        return self.at(f"{LEDGER}+")

    def ledger_of(self, seq: int) -> str:
        """Of the inverter: every transfer of a window; retained, each place for every ``PLACES``-th window."""
        return self.at(f"{LEDGER}{seq % PLACES}")

    @property
    def flow(self) -> str:
        """Of the inverter: of which window all packets are told; retained. Below it one wire each, ``<source>/<sink>``: whole joules as bare text."""
        return self.at("flow")

    @property
    def quarter(self) -> str:
        """Of the inverter: what the home came to in a quarter of an hour, for its fleet."""
        return self.at("quarter")

    @property
    def missing(self) -> str:
        """Of a home's host, and of a record: which ledger records it missed, for the inverter to repeat."""
        return self.at("missing")

    @property
    def keeps(self) -> str:
        """Of a host or a record: what it keeps of what devices tell, for them to tell it; retained."""
        return self.at("keeps")

    @property
    def past(self) -> str:
        """What a device tells of each quarter of an hour."""
        return self.at("past")

    @property
    def booked(self) -> str:
        """Of a record: up to which window it has written; retained."""
        return self.at("booked")

    @property
    def get(self) -> str:
        """Asks for the state; empty."""
        return self.at("get")

    @property
    def request(self) -> str:
        """Of the fleet: what somebody wishes of it, JSON."""
        return self.at("request")

    def response(self, request: str) -> str:
        """Of the fleet: its answer to the request of that id."""
        return self.at(f"response/{request}")

    @property
    def wanted(self) -> str:
        """Of the fleet: which devices are wanted; retained."""
        return self.at("wanted")

    @property
    def running(self) -> str:
        """Of the fleet: which devices run; retained."""
        return self.at("running")

    @property
    def kinds(self) -> str:
        """Of the fleet: the kinds of devices that it can spawn; retained."""
        return self.at("kinds")

    @property
    def sync(self) -> str:
        """A device's word to itself: when it comes back, all retained messages have."""
        return self.at("sync")


def split(topic: str) -> tuple[str, str, str] | None:
    """(home, device, leaf) of a topic below the root; None for any other."""
    parts = topic.split("/", 3)
    if len(parts) != 4 or parts[0] != ROOT:  # noqa: PLR2004 - root, home, device, leaf
        return None
    return parts[1], parts[2], parts[3]


def summary_topic(home: str) -> str:
    """A home in a few numbers, said by its fleet; retained. It stands beside the devices, below none of their names; ``home="+"`` makes a filter."""
    return f"{ROOT}/{home}/{SUMMARY}"


def home_of_summary(topic: str) -> str | None:
    """Whose summary a topic is; None for any other."""
    parts = topic.split("/")
    return parts[1] if len(parts) == 3 and parts[0] == ROOT and parts[2] == SUMMARY and is_name(parts[1]) else None  # noqa: PLR2004 - root, home, summary


def identifier(home: str, device: str) -> str:
    """What brokers and Home Assistant know the device by; it never changes.

    Names hold no hyphen, so that ``town_oven`` of home ``cape`` is not taken for ``oven`` of home ``cape_town``.
    """
    return f"virtual-{home}-{device}"
