"""The tariff file: YAML text to a Tariff. docs/tariffs.md shows the form; every mistake is told with file and line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

from virtual_devices.kit.calendar import Calendar
from virtual_devices.kit.device import millijoules
from virtual_devices.kit.documents import Node, YamlError, model_of, read_yaml
from virtual_devices.kit.errors import ConfigurationError, SettingError, shown, suggestion
from virtual_devices.kit.instants import instant
from virtual_devices.kit.settings import Form
from virtual_devices.supply.tariffs.forms import (
    CHANGING,
    MAX_ITEMS,
    SECTIONS,
    BlockForm,
    ChargesForm,
    HolidaysForm,
    NetForm,
    PowerChargeForm,
    PriceForm,
    VatForm,
    ZoneForm,
)
from virtual_devices.supply.tariffs.tariff import Block, NetMetering, PowerCharge, PriceCourse, Tariff
from virtual_devices.supply.tariffs.zones import (
    DAYS,
    FOREVER,
    MICRO,
    Cap,
    Holidays,
    Zone,
    Zones,
    read_days,
    read_hours,
    read_months,
)

_HOUR = 3600
F = TypeVar("F", bound=Form)


class _Mistakes(Exception):  # noqa: N818 - never leaves this module
    """There are mistakes, which were noted."""


@dataclass(slots=True)
class _TariffReader:
    """One reading of one file. problems: (line, what is wrong; how to mend it)."""

    local: Calendar
    problems: list[tuple[int, str]]
    caps: list[Cap] = field(default_factory=list)
    """Of the zones that were read."""

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
        holidays = self.holidays(root)
        first = self.version(root, holidays, Tariff())
        first = replace(first, net=self.net_metering(root, first))
        later = self.changes(root, holidays, first)
        caps = tuple(self.caps)
        made = replace(first, caps=caps, later=tuple((begin, replace(tariff, caps=caps)) for begin, tariff in later))
        if made.net is not None:
            self.nets(root, made)
        if self.problems:
            raise _Mistakes
        return made

    def version(self, root: Node, holidays: Holidays | None, before: Tariff) -> Tariff:
        """A tariff of the sections that there are, and those of the one before it."""
        plain = self.form(VatForm, replace(root, map={key: node for key, node in root.map.items() if key in VatForm.model_fields}), "the tariff")
        made = before
        if "vat" in root.map:
            made = replace(made, vat=round(plain.vat * 10_000))
        if "billing_day" in root.map:
            made = replace(made, billing_day=plain.billing_day)
        if "import" in root.map:
            section = self.section(root, "import", ("price", "zones", "blocks"))
            blocks, daily = self.blocks(section)
            made = replace(made, buying=self.course(section, holidays, capped=True), blocks=blocks, daily=daily)
        if "feed_in" in root.map:
            made = replace(made, selling=self.course(self.section(root, "feed_in", ("price", "zones")), holidays, capped=False))
        return self.charges(root.map["charges"], holidays, made) if "charges" in root.map else made

    def course(self, section: Node, holidays: Holidays | None, *, capped: bool) -> PriceCourse:
        price = self.form(PriceForm, replace(section, map={key: node for key, node in section.map.items() if key == "price"}), "base").price
        return PriceCourse(self.zones(section, holidays, capped=capped), base=None if price is None else round(price * MICRO))

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

    def zones(self, section: Node, holidays: Holidays | None, *, capped: bool) -> Zones | None:
        found = []
        for number, node in enumerate(self.items(section, "zones", "{price: 4.2, days: Mon-Fri, hours: 6-9}"), 1):
            form, what = self.form(ZoneForm, node, f"zone {number}"), f"zone {number}"
            if (form.price is None) == (form.add is None):
                mend = "price stands instead of other prices, add comes on top; keep one" if form.add is not None else "price: is missing"
                self.say(node.line, f"{what}: {mend}")
            zone = self.times(form, node, what, holidays)
            if form.price is None:
                zone = replace(zone, price=None, add=round((form.add or 0.0) * MICRO))
            found.append(replace(zone, cap=self.cap(form, node, what, capped=capped)))
        return Zones(found, self.local, holidays) if found else None

    def times(self, form: ZoneForm | PowerChargeForm, node: Node, what: str, holidays: Holidays | None) -> Zone:
        """When something holds, as a zone of the form's price."""
        zone = Zone(
            round((getattr(form, "price", None) or 0.0) * MICRO),
            None if form.days is None else read_days(form.days),
            None if form.hours is None else read_hours(form.hours),
            None if form.months is None else read_months(form.months),
        )
        if zone.names_holidays and holidays is None:
            self.say(node.keys["days"], f"{what}: Hol, but which? add a section such as `holidays: {{country: ZA}}`")
        return zone

    def cap(self, form: ZoneForm, node: Node, what: str, *, capped: bool) -> Cap | None:
        if form.up_to is None:
            if form.per is not None:
                self.say(node.keys["per"], f"{what}: per, but how much? add up_to, such as `up_to: 2 kWh`")
            return None
        if form.price is None or not capped:
            self.say(node.keys["up_to"], f"{what}: only a price of import can be for so many kWh; leave up_to out")
            return None
        if form.per is None:
            self.say(node.keys["up_to"], f"{what}: up_to, but in what time? add `per: day` or `per: month`")
        self.caps.append(Cap(len(self.caps), millijoules(form.up_to), form.per == "day"))
        return self.caps[-1]

    def blocks(self, section: Node) -> tuple[tuple[Block, ...], bool]:
        """The blocks, and whether they are of a day."""
        found: list[Block] = []
        times = set()
        nodes = self.items(section, "blocks", "{up_to: 600 kWh}, {add: 0.85}")
        for number, node in enumerate(nodes, 1):
            form, what = self.form(BlockForm, node, f"block {number}"), f"block {number}"
            if form.price is not None and form.add is not None:
                self.say(node.keys["add"], f"{what}: price stands instead of other prices, add comes on top; keep one")
            if (form.up_to is None) != (number == len(nodes)):
                mend = "leave up_to out of the last block" if form.up_to is not None else "say up_to which kWh of the month it goes"
                self.say(node.line, f"{what}: only the last block has no end; {mend}")
                raise _Mistakes
            limit = FOREVER if form.up_to is None else millijoules(form.up_to)
            if found and limit <= found[-1].limit:
                self.say(node.keys["up_to"], f"{what}: ends at {form.up_to:g} kWh, before the one before it; sort the blocks")
            if form.up_to is not None or form.per is not None:
                times.add(form.per or "month")
            if len(times) > 1:
                self.say(node.line, f"{what}: blocks are all of a day or all of a month; write the same `per` in each that has up_to")
                raise _Mistakes
            price = None if form.price is None else round(form.price * MICRO)
            found.append(Block(limit, price, round((form.add or 0.0) * MICRO)))
        return tuple(found) or Tariff().blocks, "day" in times

    def charges(self, node: Node, holidays: Holidays | None, before: Tariff) -> Tariff:
        """The tariff with charges in the place of those that it had."""
        own = tuple(ChargesForm.model_fields)
        self.known(node, (*own, "demand"), "charges")
        fixed = self.form(ChargesForm, replace(node, map={key: child for key, child in node.map.items() if key in own}), "charges")
        found = []
        for number, child in enumerate(self.items(node, "demand", "{per_kw: 120, interval: 30 min, hours: 6-22}"), 1):
            form, what = self.form(PowerChargeForm, child, f"demand {number}"), f"demand {number}"
            if _HOUR % form.interval:
                self.say(child.keys["interval"], f"{what}: interval is no part of an hour; use 15 min, 30 min or 60 min")
                raise _Mistakes
            when = self.times(form, child, what, holidays)
            always = form.days is None and form.hours is None and form.months is None
            found.append(PowerCharge(round(form.per_kw * MICRO), round(form.interval), None if always else Zones([when], self.local, holidays)))
        return replace(before, per_day=round(fixed.per_day * MICRO), per_month=round(fixed.per_month * MICRO), demand=tuple(found))

    def net_metering(self, root: Node, made: Tariff) -> NetMetering | None:
        node = root.map.get("net_metering")
        if node is None:
            return None
        form = self.form(NetForm, node, "net_metering")
        first = min(read_months(form.first)) if form.first is not None else 0
        if form.first is not None and (len(read_months(form.first)) > 1 or form.per == "month"):
            self.say(node.keys["first"], "net_metering: first is the one month in which a year begins, such as Apr; leave it out for January")
        return NetMetering(form.per == "year", first, None if form.surplus is None else round(form.surplus * MICRO))

    def nets(self, root: Node, made: Tariff) -> None:
        """Say what net metering does not go with."""
        for tariff in made.versions:
            if tariff.net is not None and len(tariff.blocks) > 1 and (tariff.daily or tariff.net.yearly):
                self.say(root.keys["net_metering"], "net_metering goes with blocks where both are per month; leave one of them out")
        if made.caps:
            self.say(root.keys["net_metering"], "net_metering does not go with a zone that has up_to; leave one of them out")

    def changes(self, root: Node, holidays: Holidays | None, first: Tariff) -> list[tuple[int, Tariff]]:
        """The versions that follow, each with the time from which it holds (UTC seconds)."""
        found: list[tuple[int, Tariff]] = []
        tariff = first
        for number, node in enumerate(self.items(root, "changes", "{from: 2026-07-01, import: {price: 4.2}}"), 1):
            what = f"change {number}"
            self.known(node, CHANGING, what)
            if "from" not in node.map:
                self.say(node.line, f"{what}: from when? add a date, such as `from: 2026-07-01`")
                raise _Mistakes
            try:
                begin = self.local.midnight(instant(str(node.map["from"].value), self.local))
            except SettingError as error:
                self.say(node.keys["from"], f"{what}: from: {error}")
                raise _Mistakes from None
            if found and begin <= found[-1][0]:
                self.say(node.keys["from"], f"{what}: is not later than the one before it; sort the changes")
            tariff = self.version(node, holidays, tariff)
            found.append((begin, tariff))
        return found

    def holidays(self, root: Node) -> Holidays | None:
        node = root.map.get("holidays")
        if node is None:
            return None
        form = self.form(HolidaysForm, node, "holidays")
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


def _unknown_place(supported: dict[str, list[str]], form: HolidaysForm) -> str:
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
