"""A dashboard for Home Assistant, made of what a home announces: one page of sections, with cards that Home Assistant has itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.home_assistant.announced import announced
from virtual_devices.home_assistant.link import RefusedError
from virtual_devices.home_assistant.shipped import sections
from virtual_devices.home_assistant.shipped.written import as_yaml
from virtual_devices.kit.forms.changes import title_of

if TYPE_CHECKING:
    from virtual_devices.home_assistant.link import HomeAssistant
    from virtual_devices.kit.home.model import Home

ICON = "mdi:home-lightning-bolt"
_WIDE = 4


def dashboard(home: Home) -> dict[str, Any]:
    """The dashboard of a home. What it has not has no place on it."""
    seen = announced(home)
    made = [make(seen) for make in (sections.now, sections.appliances, sections.happened, sections.programs, sections.grid, sections.ambient)]
    view: dict[str, Any] = {"title": title_of(home.name), "path": "home", "icon": ICON, "type": "sections", "max_columns": _WIDE, "dense_section_placement": True}
    if badges := sections.badges(seen):
        view["badges"] = badges
    return {"title": title_of(home.name), "views": [view | {"sections": [each for each in made if each is not None]}]}


def dashboard_text(home: Home) -> str:
    """The same as YAML."""
    place = path_of(home)
    heading = [
        f"Home Assistant dashboard of the home {home.name}; made by `virtual-devices ha dashboard`.",
        "",
        "Put it into the folder dashboards beside configuration.yaml, which has to say",
        "  lovelace:",
        "    dashboards:",
        f"      {place}: {{mode: yaml, filename: dashboards/{home.name}.yaml, title: {title_of(home.name)}, icon: {ICON}}}",
        "or paste all below into the raw editor of a dashboard.",
    ]
    return as_yaml(heading, dashboard(home))


def path_of(home: Home) -> str:
    """The end of the dashboard's address; Home Assistant wants a hyphen in it."""
    return f"virtual-{home.name.replace('_', '-')}"


def save(link: HomeAssistant, home: Home) -> str:
    """Make the dashboard in a Home Assistant that runs, or make it anew; its address. Raises RefusedError, BrokerError."""
    place = path_of(home)
    if place not in {each["url_path"] for each in link.ask("lovelace/dashboards/list")}:
        link.ask("lovelace/dashboards/create", url_path=place, title=title_of(home.name), icon=ICON, mode="storage", show_in_sidebar=True, require_admin=False)
    try:
        link.ask("lovelace/config/save", url_path=place, config=dashboard(home))
    except RefusedError as error:
        raise RefusedError(f"{error}; a dashboard {place} that stands in a file is changed there") from None
    return f"{link.url}/{place}"
