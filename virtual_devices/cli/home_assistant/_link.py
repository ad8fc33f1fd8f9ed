"""Options of the verbs that speak to a running Home Assistant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from virtual_devices.home_assistant.link import HomeAssistant
from virtual_devices.kit.errors import ConfigurationError

Verb = TypeVar("Verb", bound=Callable[..., Any])
_LONGEST = 4096


def link_options(verb: Verb) -> Verb:
    """Adds ``--url``, ``--token-file`` and ``--cafile``; ``link_of`` makes a connection of them."""
    options = (
        click.option("--url", metavar="URL", help="Of a running Home Assistant: http://192.0.2.7:8123."),
        click.option("--token-file", type=click.Path(path_type=Path), metavar="FILE", help="With a long-lived access token of its own user, an administrator."),
        click.option("--cafile", type=click.Path(path_type=Path), metavar="FILE", help="Of the authority that its certificate is checked by."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


def link_of(url: str, token_file: Path | None, cafile: Path | None) -> HomeAssistant:
    """A connection, open. Raises ConfigurationError without a token, and as ``HomeAssistant``."""
    if token_file is None:
        raise ConfigurationError(f"{url} wants a token: make a long-lived one on your profile's page, under Security, put it into a file and name that with --token-file")
    try:
        with token_file.open(encoding="utf-8") as source:
            token = source.read(_LONGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--token-file {token_file} cannot be read ({error}); name a text file with the token in it") from None
    if not token:
        raise ConfigurationError(f"--token-file {token_file} is empty; put the token into it")
    return HomeAssistant(url, token, cafile=cafile)
