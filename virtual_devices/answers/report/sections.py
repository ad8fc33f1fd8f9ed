"""The sections of a report that are pictures: the week, the hours, the months, the ways of the energy, the chain of losses."""

from __future__ import annotations

from virtual_devices.answers.charts.bars import BarGroup, bars
from virtual_devices.answers.charts.chain import ChainLink, chain
from virtual_devices.answers.charts.heat_map import LEFT, heat_map
from virtual_devices.answers.charts.markup import Markup, each, joined, tag
from virtual_devices.answers.charts.sankey import SankeyFlow, SankeyNode, sankey
from virtual_devices.answers.charts.scales import Scale, time_ticks
from virtual_devices.answers.findings.findings import MonthFound
from virtual_devices.answers.report.embedded import embedded
from virtual_devices.answers.report.energy_ways import IN, EnergyPlace, ways_of
from virtual_devices.answers.report.figures import figure, money, month_name, share
from virtual_devices.answers.report.hours import MAPPED, hours_of
from virtual_devices.answers.report.loss_chain import loss_chain
from virtual_devices.answers.report.parts import WIDE, both, key, paragraph, section, sideways, table
from virtual_devices.answers.report.reading import RunSeen
from virtual_devices.answers.report.week_picture import week_picture
from virtual_devices.answers.report.weeks import weeks_of
from virtual_devices.kit.quantities import MJ_PER_KWH

_MAP_NAMES = {"load": "Loads", "import": "From the grid", "sun": "Sun"}
_SHORTEST_YEAR = 340
"""Days from which a run is called a year."""


def weeks_and_hours(seen: RunSeen) -> tuple[Markup, Markup]:
    """The section of the week, with what the page's script needs, and that of the hours."""
    series, grid = weeks_of(seen), hours_of(seen)
    currency = seen.findings.bill.currency if seen.findings.bill is not None else ""
    entries = [("sun", "sun"), ("discharge", "battery"), ("import", "grid"), ("stroke", "loads"), ("charge", "into the battery"), ("export", "sold to the grid")]
    chooser = tag(
        "div", tag("button", "‹ earlier", type="button"), tag("select", aria_label="week"), tag("button", "later ›", type="button"), class_="chooser", hidden=True
    )
    week = section(
        "week", "A week" if len(series.weeks) > 1 else "Day by day",
        tag("p", f"{series.weeks[series.telling].name}", tag("span", f" – {series.why}" if len(series.weeks) > 1 else "", class_="telling soft"), class_="shown"),
        chooser, key([*entries, *([("outage", "outage")] if series.outages else [])]),
        both(lambda width: week_picture(series, series.telling, seen.local, currency, width)),
        embedded(series, grid, seen.local, currency),
    )  # fmt: skip

    def mapped(name: str, width: float) -> Markup:
        days = Scale(grid.start, grid.end, LEFT, width - 10)
        ticks = time_ticks(grid.start, grid.end, seen.local, 12 if width == WIDE else 6)
        picture = heat_map(width, 300.0, grid.values[name], days, ticks, "kW", f"{_MAP_NAMES[name]} by day and hour")
        return Markup(picture.replace("<svg", f'<svg data-name="{name}" data-label="{_MAP_NAMES[name]}"', 1))

    buttons = [
        joined(tag("input", type="radio", name="vdr-map", id=f"vdr-map-{name}", class_="which", checked=name == MAPPED[0]), tag("label", _MAP_NAMES[name], for_=f"vdr-map-{name}"))
        for name in MAPPED
    ]
    maps = [tag("div", tag("p", _MAP_NAMES[name], class_="map-name"), both(lambda width, name=name: mapped(name, width)), class_="map") for name in MAPPED]  # type: ignore[misc]
    return week, section("hours", "Every hour", paragraph("Days from left to right, hours from midnight down; the brighter, the more.", "soft"), each(buttons), each(maps))


def months(seen: RunSeen) -> Markup:
    """As bars and as a table."""
    found, bill = seen.findings.months, seen.findings.bill
    groups = [_group(month) for month in found]
    currency = bill.currency if bill is not None else ""
    head = ["", "sun", "loads", "from the grid", "sold", "self-sufficient", "self-consumed", f"bill{', ' + currency if currency else ''}", "outages, h", "dark, h"]
    if any(month.emissions_kg is not None for month in found):
        head.append("CO₂, kg")
    rows = [
        [
            month_name(month.month), *(figure(month.energy_kwh.get(name), digits=1) for name in ("pv_used", "load_served", "grid_import", "grid_export")),
            share(month.self_sufficiency), share(month.self_consumption), figure(month.cost, digits=2), figure(month.outage_hours, digits=1), figure(month.dark_hours, digits=1),
            figure(month.emissions_kg, digits=1),
        ][: len(head)]
        for month in found
    ]  # fmt: skip
    whole = seen.findings
    foot = [
        "together", *(figure(whole.energy_kwh.get(name), digits=1) for name in ("pv_used", "load_served", "grid_import", "grid_export")),
        share(whole.self_sufficiency), share(whole.self_consumption), money(bill.amount, "").strip() if bill is not None else figure(None),
        figure(whole.outage_hours, digits=1), figure(whole.dark_hours, digits=1), figure(whole.emissions_kg, digits=1),
    ][: len(head)]  # fmt: skip
    legend = key([("sun", "sun"), ("import", "from the grid"), ("load", "loads"), ("export", "sold to the grid"), ("loss", "lost")])
    return section(
        "months", "Months", paragraph("Of each month two bars: on the left what came in, on the right what became of it. Energies in kWh.", "soft"), legend,
        both(lambda width: bars(width, 260.0, groups, "kWh", "Energy by month")), table(head, rows, foot),
    )  # fmt: skip


def _group(month: MonthFound) -> BarGroup:
    energy = month.energy_kwh

    def layer(style: str, name: str, words: str) -> tuple[str, float, str]:
        amount = energy.get(name, 0.0)
        return f"bar {style}", amount, f"{month_name(month.month)}: {words} {figure(amount, 'kWh')}"

    came = [layer("sun", "pv_used", "sun"), layer("import", "grid_import", "from the grid")]
    went = [layer("load", "load_served", "loads"), layer("export", "grid_export", "sold"), layer("loss", "losses", "lost")]
    return BarGroup(month_name(month.month)[:3], (came, went))


def ways(seen: RunSeen) -> Markup:
    """The Sankey diagram of all energy."""
    found = ways_of(seen.total)
    texts = {f"{source}>{sink}": figure(moved / MJ_PER_KWH, "kWh") for (source, sink), moved in found.moved.items()}
    texts |= {place.name: figure(max(found.passing(place)) / MJ_PER_KWH) for place in found.places}
    nodes = [SankeyNode(place.name, place.label, _style(place), place.ends) for place in found.places]
    flows = [SankeyFlow(source, sink, moved / MJ_PER_KWH) for (source, sink), moved in found.moved.items()]
    year = "of the year" if (seen.end - seen.start) / 86_400 >= _SHORTEST_YEAR else "of the run"
    text = (
        "kWh, by the home's ledger, in which no joule is lost: at each place as much goes out as comes in. A battery gives in one place and takes in another; "
        "wires between which energy went both ways are one place. What loads take ends as heat."
    )
    return section("ways", f"The energy {year}", paragraph(text, "soft"), sideways(sankey(WIDE, nodes, flows, texts, f"The ways of the energy {year}")))


def _style(place: EnergyPlace) -> str:
    if place.role == "grid":
        return "n-export" if place.side == IN else "n-grid"
    if place.role == "loss":
        return "n-heat" if place.accounts == ("heat",) else "n-loss"
    return {"source": "n-sun", "sun": "n-sun", "store": "n-battery", "load": "n-load"}.get(place.role, "n-wire")


def losses(seen: RunSeen) -> Markup:
    """From the sun to the socket."""
    links = loss_chain(seen.findings, seen.total)
    drawn = [
        ChainLink(link.name, link.change, link.left, f"n-{link.style}", figure(link.left if link.change is None else link.change, "kWh") if link.change is None or link.change < 0 else f"+{figure(link.change, 'kWh')}")
        for link in links
    ]
    return section("losses", "From the sun to the socket", both(lambda width: chain(width, drawn, "What is lost between the sun and the loads")))
