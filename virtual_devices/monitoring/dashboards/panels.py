"""Panels as this project's dashboards have them, made with Grafana's own library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    gauge,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef("prometheus", "${datasource}")
WATTS, KWH, SHARE, HOURS, SECONDS, PLAIN, BYTES, CELSIUS, VOLTS, TIME = (
    "watt", "kwatth", "percentunit", "h", "s", "short", "bytes", "celsius", "volt", "dateTimeAsIso",
)  # fmt: skip
"""Units by Grafana's names. TIME: of milliseconds."""
COLOURS = {
    "Solar": "yellow", "Loads": "blue", "Battery": "green", "Grid": "purple", "Import": "purple", "Export": "orange", "Charged": "green",
    "Discharged": "light-green", "Losses": "red", "Not served": "red", "Curtailed": "light-yellow",
}  # fmt: skip
"""What has the same name has the same colour on every dashboard."""
YES = {"0": ("no", "red"), "1": ("yes", "green")}
ON = {"0": ("off", "semi-dark-blue"), "1": ("on", "yellow")}
Panel = Any
"""A builder of the library: its panels share no type."""


def asked(expr: str, legend: str = "", *, instant: bool = False, as_table: bool = False, every: str = "", ref: str = "A") -> prometheus.Dataquery:
    """A query. instant: its newest value only.  every: the shortest time between two values of it."""
    query = prometheus.Dataquery().expr(expr).legend_format(legend or "__auto").ref_id(ref).datasource(SOURCE)
    query = query.instant() if instant else query.range()
    if every:
        query = query.interval(every)
    return query.format(PromQueryFormat.TABLE if as_table else PromQueryFormat.TIME_SERIES)


def tile(
    title: str, expr: str, unit: str, about: str, *, width: int = 4, height: int = 4, legend: str = "", empty: str = "", digits: int | None = None,
    words: Mapping[str, tuple[str, str]] | None = None, bounds: Sequence[tuple[float, str]] = (), name_only: bool = False,
) -> Panel:  # fmt: skip
    """One number, large. empty: what is shown where there rightly is none.  words: what numbers are called, and in which colour.

    bounds: from which value on which colour holds.  name_only: the series' name says it.
    """
    mode = shapes.BigValueTextMode.NAME if name_only else shapes.BigValueTextMode.VALUE_AND_NAME if legend else shapes.BigValueTextMode.VALUE
    coloured = shapes.BigValueColorMode.VALUE if bounds or words else shapes.BigValueColorMode.NONE
    found = stat.Panel().text_mode(mode).color_mode(coloured).graph_mode(shapes.BigValueGraphMode.NONE)
    found = found.reduce_options(_newest()).with_target(asked(expr, legend, instant=True))
    return _finished(found, title, about, unit, width, height, empty, digits, words, bounds)


def dial(title: str, expr: str, about: str, *, legend: str, width: int = 4, height: int = 4, empty: str = "") -> Panel:
    """A share between 0 and 1 as a needle."""
    found = gauge.Panel().reduce_options(_newest()).min(0).max(1).with_target(asked(expr, legend, instant=True))
    return _finished(found, title, about, SHARE, width, height, empty, 0, None, ((0, "red"), (0.2, "orange"), (0.4, "green")))


def curves(
    title: str, exprs: Mapping[str, str], unit: str, about: str, *, width: int = 24, height: int = 9, stacked: bool = False, empty: str = "",
    stepped: bool = False, digits: int | None = None,
) -> Panel:  # fmt: skip
    """Lines over time, by legend. stacked: filled, one upon the other."""
    found = timeseries.Panel().draw_style(shapes.GraphDrawStyle.LINE).fill_opacity(40 if stacked else 10).line_width(1 if stacked else 2)
    found = found.show_points(shapes.VisibilityMode.NEVER).span_nulls(False)  # noqa: FBT003
    if stepped:
        found = found.line_interpolation(shapes.LineInterpolation.STEP_AFTER)
    return _over_time(found, title, exprs, unit, about, width, height, empty, digits, stacked=stacked)


def bars(
    title: str, exprs: Mapping[str, str], unit: str, about: str, *, every: str, width: int = 24, height: int = 9, stacked: bool = False, empty: str = "",
    digits: int | None = 1,
) -> Panel:  # fmt: skip
    """A bar for each period, drawn at its end. every: how long those are."""
    found = timeseries.Panel().draw_style(shapes.GraphDrawStyle.BARS).fill_opacity(80).line_width(0).interval(every).bar_alignment(shapes.BarAlignment.BEFORE)
    return _over_time(found, title, exprs, unit, about, width, height, empty, digits, stacked=stacked, every=every)


def timeline(
    title: str, expr: str, legend: str, about: str, words: Mapping[str, tuple[str, str]], *, width: int = 24, height: int = 7, empty: str = ""
) -> Panel:
    """What held when, a band for each series."""
    found = statetimeline.Panel().merge_values(True).show_value(shapes.VisibilityMode.NEVER).row_height(0.8)  # noqa: FBT003
    return _finished(found.with_target(asked(expr, legend)), title, about, PLAIN, width, height, empty, 0, words, ())


def ranking(title: str, expr: str, unit: str, about: str, *, legend: str = "{{device}}", width: int = 12, height: int = 9, empty: str = "", digits: int | None = None) -> Panel:
    """A bar for each series, the longest first."""
    found = bargauge.Panel().orientation(shapes.VizOrientation.HORIZONTAL).display_mode(shapes.BarGaugeDisplayMode.BASIC).reduce_options(_newest()).min(0)
    found = found.with_target(asked(f"sort_desc({expr})", legend, instant=True))
    return _finished(found, title, about, unit, width, height, empty, digits, None, ((0, "blue"),))


def grid(title: str, columns: Mapping[str, tuple[str, str]], about: str, *, by: str = "home", width: int = 24, height: int = 9, empty: str = "") -> Panel:
    """A table. columns: by title its query and its unit.  by: the label that rows are of."""
    found = table.Panel()
    names = {by: by.capitalize()}
    for number, (column, (expr, unit)) in enumerate(columns.items()):
        ref = chr(ord("A") + number)
        found = found.with_target(asked(expr, instant=True, as_table=True, ref=ref))
        names[f"Value #{ref}"] = column
        found = found.override_by_name(column, [DynamicConfigValue("unit", unit), DynamicConfigValue("decimals", 0 if unit == TIME else 2)])
    found = found.with_transformation(DataTransformerConfig("merge", options={}))
    found = found.with_transformation(
        DataTransformerConfig("organize", options={"excludeByName": {"Time": True}, "indexByName": {name: place for place, name in enumerate(names)}, "renameByName": names})
    )
    return _finished(found, title, about, "", width, height, empty, None, None, ())


def _over_time(
    found: Any, title: str, exprs: Mapping[str, str], unit: str, about: str, width: int, height: int, empty: str, digits: int | None, *, stacked: bool, every: str = ""
) -> Panel:
    if stacked:
        found = found.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A"))
    for number, (legend, expr) in enumerate(exprs.items()):
        found = found.with_target(asked(expr, legend, every=every, ref=chr(ord("A") + number)))
        if legend in COLOURS:
            found = found.override_by_name(legend, [DynamicConfigValue("color", {"mode": "fixed", "fixedColor": COLOURS[legend]})])
    shown = common.VizLegendOptions().show_legend(True).placement(shapes.LegendPlacement.BOTTOM).display_mode(shapes.LegendDisplayMode.LIST).calcs([])  # noqa: FBT003
    found = found.legend(shown).tooltip(common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI).sort(shapes.SortOrder.DESCENDING))
    return _finished(found, title, about, unit, width, height, empty, digits, None, ())


def _finished(
    found: Any, title: str, about: str, unit: str, width: int, height: int, empty: str, digits: int | None,
    words: Mapping[str, tuple[str, str]] | None, bounds: Sequence[tuple[float, str]],
) -> Panel:  # fmt: skip
    found = found.title(title).description(about).datasource(SOURCE).span(width).height(height)
    if unit:
        found = found.unit(unit)
    if empty:
        found = found.no_value(empty)
    if digits is not None:
        found = found.decimals(digits)
    if words:
        values = {value: ValueMappingResult(text, colour, index=number) for number, (value, (text, colour)) in enumerate(words.items())}
        found = found.mappings([ValueMap(options=values)])
    if bounds:
        steps = [Threshold(None if number == 0 else value, colour) for number, (value, colour) in enumerate(bounds)]
        found = found.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
        found = found.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return found


def _newest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False)  # noqa: FBT003
