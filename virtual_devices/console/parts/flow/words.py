"""What a drawing says of a home, and how much of it fits."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.console.parts.flow.balance import lost
from virtual_devices.edge.visitor.picture import STILL, SWITCHED_OFF, Flow, Now, watts
from virtual_devices.kit.accounts import AUX, ESSENTIAL, NON_ESSENTIAL

NAME, SMALL = 13.5, 11.5
"""Sizes of letters, as in flow.css."""
CALLED = {ESSENTIAL: "essential", AUX: "aux", NON_ESSENTIAL: "non-essential"}
"""Ports, as people say."""
_WIDTHS = {"narrow": 0.3, "usual": 0.56, "broad": 0.88, "square": 1.05}
"""Widths of letters as parts of their size, rather too wide than too narrow."""
_NARROW, _BROAD = frozenset("iljftr.,:;|!'()[] I1"), frozenset("mwMWQO@%—")


@dataclass(frozen=True, slots=True)
class Sayings:
    """What is said of a home. texts: other words for those that are said here, by them."""

    texts: Mapping[str, str]

    def say(self, word: str) -> str:
        """A word as it is to be said."""
        return self.texts.get(word, CALLED.get(word, word))

    def loses(self, power: float) -> str:
        """Of an inverter."""
        return f"{self.say('loses')} {watts(power)}"

    def of_flow(self, flow: Flow) -> tuple[str, str]:
        """What a card says of its device: beside its power, and the power, or what there is to say instead of it."""
        if not flow.online:
            return self.say("offline"), self.say("off")
        note = self.say(flow.note) if flow.note else ""
        if flow.note == SWITCHED_OFF or (not flow.fine and flow.wanted is not None):
            return note, flow.change
        size = flow.power if flow.power is None else abs(flow.power)  # which way it goes the note says, and the line
        level = "" if flow.level is None else f"{flow.level * 100:.0f} %"
        return " · ".join(filter(None, (level, note, flow.change))), watts(size)

    def title(self, flow: Flow) -> str:
        """All that there is to say of a device, for who asks and for who does not see."""
        called = f"{flow.name} ({flow.title})" if flow.title else flow.name
        if not flow.online:
            return f"{called}: {self.say('offline')}"
        level = "" if flow.level is None else f"{flow.level * 100:.0f} %"
        size = watts(flow.power if flow.power is None else abs(flow.power))
        return f"{called}: {', '.join(filter(None, (level, size, flow.note and self.say(flow.note), flow.change)))}"

    def of_home(self, now: Now) -> str:
        """The whole drawing in a sentence."""
        found = []
        if now.sources:
            found.append(f"{self.say('sun')} {watts(now.pv)}")
        if now.stores:
            level = "" if now.soc is None else f" {now.soc * 100:.0f} %"
            found.append(f"{self.say('battery')}{level} {self._way(now.battery, 'discharging', 'charging')}")
        found += [f"{grid.name} {self._way(grid.power, 'import', 'export') if grid.fine else self.say(grid.note)}" for grid in now.grids]
        if now.islanded:
            found.append(self.say("on its own"))
        found.append(f"{self.say('loads')} {watts(now.load)}")
        if (loss := lost(now)) is not None:
            found.append(f"{self.say('losses')} {watts(loss)}")
        dark = [flow.name for flow in now.loads if flow.online and not flow.fine]
        found += [f"{self.say('without power')}: {', '.join(dark)}"] if dark else []
        return f"{now.home}: {', '.join(found)}"

    def _way(self, power: float | None, out: str, back: str) -> str:
        if power is None or abs(power) < STILL:
            return watts(power)
        return f"{self.say(out if power > 0 else back)} {watts(abs(power))}"


def width_of(text: str, size: float) -> float:
    """About as wide as a text becomes in letters of that size, rather wider."""
    return sum(_WIDTHS[_breadth(letter)] for letter in text) * size


def fitted(text: str, width: float, size: float) -> str:
    """The text, or what of its beginning fits, with a sign that there is more."""
    if width_of(text, size) <= width:
        return text
    room = width - width_of("…", size)
    kept = 0
    for letter in text:
        room -= _WIDTHS[_breadth(letter)] * size
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"


def _breadth(letter: str) -> str:
    if letter in _NARROW:
        return "narrow"
    if letter in _BROAD:
        return "broad"
    return "square" if unicodedata.east_asian_width(letter) in "WF" else "usual"
