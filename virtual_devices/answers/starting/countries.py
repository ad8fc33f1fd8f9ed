"""What is usual in a country: the currency, about what a kilowatt-hour costs and earns, and what warms the water. Examples, as of 2025."""

from __future__ import annotations

from dataclasses import dataclass

AS_OF = 2025
"""The year of the prices."""


@dataclass(frozen=True, slots=True)
class Country:
    """code: ISO 3166.  price: of a kWh for a household, with taxes, roughly.  feed_in: of one exported, None where exporting is mostly not allowed or not asked for.

    electric_water: whether most homes with a tank heat it by electricity.
    """

    code: str
    name: str
    currency: str
    price: float
    feed_in: float | None
    electric_water: bool = True


_TABLE = """\
ZA South_Africa ZAR 3.80 - yes
NA Namibia NAD 2.90 1.40 yes
BW Botswana BWP 1.60 - yes
ZW Zimbabwe USD 0.14 - yes
ZM Zambia ZMW 2.00 - yes
MZ Mozambique MZN 9.50 - yes
KE Kenya KES 28 - yes
UG Uganda UGX 800 - yes
TZ Tanzania TZS 360 - yes
NG Nigeria NGN 210 - yes
GH Ghana GHS 1.90 - yes
MA Morocco MAD 1.30 - no
EG Egypt EGP 1.60 - yes
DE Germany EUR 0.36 0.08 no
AT Austria EUR 0.32 0.07 no
CH Switzerland CHF 0.29 0.09 yes
NL Netherlands EUR 0.30 0.05 no
BE Belgium EUR 0.36 0.04 no
LU Luxembourg EUR 0.28 0.05 no
FR France EUR 0.25 0.04 yes
ES Spain EUR 0.24 0.06 yes
PT Portugal EUR 0.24 0.05 no
IT Italy EUR 0.32 0.07 no
GR Greece EUR 0.23 0.05 yes
IE Ireland EUR 0.35 0.18 yes
GB United_Kingdom GBP 0.26 0.15 no
DK Denmark DKK 2.60 0.45 no
SE Sweden SEK 1.90 0.60 no
NO Norway NOK 1.50 0.70 yes
FI Finland EUR 0.20 0.04 yes
PL Poland PLN 1.10 0.25 no
CZ Czechia CZK 7.50 1.50 yes
HU Hungary HUF 40 5 no
RO Romania RON 1.35 0.40 no
BG Bulgaria BGN 0.28 0.10 yes
UA Ukraine UAH 4.30 - no
TR Turkey TRY 3.20 - yes
CY Cyprus EUR 0.31 0.08 yes
MT Malta EUR 0.13 0.10 yes
US United_States USD 0.17 0.06 yes
CA Canada CAD 0.17 0.10 no
MX Mexico MXN 2.10 - no
BR Brazil BRL 0.90 0.70 no
AR Argentina ARS 120 - no
CL Chile CLP 180 90 no
PE Peru PEN 0.75 - no
CO Colombia COP 850 - no
AU Australia AUD 0.34 0.05 yes
NZ New_Zealand NZD 0.36 0.14 yes
IN India INR 8 3 yes
PK Pakistan PKR 50 20 no
BD Bangladesh BDT 9 - no
LK Sri_Lanka LKR 35 20 yes
LB Lebanon USD 0.27 - yes
IL Israel ILS 0.64 0.48 yes
AE United_Arab_Emirates AED 0.32 - yes
JP Japan JPY 31 15 no
KR South_Korea KRW 160 - no
CN China CNY 0.56 0.40 yes
SG Singapore SGD 0.30 0.20 yes
MY Malaysia MYR 0.50 0.20 yes
PH Philippines PHP 12 5 yes
TH Thailand THB 4.20 2.20 yes
ID Indonesia IDR 1500 - yes
VN Vietnam VND 2300 - yes
"""
ELSEWHERE = Country("", "", "USD", 0.20, 0.05)
"""Where the table has nothing."""


def _read(line: str) -> Country:
    code, name, currency, price, feed_in, electric = line.split()
    return Country(code, name.replace("_", " "), currency, float(price), None if feed_in == "-" else float(feed_in), electric == "yes")


COUNTRIES = {found.code: found for found in map(_read, _TABLE.splitlines())}


def country_of(code: str) -> Country:
    """What is usual there; a rough price where the table has nothing."""
    return COUNTRIES.get(code, ELSEWHERE)


def is_country(said: str, code: str) -> bool:
    """Whether somebody who says so, such as ``DE`` or ``Germany``, means the country of a code."""
    plain = said.strip().casefold()
    return plain == code.casefold() or plain == country_of(code).name.casefold() or plain in _ALSO.get(code, ())


_ALSO = {"US": ("usa", "united states of america"), "GB": ("uk", "england", "scotland", "wales", "northern ireland", "great britain"), "DE": ("deutschland",)}
