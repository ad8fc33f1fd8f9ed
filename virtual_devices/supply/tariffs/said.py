"""What there is to say of a grid's price series: for what time they speak, what is in doubt, whether they cover a start."""

from __future__ import annotations

from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context
from virtual_devices.supply.tariffs.series import dear_in
from virtual_devices.supply.tariffs.tariff import Tariff
from virtual_devices.supply.tariffs.zones import MICRO

_CENTS = 10
"""Times what is dear for a kWh from which on a price that somebody wrote may be in cents: a few are high on purpose."""
_LITTLE = 10_000
"""VAT in ppm up to which it looks like a factor: nowhere is it 1 %."""


def coverage(files: tuple[str | None, str | None], tariff: Tariff) -> list[Coverage]:
    """Which time the two series cover, and what holds outside it. files: of the series, None where there is none."""
    found = []
    for name, course, price in zip(files, (tariff.buying, tariff.selling), ("base price", "base feed-in price"), strict=True):
        if name is not None and course.series is not None:
            held = f"the {price} holds" if course.zones is None else f"zones and {price} hold"
            found.append(Coverage(name, held, course.series.starts[0], course.series.end))
    return found


def questions(files: tuple[str | None, str | None], tariff: Tariff, currency: str) -> list[str]:
    """What is in doubt in the two series, for a grid that is paid in ``currency``. files: of the two."""
    return [
        f"{name}: {text}"
        for name, series in zip(files, (tariff.buying.series, tariff.selling.series), strict=True)
        if series is not None
        for text in series.questions(currency)
    ]


def strange_prices(prices: dict[str, float], tariff: Tariff, currency: str) -> list[str]:
    """Of prices that look like cents, and of VAT that looks like a factor. prices: the grid's own, by name, in the currency."""
    limit = _CENTS * dear_in(currency)
    written = {zone.price for version in tariff.versions for course in (version.buying, version.selling) if course.zones for zone in course.zones.all}
    written |= {block.price for version in tariff.versions for block in version.blocks} | {course.base for version in tariff.versions for course in (version.buying, version.selling)}
    highest = max((price / MICRO for price in written if price is not None), default=0.0)
    named = {**prices, "a price of the tariff": highest}
    little = [f"vat {version.vat / 10_000:g} is {version.vat / 10_000:g} %; write {version.vat / 100:g} % if that is meant" for version in tariff.versions if 0 < version.vat <= _LITTLE]
    return little + [f"{name} is {price:g} {currency} a kWh; write {price / 100:g} if it is in cents" for name, price in named.items() if price > limit]


def notes(context: Context, files: tuple[str | None, str | None], tariff: Tariff, start: int) -> list[str]:
    """What there is to say before a start at ``start`` (UTC seconds). files: of the two series.

    Raises ConfigurationError for a series that does not cover it.
    """
    found, local = [], context.site.calendar
    for name, series in zip(files, (tariff.buying.series, tariff.selling.series), strict=True):
        if series is None:
            continue
        if not series.covers(start):
            raise ConfigurationError(
                f"{name}: has {series.words(local)}, but the home starts at {local.local(start):%Y-%m-%d %H:%M}; "
                "start within that, or use a series that covers it"
            )
        found.append(f"{name}: {series.words(local)}; then zones and base price hold")
    return found


def missed(context: Context, files: tuple[str | None, str | None], tariff: Tariff, start: int) -> list[str]:
    """What a home that starts now, at ``start`` (UTC seconds), lacks of price series. files: of the two."""
    return [
        f"{name}: has {series.words(context.site.calendar)}, {'which is over' if series.end <= start else 'which is still to come'}; "
        f"{'zones and base price hold' if series.end <= start else 'until then zones and base price hold'}"
        for name, series in zip(files, (tariff.buying.series, tariff.selling.series), strict=True)
        if series is not None and not series.covers(start)
    ]
