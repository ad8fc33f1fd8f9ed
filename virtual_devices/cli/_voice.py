"""What goes wrong, in one voice: ``error: …``, what, and how to mend it. What click finds wrong with a command line says the same."""

from __future__ import annotations

import click

from virtual_devices.kit.errors import shown, suggestion


def unknown(what: str, word: str, known: list[str], ctx: click.Context) -> str:
    """Of a word that is none of what is known: what may be meant, else where all are listed."""
    near = suggestion(word, known)
    return f"there is no {what} {shown(word)}{near if near.startswith('; did you mean') else f'; `{ctx.command_path} --help` lists them'}"


def usage(error: click.UsageError) -> str:
    """A mistake in a command line, in words that say how to mend it."""
    ctx = error.ctx
    if isinstance(error, click.BadOptionUsage) and "requires an argument" in error.message:
        return f"{error.option_name} lacks its value; write it behind {error.option_name}"
    if ctx is None:
        return plain(error)
    if isinstance(error, click.NoSuchOption):
        return unknown("option", error.option_name, _options(ctx), ctx)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return _missing(error.param, ctx)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_named(error.param, ctx)}: {_bad(error.param, error.message)}"
    text = plain(error)
    return text if ";" in text else f"{text}; `{ctx.command_path} --help` shows how"


def plain(error: click.ClickException) -> str:
    """What it says, as a part of a sentence."""
    text = error.format_message().rstrip(".")
    return text[:1].lower() + text[1:]


def _options(ctx: click.Context) -> list[str]:
    return [name for param in ctx.command.get_params(ctx) if isinstance(param, click.Option) and not param.hidden for name in (*param.opts, *param.secondary_opts)]


def _named(param: click.Parameter, ctx: click.Context) -> str:
    """As it stands in the usage: ``--for``, ``KIND``."""
    return max(param.opts, key=len) if isinstance(param, click.Option) else param.make_metavar(ctx).strip("[].")


def _missing(param: click.Parameter, ctx: click.Context) -> str:
    name = _named(param, ctx)
    if not isinstance(param, click.Option):
        return f"{name} is missing; write {ctx.command_path} {' '.join(ctx.command.collect_usage_pieces(ctx))}"
    what = f", {param.help[:1].lower()}{param.help[1:].rstrip('.')}" if param.help else ""
    return f"{name} is missing; add {name} {param.make_metavar(ctx)}{what}"


def _bad(param: click.Parameter, message: str) -> str:
    """click's words for its own types, or those of a type of this program."""
    text = message.rstrip(".")
    if isinstance(param.type, click.Choice) and " is not one of " in text:
        word = text.partition(" is not one of ")[0].strip("'")
        return f"{shown(word)} is none of {', '.join(map(str, param.type.choices))}"
    if isinstance(param.type, click.IntRange) and " is not in the range " in text:
        least, most = param.type.min, param.type.max
        return f"{text.partition(' ')[0]} is out of range; write {f'at least {least}' if most is None else f'{least} to {most}'}"
    if isinstance(param.type, (type(click.INT), type(click.FLOAT))) and " is not a valid " in text:
        word = text.partition(" is not a valid ")[0].strip("'")
        return f"{shown(word)} is no {'whole ' if isinstance(param.type, type(click.INT)) else ''}number"
    return text
