"""A grid's tariff, from the files that its settings name."""

from __future__ import annotations

from dataclasses import replace

from virtual_devices.kit.site import Context
from virtual_devices.supply.prices.quotes import WantedPrices
from virtual_devices.supply.tariffs.series import read_series
from virtual_devices.supply.tariffs.tariff import Tariff


def load_tariff(context: Context, tariff: str | None, price_series: str | None, feed_in_series: str | None, area: str | None = None) -> Tariff:
    """The tariff that these files make, each None where there is none. area: whose prices.  Raises ConfigurationError for what is wrong in one."""
    made, buying, selling = Tariff(), None, None
    wanted = WantedPrices(area=area or "", zone=context.site.zone)
    if tariff is not None:
        # only who has such a file pays for reading YAML
        from virtual_devices.supply.tariffs.file import read_tariff  # noqa: PLC0415

        made = read_tariff(context.document(tariff), tariff, context.site.calendar)
    if price_series is not None:
        before_vat = any(version.vat for version in made.versions)
        buying = read_series(context.document(price_series), price_series, replace(wanted, before_vat=before_vat))
    if feed_in_series is not None:
        selling = read_series(context.document(feed_in_series), feed_in_series, replace(wanted, feed_in=True))
    return made.with_series(buying, selling)
