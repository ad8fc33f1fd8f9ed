"""A run as a picture of matplotlib: sources above, what went elsewhere below, the load as a line; and what batteries held."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SOURCES = (("pv_used", "sun", "#E69F00"), ("battery_discharge", "from batteries", "#009E73"), ("grid_import", "from the grid", "#0072B2"))
SINKS = (("battery_charge", "to batteries", "#8fd3bf"), ("grid_export", "to the grid", "#8ebfe0"))
LOAD, UNSERVED, DARK = "#222222", "#D55E00", "#bbbbbb"
_SECONDS_OF_AN_HOUR = 3600


def figure(home: str, series: pd.DataFrame) -> Figure:
    """Of a frame as ``run.frame`` gives it. Raises ConfigurationError where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigurationError("a picture needs matplotlib: pip install 'virtual-devices[plots]'")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - an extra; and what lets a notebook show figures

    levels = [name for name in series if str(name).endswith("_soc")]
    rows = 2 if levels else 1
    made, axes = plt.subplots(
        rows, 1, sharex=True, squeeze=False, figsize=(11, 3.2 + 1.6 * rows), height_ratios=[3, 1][:rows], layout="constrained"
    )
    plt.close(made)  # whoever has it shows it: a notebook would show it twice
    for axis in axes[:, 0]:
        _outages(axis, series)
    _powers(axes[0, 0], home, series)
    if levels:
        _levels(axes[1, 0], series, levels)
    for axis in axes[:, 0]:
        axis.grid(visible=True, alpha=0.25)
        axis.margins(x=0)
    _clocks(axes[-1, 0], series)
    return made


def _powers(axis: Axes, home: str, series: pd.DataFrame) -> None:
    hours = series["recorded_s"] / _SECONDS_OF_AN_HOUR

    def kilowatts(purpose: str) -> Any:
        return (series[f"{purpose}_kwh"] / hours).to_numpy()

    times = _moments(series)
    axis.stackplot(times, *(kilowatts(name) for name, _, _ in SOURCES), labels=[label for _, label, _ in SOURCES], colors=[colour for _, _, colour in SOURCES], step="post")
    axis.stackplot(times, *(-kilowatts(name) for name, _, _ in SINKS), labels=[label for _, label, _ in SINKS], colors=[colour for _, _, colour in SINKS], step="post")
    if series["load_unserved_kwh"].any():
        axis.step(times, kilowatts("load_demand"), where="post", color=UNSERVED, linewidth=1, linestyle=":", label="load, wanted")
    axis.step(times, kilowatts("load_served"), where="post", color=LOAD, linewidth=1.2, label="load")
    axis.set_ylabel("kW")
    axis.set_title(home, loc="left")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _levels(axis: Axes, series: pd.DataFrame, levels: list[Any]) -> None:
    times = _moments(series)
    for name in levels:
        axis.step(times, series[name].to_numpy(), where="post", label=str(name).removesuffix("_soc"))
    axis.set_ylim(0, 100)
    axis.set_ylabel("charge, %")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _outages(axis: Axes, series: pd.DataFrame) -> None:
    """Periods in which the grid was away for half of the time or more are shaded."""
    connected = [name for name in series if str(name).endswith("_connected_seconds")]
    away = (series[connected].max(axis=1) <= series["recorded_s"] / 2).to_numpy() if connected else None
    if away is not None and away.any():
        axis.fill_between(
            _moments(series), 0, 1, where=away.tolist(), step="post", transform=axis.get_xaxis_transform(), color=DARK, alpha=0.5, linewidth=0, zorder=0,
            label="no grid",
        )  # fmt: skip


def _clocks(axis: Axes, series: pd.DataFrame) -> None:
    """By the home's clocks."""
    from matplotlib import dates  # noqa: PLC0415 - an extra

    made: Any = dates  # its functions have no types
    zone = _times(series).tz
    places = made.AutoDateLocator(tz=zone)
    axis.xaxis.set_major_locator(places)
    axis.xaxis.set_major_formatter(made.ConciseDateFormatter(places, tz=zone))


def _times(series: pd.DataFrame) -> pd.DatetimeIndex:
    return cast("pd.DatetimeIndex", series.index)


def _moments(series: pd.DataFrame) -> Any:
    return _times(series).to_pydatetime()
