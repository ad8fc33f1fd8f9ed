"""A grid's tariff, from the files that its settings name."""

from __future__ import annotations

from dataclasses import replace

from virtual_devices.kit.site import Context
from virtual_devices.supply._price_series import read_series
from virtual_devices.supply._tariff import Tariff


def load_tariff(context: Context, tariff: str | None, price_series: str | None, feed_in_series: str | None) -> Tariff:
    """The tariff that these files make, each None where there is none. Raises ConfigurationError for what is wrong in one."""
    made, buying, selling = Tariff(), None, None
    if tariff is not None:
        # only who has such a file pays for reading YAML
        from virtual_devices.supply._tariff_file import read_tariff  # noqa: PLC0415

        made = read_tariff(context.document(tariff), tariff, context.site.calendar)
    if price_series is not None:
        buying = read_series(context.document(price_series), price_series)
    if feed_in_series is not None:
        selling = read_series(context.document(feed_in_series), feed_in_series)
    return replace(made, buying=replace(made.buying, series=buying), selling=replace(made.selling, series=selling))
