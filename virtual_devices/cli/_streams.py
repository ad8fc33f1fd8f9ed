"""Standard output and error as they are found: closed, full, or in an encoding that lacks our signs."""

from __future__ import annotations

import codecs
import contextlib
import errno
import json
import os
import socket
import sys
from pathlib import Path
from typing import TextIO

import click

from virtual_devices.cli import _loudness
from virtual_devices.edge.files.write import why

ASCII = str.maketrans("─━┄│╭╮╰╯├┤┬┴┼▶◀█▓░×·–−…°", "-=.|+++++++++><#%.x---~o")
"""Every sign used here, for where only ASCII is shown."""

_PLAINLY = "virtual_devices.plainly"


def prepare() -> None:
    """Make standard output and error take every text: a sign that they lack is shown as one that they have.

    One that is closed becomes the null device, so that no file or socket that is opened next is taken for it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the program runs
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_PLAINLY)


def warn(text: str) -> None:
    """A line on standard error, if that takes it: what cannot be said is no reason to stop. Where nobody wants to hear of anything, only errors."""
    if text.startswith("error: ") or not _loudness.quiet():
        complain(text)


def detail(text: str) -> None:
    """A line on standard error for who wants to know more."""
    if _loudness.verbose():
        complain(text)


def complain(text: str) -> None:
    """A line on standard error in any case."""
    try:
        click.echo(text, err=True)
    except OSError:
        _let_go(sys.stderr)  # what is left in its buffer would fail again at the end, and change the exit code


def echo_json(text: str) -> None:
    """JSON on standard output; what its encoding lacks is escaped, so that nothing of it is lost."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = "".join(sign if sign.isascii() else json.dumps(sign)[1:-1] for sign in text)
    click.echo(text)


def machine_fault(error: OSError) -> str | None:
    """What a fault of the machine is called; None where there is nothing to say: the reader of standard output has gone.

    A fault of a file names it. One without a name is of standard output, which is let go then: nothing is tried again at the end.
    """
    if error.filename is not None or isinstance(error, (socket.gaierror, TimeoutError)):
        return f"{error.filename or 'the network'}: {why(error)}"
    _let_go(sys.stdout)
    return None if error.errno == errno.EPIPE else f"standard output cannot be written: {why(error)}"


def _let_go(stream: TextIO) -> None:
    """From here on a stream goes nowhere."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end].translate(ASCII)
    return signs.encode("ascii", "replace").decode(), error.end


codecs.register_error(_PLAINLY, _plainly)
