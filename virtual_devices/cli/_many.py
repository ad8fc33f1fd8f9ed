"""What verbs share that do the same with one running home or with many: which are meant, and what each answered."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from virtual_devices.cli._options import COMMAND_LINE, home_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.edge.murmur import printable
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.labels import label

if TYPE_CHECKING:
    from virtual_devices.client.running_home import RunningHome
    from virtual_devices.edge.mqtt.endpoint import Endpoint

Verb = TypeVar("Verb", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class ManyHomes:
    """Homes by a pattern of their names (None: all) and by labels."""

    pattern: str | None
    labels: Mapping[str, str]


def _labels(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        try:
            key, value = label(text)
        except ConfigurationError as error:
            raise click.BadParameter(str(error)) from None
        if found.setdefault(key, value) != value:  # a home has one value of each: none would be meant, or, worse, those of the last
            raise click.BadParameter(f"no home has {key}={found[key]} and {key}={value} at once; give one of them, and the other in a command of its own")
    return found


def choosing_options(verb: Verb) -> Verb:
    """Adds ``--homes`` and ``--label``; the verb gets ``many``, None where neither is given."""

    @click.option("--homes", "pattern", metavar="PATTERN", help="All homes whose names fit: 'cape_*'; '*' is every one.")
    @click.option("--label", "labels", multiple=True, callback=_labels, metavar="KEY=VALUE", help="All homes with this label; may be given several times.")
    @functools.wraps(verb)
    def wrapped(*arguments: Any, pattern: str | None, labels: dict[str, str], **options: Any) -> Any:
        many = ManyHomes(pattern, labels) if pattern is not None or labels else None
        return verb(*arguments, many=many, **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


def home_or_many(verb: Verb) -> Verb:
    """Adds ``--home``, ``--homes`` and ``--label``, of which the first excludes the others."""

    @home_option
    @choosing_options
    @functools.wraps(verb)
    def wrapped(*arguments: Any, home: str | None, many: ManyHomes | None, **options: Any) -> Any:
        if home is not None and many is not None:
            raise click.UsageError("--home is one home, --homes and --label are several; give one of them")
        return verb(*arguments, home=home, many=many, **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


def ask_many(endpoint: Endpoint, many: ManyHomes, do: Callable[[RunningHome], str], *, as_json: bool = False) -> None:
    """Do it with each of them, and say what it answered: a line for each, then how many refused. Ends with 1 where any did."""
    from virtual_devices.client.many_homes import ask_each, find_homes  # noqa: PLC0415 - one home does without

    answers = []
    for answer in ask_each(endpoint, find_homes(endpoint, many.pattern, many.labels), do, by=COMMAND_LINE):
        answers.append(answer)
        if not as_json:
            click.echo(f"{answer.home}: {'' if answer.accepted else 'refused: '}{printable(answer.said)}")
    refused = sum(not answer.accepted for answer in answers)
    if as_json:
        told = [{"home": each.home, "accepted": each.accepted, "said": each.said} for each in answers]
        echo_json(json.dumps({"homes": told, "refused": refused}, indent=2, ensure_ascii=False))
    elif refused:
        click.echo(f"{refused} of {len(answers)} homes refused", err=True)
    if refused:
        click.get_current_context().exit(1)
