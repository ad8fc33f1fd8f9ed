"""The tariff file: YAML text to a Tariff. docs/tariffs.md shows the form; every mistake is told with file and line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.device import millijoules
from virtual_devices.kit.documents import Node, YamlError, model_of, read_yaml
from virtual_devices.kit.errors import ConfigurationError, shown, suggestion
from virtual_devices.kit.quantities import Energy, Money, Percent, Price
from virtual_devices.kit.settings import Form
from virtual_devices.supply._tariff import Block, PriceCourse, Tariff
from virtual_devices.supply._zones import (
    DAYS,
    FOREVER,
    HIGHEST,
    MICRO,
    Holidays,
    Zone,
    Zones,
    read_days,
    read_hours,
    read_months,
)

SECTIONS = ("vat", "holidays", "import", "feed_in", "charges")
MAX_ITEMS = 1000
"""Most zones, and most blocks."""

PricePerKwh = Annotated[Price, Field(ge=-HIGHEST, le=HIGHEST)]
Charge = Annotated[Money, Field(ge=-1_000_000, le=1_000_000)]


def _checked(read_text: Callable[[str], Any]) -> BeforeValidator:
    def check(value: Any) -> Any:
        text = str(value) if type(value) is int else value  # YAML takes a lone 6 for a number
        if isinstance(text, str):
            read_text(text)
        return text

    return BeforeValidator(check)


class _ZoneForm(Form):
    price: PricePerKwh
    days: Annotated[str, _checked(read_days)] | None = None
    hours: Annotated[str, _checked(read_hours)] | None = None
    months: Annotated[str, _checked(read_months)] | None = None


class _BlockForm(Form):
    up_to: Annotated[Energy, Field(gt=0, le=1_000_000)] | None = None
    price: PricePerKwh | None = None
    add: PricePerKwh | None = None


class _ChargesForm(Form):
    per_day: Charge = 0.0
    per_month: Charge = 0.0


class _HolidaysForm(Form):
    country: Annotated[str, Field(max_length=10)]
    subdivision: Annotated[str, Field(max_length=40)] | None = None
    count_as: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "itself"] = "Sun"


class _VatForm(Form):
    vat: Annotated[Percent, Field(ge=0, le=100)] = 0.0


F = TypeVar("F", bound=Form)


class _Mistakes(Exception):  # noqa: N818 - never leaves this module
    """There are mistakes, which were noted."""


@dataclass(slots=True)
class _TariffReader:
    """One reading of one file. problems: (line, what is wrong; how to mend it)."""

    local: Calendar
    problems: list[tuple[int, str]]

    def say(self, line: int, text: str) -> None:
        self.problems.append((line, " ".join(text.split())))

    def tariff(self, text: str) -> Tariff:
        try:
            root = read_yaml(text)
        except YamlError as error:
            self.say(error.line, error.text)
            raise _Mistakes from None
        self.repeated(root)
        self.known(root, SECTIONS, "a tariff")
        vat = self.form(_VatForm, replace(root, map={key: node for key, node in root.map.items() if key == "vat"}), "the tariff")
        holidays = self.holidays(root)
        buying, selling = self.section(root, "import", ("zones", "blocks")), self.section(root, "feed_in", ("zones",))
        charges = self.form(_ChargesForm, root.map.get("charges", Node("map", root.line)), "charges")
        made = Tariff(
            buying=PriceCourse(self.zones(buying, holidays)),
            selling=PriceCourse(self.zones(selling, holidays)),
            blocks=self.blocks(buying),
            per_day=round(charges.per_day * MICRO),
            per_month=round(charges.per_month * MICRO),
            vat=round(vat.vat * 10_000),
        )
        if self.problems:
            raise _Mistakes
        return made

    # -- what every part needs -------------------------------------------------------------------------------------

    def repeated(self, node: Node) -> None:
        for key, line in node.repeated:
            self.say(line, f"{shown(key)} is written twice (first in line {node.keys[key]}); keep one")
        for child in [*node.items, *node.map.values()]:
            self.repeated(child)

    def known(self, node: Node, keys: tuple[str, ...], what: str) -> None:
        if node.kind != "map":
            self.say(node.line, f"{what} should be a map of {', '.join(keys)}; write `{keys[0]}: …`")
            raise _Mistakes
        for key in node.map:
            if key not in keys:
                self.say(node.keys[key], f"{what} has no {shown(key)}{suggestion(key, list(keys))}")

    def section(self, root: Node, name: str, keys: tuple[str, ...]) -> Node:
        node = root.map.get(name, Node("map", root.line))
        self.known(node, keys, name)
        return node

    def items(self, section: Node, name: str, example: str) -> list[Node]:
        node = section.map.get(name, Node("list", section.line))
        if node.kind != "list" or len(node.items) > MAX_ITEMS:
            self.say(node.line, f"{name} should be a list of at most {MAX_ITEMS}; write `{name}: [{example}]`")
            raise _Mistakes
        return node.items

    def form(self, model: type[F], node: Node, what: str) -> F:
        """The map as a form. Words that are a list (``days: [Sat, Sun]``) are taken with commas between them."""
        if node.kind != "map":
            self.say(node.line, f"{what} should be a map; write `{{{next(iter(model.model_fields))}: …}}`")
            raise _Mistakes
        values = {
            key: ",".join(str(item.value) for item in child.items) if child.kind == "list" else child.plain()
            for key, child in node.map.items()
        }
        made, problems = model_of(model, values)
        for key, text in problems:
            torn = key not in model.model_fields and values.get(key, key) is None  # {days: Sat,Sun} is {days: Sat, Sun: null}
            hint = '; quote what has commas: days: "Sat,Sun"' if torn else ""
            self.say(node.keys.get(key, node.line), f"{what}: {key + ': ' if key else ''}{text}{hint}")
        if not isinstance(made, model):
            raise _Mistakes
        return made

    # -- the sections ----------------------------------------------------------------------------------------------

    def zones(self, section: Node, holidays: Holidays | None) -> Zones | None:
        found = []
        for number, node in enumerate(self.items(section, "zones", "{price: 4.2, days: Mon-Fri, hours: 6-9}"), 1):
            form = self.form(_ZoneForm, node, f"zone {number}")
            zone = Zone(
                round(form.price * MICRO),
                None if form.days is None else read_days(form.days),
                None if form.hours is None else read_hours(form.hours),
                None if form.months is None else read_months(form.months),
            )
            if zone.names_holidays and holidays is None:
                self.say(node.keys["days"], f"zone {number}: Hol, but which? add a section such as `holidays: {{country: ZA}}`")
            found.append(zone)
        return Zones(found, self.local, holidays) if found else None

    def blocks(self, section: Node) -> tuple[Block, ...]:
        found: list[Block] = []
        nodes = self.items(section, "blocks", "{up_to: 600 kWh}, {add: 0.85}")
        for number, node in enumerate(nodes, 1):
            form, what = self.form(_BlockForm, node, f"block {number}"), f"block {number}"
            if form.price is not None and form.add is not None:
                self.say(node.keys["add"], f"{what}: price stands instead of other prices, add comes on top; keep one")
            if (form.up_to is None) != (number == len(nodes)):
                mend = "leave up_to out of the last block" if form.up_to is not None else "say up_to which kWh of the month it goes"
                self.say(node.line, f"{what}: only the last block has no end; {mend}")
                raise _Mistakes
            limit = FOREVER if form.up_to is None else millijoules(form.up_to)
            if found and limit <= found[-1].limit:
                self.say(node.keys["up_to"], f"{what}: ends at {form.up_to:g} kWh, before the one before it; sort the blocks")
            price = None if form.price is None else round(form.price * MICRO)
            found.append(Block(limit, price, round((form.add or 0.0) * MICRO)))
        return tuple(found) or Tariff().blocks

    def holidays(self, root: Node) -> Holidays | None:
        node = root.map.get("holidays")
        if node is None:
            return None
        form = self.form(_HolidaysForm, node, "holidays")
        count_as = None if form.count_as == "itself" else DAYS.index(form.count_as)
        try:
            import holidays  # noqa: PLC0415 - only who names a country needs it
        except ImportError:
            self.say(node.line, "public holidays need the package holidays; pip install holidays")
            raise _Mistakes from None
        try:
            return Holidays(holidays.country_holidays(form.country, subdiv=form.subdivision).__contains__, count_as)
        except NotImplementedError:
            self.say(node.line, f"holidays: {_unknown_place(holidays.list_supported_countries(), form)}")
            raise _Mistakes from None


def _unknown_place(supported: dict[str, list[str]], form: _HolidaysForm) -> str:
    if form.country not in supported:
        hint = suggestion(form.country.upper(), list(supported))
        return f"country {shown(form.country)} is not known; use two letters of ISO 3166 such as ZA or DE{hint}"
    places = ", ".join(supported[form.country]) or "none: leave subdivision out"
    return f"subdivision {shown(form.subdivision)} of {form.country} is not known; there are: {places}"


def read_tariff(text: str, name: str, local: Calendar) -> Tariff:
    """The tariff in a file's text. Raises ConfigurationError with every problem, each with ``name`` and its line."""
    reader = _TariffReader(local, [])
    try:
        return reader.tariff(text)
    except _Mistakes:
        raise ConfigurationError("; ".join(f"{name}:{line}: {text}" for line, text in sorted(set(reader.problems)))) from None
