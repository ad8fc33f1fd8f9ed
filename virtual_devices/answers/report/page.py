"""A report as one page that needs nothing else: no other file, no network, and to be read not even a script."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from importlib import resources

from virtual_devices import __version__
from virtual_devices.answers.charts.markup import Markup, each, tag
from virtual_devices.answers.report import sections, tables
from virtual_devices.answers.report.figures import clock
from virtual_devices.answers.report.reading import RunSeen

_PLACES = (
    ("summary", "Summary"), ("week", "A week"), ("hours", "Every hour"), ("months", "Months"), ("ways", "Energy"), ("losses", "Losses"), ("devices", "Devices"),
    ("battery", "Battery"), ("assumed", "Assumed"), ("provenance", "Provenance"),
)  # fmt: skip
_BEGIN = 'vdReport(document.querySelector(".vdr"));'


@lru_cache(maxsize=2)
def asset(name: str) -> str:
    """``report.css``, all of whose rules are for what is within an element of class ``vdr``; ``report.js``, which says what ``vdReport`` does to such an element."""
    return (resources.files("virtual_devices.answers.report") / name).read_text(encoding="utf-8")


def body(seen: RunSeen, made: float) -> Markup:
    """All that a report shows, as one element of class ``vdr``, for this page or another that has the style and calls the script. made: wall UTC seconds."""
    week, hours = sections.weeks_and_hours(seen)
    battery = tables.batteries(seen)
    parts = [
        tables.summary(seen.findings), week, hours, sections.months(seen), sections.ways(seen), sections.losses(seen), tables.devices(seen), battery,
        tables.assumed(seen), tables.provenance(seen, made, __version__),
    ]  # fmt: skip
    links = [tag("a", words, href=f"#vdr-{name}") for name, words in _PLACES if name != "battery" or battery is not None]
    head = tag(
        "header", tag("h1", seen.facts.home or seen.path.name), tag("p", f"{clock(seen.findings.start)} to {clock(seen.findings.end)} ({seen.facts.zone})", class_="soft"),
        tag("nav", each(links), aria_label="sections"),
    )  # fmt: skip
    return tag("article", head, *parts, class_="vdr")


def page(seen: RunSeen, made: float) -> str:
    """The whole page. made: wall UTC seconds."""
    return whole(f"{seen.facts.home}, {clock(seen.findings.start)} to {clock(seen.findings.end)}", body(seen, made), scripted=True)


def whole(title: str, content: Markup, *, scripted: bool) -> str:
    """A page around some content. Its policy lets a browser load nothing, and run and apply only what is here by its hash."""
    style, script = asset("report.css"), asset("report.js") + _BEGIN
    allowed = f"script-src '{_hash(script)}'; " if scripted else ""
    policy = f"default-src 'none'; {allowed}style-src '{_hash(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = tag(
        "head", tag("meta", charset="utf-8"), tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"), tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"), tag("title", title), tag("style", Markup(style)),
    )  # fmt: skip
    end = tag("script", Markup(script)) if scripted else None
    return "<!doctype html>\n" + tag("html", head, tag("body", tag("main", content), end), lang="en", class_="vdr-page") + "\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
