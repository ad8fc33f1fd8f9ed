"""Prices in the forms in which people have them, told apart by what stands in them: JSON of many sources, ENTSO-E's XML, SMARD's and other tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._refused import refusal
from virtual_devices.supply.prices.quotes import Published, WantedPrices, moment, unit_of
from virtual_devices.supply.prices.row_forms import EURO_MWH, FORMS, KNOWN, KWH, RowForm, likely_form
from virtual_devices.supply.prices.rows import FORM, of_rows, one_of, quote_of, strange

_Path = tuple[str, ...]
_DAYS = {"today", "tomorrow", "raw_today", "raw_tomorrow", "yesterday", "prices_today", "prices_tomorrow"}
"""Lists that are told apart by the day alone."""
_GAS = re.compile(r"(?<![a-z])gas(?![a-z])|(?<![a-z])gas(?=[A-Z])|Gas(?![a-z])")
"""In the name of a list: it is of gas."""
_Found = tuple[_Path, list[Any], Mapping[str, Any]]
"""A list of rows: where it is, itself, and the plain values beside it and above."""


def read_published(text: str, name: str, wanted: WantedPrices) -> Published:
    """What a file of prices says. Raises ConfigurationError that names ``name``, the place and the remedy."""
    begin = text.lstrip("\ufeff \t\r\n")
    if not begin:
        raise ConfigurationError(f"{name}: is empty; write {FORM}")
    if begin.startswith("<"):
        from virtual_devices.supply.prices.entsoe import read_entsoe  # noqa: PLC0415 - only who has such a file needs it

        return read_entsoe(begin, name)
    if begin[0] not in "[{":
        if not begin.startswith("- ") and any(mark in begin.partition("\n")[0] for mark in ";,\t|"):
            from virtual_devices.supply.prices.tables import read_price_table  # noqa: PLC0415 - likewise

            return read_price_table(begin, name, wanted)
        if (written := _of_yaml(begin)) is not None:
            return _of_json(written, name, wanted)
    try:
        return _of_json(json.loads(text.removeprefix("\ufeff"), parse_int=float), name, wanted)  # an endless integer is infinite
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{name}:{error.lineno}: broken JSON ({error.msg}); write {FORM}") from None
    except RecursionError:
        raise ConfigurationError(f"{name}: nested too deep; write {FORM}") from None


def _of_yaml(text: str) -> Any:
    """A map or a list in YAML, as Home Assistant shows what an action answers; None for anything else."""
    from virtual_devices.kit.documents import YamlError, read_yaml  # noqa: PLC0415 - it brings a YAML reader

    try:
        node = read_yaml(text)
    except YamlError:
        return None
    return node.plain() if node.kind != "value" else None


def _of_json(content: Any, name: str, wanted: WantedPrices) -> Published:
    found = _columns(content, name) or _beside_each_other(content, name, wanted)
    if found is not None:
        return found
    lists = [each for each in _row_lists(content, (), {}) if not any(map(_GAS.search, each[0]))]
    if not lists:
        raise ConfigurationError(f"{name}: {_nothing(content)}")
    known = [(form, each) for each in lists if (form := _form_of(each)) is not None]
    if not known:
        known = [(form, each) for each in lists if (form := likely_form(each[1][0])) is not None and not _is_own(each)]
    if not known:
        if (reason := refusal(content)) is not None:
            raise ConfigurationError(f"{name}: {reason}")
        if isinstance(content, list) and isinstance(content[0], dict):
            _complain(name, lists[0][1][0])
        raise ConfigurationError(f"{name}: is no list of prices of a form that is known; known are {KNOWN}; or write {FORM}")
    groups = _named({_place(path) for _, (path, _, _) in known})
    group = one_of(groups, wanted, name) if len(groups) > 1 else next(iter(groups))
    known = [(form, each) for form, each in known if _place(each[0]) == groups[group]]
    form, (path, _, said) = known[0]
    rows = [row for one, (_, rows, _) in known if one == form for row in rows]
    return of_rows(form, path[-1] if path else "", rows, said, name, wanted)


def _form_of(found: _Found) -> RowForm | None:
    path, rows, _ = found
    return next((form for form in FORMS if form.fits(rows[0], path[-1] if path else "")), None)


def _is_own(found: _Found) -> bool:
    """Whether a bare list is nearly of this program's own form: what is wrong in it is said, not guessed."""
    return not found[0] and {"start", "end"} <= set(found[1][0])


def _nothing(content: Any) -> str:
    """Why there are no prices, and what to do."""
    if isinstance(content, list):
        return f"entry 0 is no price; write {FORM}" if content else f"has no prices; write {FORM}"
    if (reason := refusal(content)) is not None:
        return reason
    return f"is no list of prices; known are {KNOWN}; or write {FORM}"


def _row_lists(value: Any, path: _Path, said: Mapping[str, Any]) -> Iterator[_Found]:
    """Every list of maps."""
    if isinstance(value, dict):
        beside = {key: each for one in value.values() if isinstance(one, dict) for key, each in one.items() if key == "currency" and isinstance(each, str)}
        said = {**said, **beside, **{key: each for key, each in value.items() if isinstance(each, (str, float, bool))}}
        for key, each in value.items():
            yield from _row_lists(each, (*path, key), said)
    elif isinstance(value, list) and value and isinstance(value[0], list):
        for number, each in enumerate(value):
            yield from _row_lists(each, (*path, str(number)), said)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        nested = [found for number, each in enumerate(value) for found in _row_lists(each, (*path, str(number)), said)]
        if nested:
            yield from nested  # homes, each with its prices
        else:
            yield path, value, said


def _place(path: _Path) -> _Path:
    """Whose list it is: without the words that say of which day."""
    place = tuple(key for key in path if key.lower() not in _DAYS)
    return place[:-1] if place[-1:] == ("prices",) else place


def _named(places: set[_Path]) -> dict[str, _Path]:
    """The places by what tells them apart."""
    if len(places) == 1:
        return {"": next(iter(places))}
    shortest = min(map(len, places))
    first = next((i for i in range(shortest) if len({place[i] for place in places}) > 1), shortest)
    last = next((i for i in range(1, shortest - first + 1) if len({place[-i] for place in places}) > 1), shortest - first + 1)
    return {"/".join(place[first : len(place) - last + 1]) or "no name": place for place in places}


def _columns(content: Any, name: str) -> Published | None:
    """Prices whose times stand in a list of their own, as pairs, or as the keys of a map; None where it is something else."""
    if not isinstance(content, dict):
        return None
    doubts: tuple[str, ...] = ()
    times, prices = content.get("unix_seconds"), content.get("price")
    source, unit = "energy-charts", unit_of(content["unit"], f"{name}:") if "unit" in content and isinstance(times, list) else EURO_MWH
    pairs = content.get("series")
    if isinstance(pairs, list) and pairs and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):  # noqa: PLR2004 - a pair
        source, times, prices = "SMARD", [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    elif (timed := _timed(content)) is not None:
        source, unit, times, prices = "", KWH, list(timed), list(timed.values())
        doubts = ("takes its prices for those of a kWh; write rows with `unit` if they are not",)
    if not isinstance(times, list) or not isinstance(prices, list):
        return None
    if len(times) != len(prices):
        raise ConfigurationError(f"{name}: has {len(times)} times and {len(prices)} prices; take the file as it was published")
    rows = [{"time": time, "price": price} for time, price in zip(times, prices, strict=True)]
    return Published([quote_of(row, number, ("time", None, "price"), name) for number, row in enumerate(rows)], unit, source, doubts)


def _beside_each_other(content: Any, name: str, wanted: WantedPrices) -> Published | None:
    """A list of times and one of prices in a map, by whatever name; None where it is something else."""
    while isinstance(content, dict) and len(content) == 1 and isinstance(inner := next(iter(content.values())), dict):
        content = inner
    lists = {key: each for key, each in content.items() if isinstance(each, list) and each} if isinstance(content, dict) else {}
    form = likely_form({key: each[0] for key, each in lists.items()}) if all(not isinstance(each[0], (dict, list)) for each in lists.values()) else None
    if form is None or form.end is not None:
        return None
    times, prices = lists[form.start], lists[form.price]
    if len(times) != len(prices):
        raise ConfigurationError(f"{name}: has {len(times)} times and {len(prices)} prices; take the file as it was published")
    rows = [{form.start: time, form.price: price} for time, price in zip(times, prices, strict=True)]
    return of_rows(form, form.price, rows, {key: each for key, each in content.items() if isinstance(each, (str, bool))}, name, wanted)


def _timed(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A map from times to prices, as it is or the only thing in another; None for anything else."""
    if len(content) == 1 and isinstance(inner := next(iter(content.values())), dict):
        content = inner
    try:
        for key, value in content.items():
            moment(key)
            if isinstance(value, (dict, list, bool)):
                return None
    except ValueError:
        return None
    return content or None


def _complain(name: str, row: Mapping[str, Any]) -> None:
    """Raises ConfigurationError for the first row of a list of no known form."""
    strange(row, 0, name)
    quote_of(row, 0, ("start", "end", "value"), name)
