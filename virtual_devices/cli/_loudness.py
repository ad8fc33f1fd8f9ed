"""How much a command says beside its result: ``-q`` nothing but errors, ``-v`` also what it reads and asks, how long it took, and where an error arose."""

from __future__ import annotations

import time

import click

_KEY = "virtual_devices.loudness"
_BEGAN = "virtual_devices.began"


def quiet() -> bool:
    """Whether neither progress nor warnings are wanted."""
    return _of() == "quiet"


def verbose() -> bool:
    """Whether details are wanted."""
    return _of() == "verbose"


def begin(ctx: click.Context) -> None:
    """A command line begins."""
    ctx.meta[_BEGAN] = time.perf_counter(), time.process_time()


def took() -> str:
    """How long the command has taken until now, in words."""
    ctx = click.get_current_context(silent=True)
    began = ctx.meta.get(_BEGAN) if ctx is not None else None
    if began is None:
        return ""
    return f"{time.perf_counter() - began[0]:.2f} s, {time.process_time() - began[1]:.2f} s of processor time"


def options() -> list[click.Parameter]:
    """``-q`` and ``-v``, of every command."""
    return [
        click.Option(["-q", "--quiet"], is_flag=True, expose_value=False, callback=_take, help="No progress, no warnings; only the result, and errors."),
        click.Option(["-v", "--verbose"], is_flag=True, expose_value=False, callback=_take, help="Say what is read and asked, how long it took, where an error arose."),
    ]


def _take(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's callback
    if not value:
        return
    if ctx.meta.setdefault(_KEY, param.name) != param.name:
        raise click.UsageError("-q and -v are opposites; give one", ctx=ctx)


def _of() -> str | None:
    ctx = click.get_current_context(silent=True)
    return None if ctx is None else ctx.meta.get(_KEY)
