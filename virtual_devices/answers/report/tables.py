"""The sections of a report that are words and tables: the summary, the devices, the batteries, what was assumed, where it is from."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from virtual_devices.answers.charts.markup import Markup, each, joined, tag
from virtual_devices.answers.charts.over_time import between, line, panel, time_axis, value_axis
from virtual_devices.answers.charts.scales import Scale, time_ticks
from virtual_devices.answers.charts.thinning import Floats
from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.words import sentences
from virtual_devices.answers.report.figures import UNKNOWN, clock, figure, share
from virtual_devices.answers.report.parts import WIDE, both, pairs, paragraph, section, table
from virtual_devices.answers.report.reading import RunSeen
from virtual_devices.answers.report.sources import LIVE, NOT_SET, DeviceInputs, inputs_of
from virtual_devices.kit.accounts import LOSSES
from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.quantities import MJ_PER_KWH

_HEIGHT, _TOP, _BELOW, _LEFT = 190.0, 24.0, 24.0, 52.0
_LITTLE = 0.05
"""kWh that are not worth a word."""
_LONG = 21 * DAY
"""s from which on single cycles are too close to be told apart."""
_HELD = "What it held at the end of each quarter of an hour."
_HELD_BY_DAY = "Between how little and how much it held, day by day."


def summary(findings: Findings) -> Markup:
    """What matters, as figures and in words."""
    words = tag("ul", each(tag("li", text) for text in sentences(findings)), class_="words")
    return section("summary", "What it came to", tiles(findings), words)


def tiles(findings: Findings) -> Markup:
    """What matters most, as figures."""
    return tag("ul", each(tag("li", tag("b", value), tag("span", name)) for name, value in _tiles(findings)), class_="tiles")


def _tiles(findings: Findings) -> list[tuple[str, str]]:
    bill, found = findings.bill, list[tuple[str, str]]()
    if bill is not None:
        found.append(("bill, with what refills the battery" if bill.refill else "bill", figure(bill.total, bill.currency)))
    arrays = findings.arrays.values()
    kwp = sum(array.kwp or 0.0 for array in arrays)
    found += [("of what the loads took was not imported", share(findings.self_sufficiency))] if findings.self_sufficiency is not None else []
    found += [("of the sun was used at home", share(findings.self_consumption))] if findings.self_consumption is not None else []
    found += [("dark: an essential load had no power in an outage", figure(findings.dark_hours, "h"))] if findings.dark_hours is not None else []
    found += [("without the grid", figure(findings.outage_hours, "h"))] if findings.outage_hours else []
    found += [("used of each kWp", figure(sum(array.energy_kwh for array in arrays) / kwp, "kWh"))] if kwp and all(array.kwp for array in arrays) else []
    found += [("curtailed", figure(findings.energy_kwh["curtailed"], "kWh"))] if findings.energy_kwh.get("curtailed", 0.0) >= _LITTLE else []
    found += [(f"highest import, {clock(findings.peak_import.time)}", figure(findings.peak_import.power / 1000, "kW"))] if findings.peak_import is not None and findings.peak_import.power else []
    found += [(f"highest load, {clock(findings.peak_load.time)}", figure(findings.peak_load.power / 1000, "kW"))] if findings.peak_load is not None else []
    found += [("CO₂ of what was imported", figure(findings.emissions_kg, "kg"))] if findings.emissions_kg is not None else []
    return found


def devices(seen: RunSeen) -> Markup:
    """A line for each."""
    findings, moved = seen.findings, seen.total.by_device()
    kinds = {name: device.declaration.kind for name, device in seen.wanted.wanted.devices.items()} if seen.wanted is not None else {}
    rows = []
    for name in seen.roles.devices:
        load, array = findings.loads.get(name), findings.arrays.get(name)
        rows.append([
            name, kinds.get(name, NO_KIND.get(name, "")), figure(moved[name]["in"] / MJ_PER_KWH, digits=1),
            figure((moved[name]["out"] - seen.total.edges.get((name, LOSSES), 0)) / MJ_PER_KWH, digits=1) if load is None else figure(None),
            figure(load.unserved_kwh if load is not None else array.curtailed_kwh if array is not None else None, digits=1),
            *(figure(value, digits=1) for value in ((load.without_power_hours, load.longest_without_power_hours, load.dark_hours) if load is not None else (None,) * 3)),
        ])  # fmt: skip
    head = ("", "kind", "took, kWh", "gave, kWh", "unserved or curtailed, kWh", "off while wanting, h", "longest, h", "of it in outages, h")
    text = "What a load takes becomes heat, and is not shown as given; nor is what is lost. Off while wanting: there was demand and no power, for whatever reason."
    return section("devices", "Devices", paragraph(text, "soft"), table(head, rows, left=frozenset({1})), _arrays(findings))


NO_KIND = {"grid": "grid"}
"""The grid's account has this name, whatever the device is called."""


def _arrays(findings: Findings) -> Markup | None:
    rows = [
        [
            name, figure(array.kwp, digits=2), figure(array.insolation), figure(array.available_kwh), figure(array.energy_kwh), figure(array.curtailed_kwh),
            figure(array.clipped_kwh), figure(array.specific_yield), share(array.performance_ratio),
        ]
        for name, array in findings.arrays.items()
    ]  # fmt: skip
    head = ("array", "kWp", "sun on it, kWh/m²", "could give, kWh", "used, kWh", "curtailed, kWh", "clipped, kWh", "kWh/kWp", "performance ratio")
    return table(head, rows) if rows else None


def batteries(seen: RunSeen) -> Markup | None:
    """What they held over the run, and how they fared. None where there are none."""
    found = seen.findings.batteries
    if not found:
        return None
    rows = [
        [
            name, figure(each_one.capacity_kwh, digits=1), share(each_one.soc_start), share(each_one.soc_end), figure(each_one.charged_kwh), figure(each_one.discharged_kwh),
            figure(each_one.lost_kwh), figure(each_one.cycles, digits=1), share(each_one.state_of_health),
        ]
        for name, each_one in found.items()
    ]  # fmt: skip
    head = ("", "capacity, kWh", "at the start", "at the end", "charged, kWh", "discharged, kWh", "lost in it, kWh", "full cycles", "health")
    by_day = seen.end - seen.start > _LONG
    many = len(seen.flows.stored) > 1
    legend = paragraph("Solid, dashed, dotted: " + ", ".join(seen.flows.stored), "soft") if many else None
    return section("battery", "Batteries" if many else "The battery", paragraph(_HELD_BY_DAY if by_day else _HELD, "soft"), legend, both(lambda width: _held(seen, width, by_day=by_day)), table(head, rows))


def _held(seen: RunSeen, width: float, *, by_day: bool) -> Markup:
    time, stored = Scale(seen.start, seen.end, _LEFT, width - 10), seen.flows.stored
    highest = max((float(values[np.isfinite(values)].max(initial=0.0)) for values in stored.values()), default=0.0)
    bottom = _HEIGHT - _BELOW
    field = panel(time, 0.0, highest or 1.0, bottom, _TOP)
    ends = (seen.flows.start + QUARTER).astype(np.float64)
    ticks = time_ticks(seen.start, seen.end, seen.local, 12 if width == WIDE else 6)
    drawn = []
    for place, values in enumerate(stored.values()):
        style = f"line soc soc{place % 3}"
        if by_day:
            noon, low, high = _by_day(seen, values)
            drawn += [between(field, noon, low, high, "held-band"), line(field, noon, low, style), line(field, noon, high, style)]
        else:
            drawn.append(line(field, ends, values, style))
    return tag("svg", tag("title", "What the battery held"), value_axis(field, "kWh"), time_axis(time, ticks, _TOP, bottom), each(drawn), viewbox=f"0 0 {width:g} {_HEIGHT:g}", role="img", class_="held")


def _by_day(seen: RunSeen, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Noon of each local day in which something is known, UTC seconds, and the lowest and the highest of it."""
    known = np.isfinite(values)
    times, levels = seen.flows.start[known], values[known]
    midnights = [seen.local.midnight(seen.start)]
    while midnights[-1] < seen.end:
        midnights.append(seen.local.next_midnight(midnights[-1]))
    day = np.searchsorted(np.array(midnights), times, side="right") - 1
    begins = np.unique(day, return_index=True)[1]
    noon = np.array([(midnights[place] + midnights[place + 1]) / 2 for place in day[begins].tolist()])
    return np.clip(noon, seen.start, seen.end), np.minimum.reduceat(levels, begins), np.maximum.reduceat(levels, begins)


def assumed(seen: RunSeen) -> Markup:
    """Every setting of every device, and where it is from; what the devices say of their conditions; the files."""
    findings = seen.findings
    notes = [paragraph(text) for text in findings.conditions]
    for gap in findings.not_covered:
        bounds = " and ".join(f"{verb} {clock(str(gap[verb]))}" for verb in ("begins", "ends") if gap.get(verb) is not None)
        notes.append(paragraph(f"{gap.get('file')} ({gap.get('device')}) {bounds}: {gap.get('otherwise')} for {figure(_float(gap.get('hours')), 'h')} of this run"))
    if seen.wanted is None:
        return section("assumed", "What was assumed", *notes, paragraph(f"The settings of the devices: {UNKNOWN}.", "soft"))
    inputs = inputs_of(seen.wanted)
    files = [(f"{device.device}, {setting.title.lower()}", setting.text) for device in inputs for setting in device.settings if setting.document]
    if seen.facts.home_file is not None:
        files.insert(0, ("home file", _bare(seen.facts.home_file)))
    text = "What the home file declares of each device, and what was set while it ran. All else was at the defaults of its kind, which stand below each."
    return section(
        "assumed", "What was assumed, and where it is from", *notes, paragraph(text, "soft"), each(_device(device) for device in inputs),
        joined(tag("p", tag("b", "Files")), pairs(files)) if files else None,
    )  # fmt: skip


def _device(device: DeviceInputs) -> Markup:
    own, others = device.chosen, device.defaults
    chosen = [joined(f"{setting.title} ", tag("b", setting.text), f" ({setting.source})" if setting.source == LIVE else None, "; " if place < len(own) else None) for place, setting in enumerate(own, 1)]
    known = "" if device.known else "this kind is not installed here, so its defaults are not known"
    head = tag("p", tag("b", device.device, class_="name"), tag("span", f" {device.kind}: ", class_="soft"), each(chosen), known or None if own else known or "all at defaults")
    set_to = "; ".join(f"{setting.title} {setting.text}" for setting in others if setting.text != NOT_SET)
    unset = ", ".join(setting.title for setting in others if setting.text == NOT_SET)
    texts = filter(None, (set_to, f"not set: {unset}" if unset else ""))
    more = tag("details", tag("summary", f"{len(others)} at their defaults"), tag("p", ". ".join(texts))) if others else None
    return tag("div", head, more, class_="device")


def provenance(seen: RunSeen, made: float, program: str) -> Markup:
    """By which program, of which run, and how to tell that nobody has changed it. made: wall UTC seconds.  program: the version that made the page."""
    facts, findings = seen.facts, seen.findings
    hours = (seen.end - seen.start) / 3600
    entries = [
        ("home", facts.home or UNKNOWN), ("from", clock(findings.start)), ("to", clock(findings.end)), ("time zone", facts.zone),
        ("length", f"{figure(hours / 24, 'days')}" if hours >= 48 else figure(hours, "h")),  # noqa: PLR2004 - two days
        ("step", f"{facts.step} s" if facts.step is not None else UNKNOWN), ("place", f"{figure(facts.site.latitude, '°', 2)}, {figure(facts.site.longitude, '°', 2)}, {figure(facts.site.altitude, 'm', 0)}" if facts.site is not None else UNKNOWN),
        ("seed", str(facts.site.seed) if facts.site is not None else UNKNOWN),
        ("run", facts.run or UNKNOWN), ("record", seen.path.name), ("written by", f"virtual-devices {facts.program}" if facts.program is not None else UNKNOWN),
        ("SHA-256 of the ledger", tag("code", findings.digest) if findings.digest is not None else UNKNOWN),
        ("SHA-256 of the record", tag("code", seen.file_digest) if seen.file_digest is not None else "none yet: the home still writes it"),
        ("report", f"made {datetime.fromtimestamp(made, UTC):%Y-%m-%d %H:%M} UTC by virtual-devices {program}"),
    ]  # fmt: skip
    problems = [paragraph(f"The audit of the ledger: {text}") for text in findings.problems]
    return section("provenance", "Where this is from", pairs(entries), *problems)


def _bare(path: str) -> str:
    """A file's name without its folders, which are nobody's business."""
    return path.replace("\\", "/").rpartition("/")[2]


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


