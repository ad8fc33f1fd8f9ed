"""What must hold of whatever text a reader of prices is given: it is refused in one line, or is a series in order."""

from __future__ import annotations

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply.prices.quotes import WantedPrices
from virtual_devices.supply.tariffs.series import read_series

BERLIN = calendar("Europe/Berlin")


def tried(text: str, *wanted: WantedPrices) -> None:
    """Read it as each is wanted."""
    for each in wanted:
        refused = ""
        try:
            made = read_series(text, "p", each)
        except ConfigurationError as error:
            refused = str(error)
        if refused:
            assert refused.startswith("p:")
            assert "\n" not in refused
        else:
            assert made.starts == sorted(set(made.starts))
            assert made.starts[-1] < made.end
            assert len(made.starts) == len(made.prices)
            made.words(BERLIN)
            made.questions("EUR")
