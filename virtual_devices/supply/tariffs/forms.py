"""The forms of a tariff file's parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from virtual_devices.kit.quantities import Duration, Energy, Money, Percent, Price
from virtual_devices.kit.settings import Form
from virtual_devices.supply.tariffs.zones import HIGHEST, read_days, read_hours, read_months

SECTIONS = ("vat", "holidays", "billing_day", "import", "feed_in", "charges", "net_metering", "changes")
CHANGING = ("from", "vat", "import", "feed_in", "charges")
"""What a change has: the date from which it holds, and sections that are others then."""
MAX_ITEMS = 1000
"""Most zones, and most blocks."""

PricePerKwh = Annotated[Price, Field(ge=-HIGHEST, le=HIGHEST)]
Charge = Annotated[Money, Field(ge=-1_000_000, le=1_000_000)]


def _checked(read_text: Callable[[str], Any]) -> BeforeValidator:
    def check(value: Any) -> Any:
        text = str(value) if type(value) is int else value  # YAML takes a lone 6 for a number
        if isinstance(text, str):
            read_text(text)
        return text

    return BeforeValidator(check)


Cap = Annotated[Energy, Field(gt=0, le=1_000_000)]
Per = Literal["day", "month"]


class ZoneForm(Form):
    """A zone: a price, or what it adds to one; up_to: for so much a day or month."""

    price: PricePerKwh | None = None
    add: PricePerKwh | None = None
    up_to: Cap | None = None
    per: Per | None = None
    days: Annotated[str, _checked(read_days)] | None = None
    hours: Annotated[str, _checked(read_hours)] | None = None
    months: Annotated[str, _checked(read_months)] | None = None


class BlockForm(Form):
    """A block of what a month or a day imports."""

    up_to: Cap | None = None
    per: Per | None = None
    price: PricePerKwh | None = None
    add: PricePerKwh | None = None


class ChargesForm(Form):
    """Fixed charges."""

    per_day: Charge = 0.0
    per_month: Charge = 0.0


class PowerChargeForm(Form):
    """A charge for the highest mean power."""

    per_kw: Charge
    interval: Annotated[Duration, Field(ge=60, le=3600)] = 900
    days: Annotated[str, _checked(read_days)] | None = None
    hours: Annotated[str, _checked(read_hours)] | None = None
    months: Annotated[str, _checked(read_months)] | None = None


class NetForm(Form):
    """Net metering."""

    per: Literal["month", "year"]
    first: Annotated[str, _checked(read_months)] | None = None
    surplus: PricePerKwh | None = None


class PriceForm(Form):
    """A base price of the tariff's own."""

    price: PricePerKwh | None = None


class HolidaysForm(Form):
    """Public holidays."""

    country: Annotated[str, Field(max_length=10)]
    subdivision: Annotated[str, Field(max_length=40)] | None = None
    count_as: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "itself"] = "Sun"


class VatForm(Form):
    """What stands in no section."""

    vat: Annotated[Percent, Field(ge=0, le=100)] = 0.0
    billing_day: Annotated[int, Field(ge=1, le=31)] = 1
