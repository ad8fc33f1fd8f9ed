"""Where power comes from and where it goes just now, as a table whose two sides come to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from virtual_devices.home_assistant.shipped.cards import Card, cells, table, words

if TYPE_CHECKING:
    from virtual_devices.home_assistant.announced import Announced, Thing


_SIDES = "lrlr"


def flow(seen: Announced, inverter: Thing) -> Card | None:
    """The table. What no number is told of – losses in converting, and small moves that are told later – is the rest, so it always balances."""
    fields = {"grid": "grid_power", "load": "load_power"}
    if seen.of("produces"):
        fields["sun"] = "pv_power"
    if seen.of("stores"):
        fields["battery"] = "battery_power"
    if inverter.entities(*fields.values()) is None:
        return None
    read = "\n".join(f"{{% set {name} = states('{inverter.entity(field)}') | float(0) | round | int %}}" for name, field in fields.items())
    given = [("Sun", "sun"), ("Battery", "[battery, 0] | max"), ("Grid", "[grid, 0] | max")]
    taken = [("Loads", "load"), ("Battery", "[-battery, 0] | max"), ("Grid", "[-grid, 0] | max"), ("Losses", "rest")]
    left = [(title, value) for title, value in given if _needs(value) <= fields.keys()]
    right = [(title, value) for title, value in taken if _needs(value) <= fields.keys()]
    both = [*left, *[("", "")] * (len(right) - len(left))]
    total = " + ".join(f"({value})" for _, value in left)
    used = " + ".join(f"({value})" for _, value in right[:-1])
    body = "".join(cells(_SIDES, one[0], _told(one[1]), other[0], _told(other[1])) for one, other in zip(both, right, strict=True))
    sums = cells(_SIDES, "together", "{{ total }}", "together", f"{{{{ {used} + rest }}}}", head=True)
    return words(f"{read}\n{{% set total = {total} %}}\n{{% set rest = total - ({used}) %}}\n" + table(cells(_SIDES, "from", "W", "to", "W", head=True), body + sums))


def _needs(value: str) -> set[str]:
    return {name for name in ("sun", "battery", "grid", "load") if name in value}


def _told(value: str) -> str:
    return f"{{{{ {value} }}}}" if value else ""
