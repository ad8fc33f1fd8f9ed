"""``virtual-devices new [DIR]``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from virtual_devices.answers.findings.words import period, sentences
from virtual_devices.answers.simulate import load, run_findings
from virtual_devices.answers.starting.answered import Answered, unasked
from virtual_devices.answers.starting.making import FIRST, MadeHome, free_place, make
from virtual_devices.answers.starting.presets import PRESETS, Preset, preset
from virtual_devices.answers.starting.questions import QUESTIONS, Question, answered, answers, home_name
from virtual_devices.cli._closing import WIDE, wrapped
from virtual_devices.cli._options import cautions
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError

Verb = TypeVar("Verb", bound=Callable[..., Any])


def _option(question: str) -> str:
    return f"--{question.replace('_', '-')}"


def _question_options(verb: Verb) -> Verb:
    """Adds an option for each question, by its name."""
    for question in reversed(QUESTIONS):
        verb = click.option(_option(question.name), question.name, metavar="TEXT", help=f"{question.title}: {question.help}. Such as: {question.example}")(verb)
    return verb


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--preset", "begin_with", metavar="NAME", help=f"Begin with one of {', '.join(PRESETS)}; other options change what it answers.")
@_question_options
@click.option("--yes", is_flag=True, help="Ask nothing: what no option answers is as usual there.")
@click.option("--force", is_flag=True, help="Write over a home that is there already.")
def new(folder: Path | None, begin_with: str | None, *, yes: bool, force: bool, **given: str | None) -> None:
    """Make a home file in DIR (default: the home's name) by a few questions, and say at once what its first week comes to.

    At a terminal it asks; Enter takes what is usual there. Elsewhere --preset, --yes or an option for each question answers.
    """
    begun = preset(begin_with) if begin_with is not None else None
    texts = {**(begun.texts if begun else {}), **{name: text for name, text in given.items() if text is not None}}
    if folder is not None:
        free_place(folder, force=force)  # before anybody is asked anything
        if given["name"] is None:
            texts["name"] = home_name(folder.resolve().name)
    if begun or yes:
        told = answers(texts)
    elif at_terminal():
        told = _asked(texts, lambda found: free_place(folder or Path(found.name), force=force))
    else:
        told = _told(texts)
    made = make(told, folder if folder is not None else Path(told.name), force=force, begun=begun if _unchanged(begun, given) else None)
    for file in made.files:
        click.echo(f"written: {file}")
    cautions(made.checked.warnings)
    _first_answer(made)
    click.echo("\nThe file is yours to change; `virtual-devices check` says how it is understood.\nWhat to try next:\n")
    for command in _next(made.path, told):
        click.echo(f"  {command}")


def at_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _asked(texts: Mapping[str, str], named: Callable[[Answered], None]) -> Answered:
    """What somebody says, question by question; what an option answers is not asked. named: raises where there can be no home of the name."""
    click.echo("A new home, by a few questions. Enter takes what stands in brackets.\n")
    so_far = unasked()
    for question in QUESTIONS:
        text = texts.get(question.name)
        so_far = _ask(question, so_far, named) if text is None and question.asked(so_far) else answered(question, text, so_far)
    click.echo("")
    return so_far


def _ask(question: Question, so_far: Answered, named: Callable[[Answered], None]) -> Answered:
    def read(text: str) -> Answered:
        try:
            found = answered(question, text, so_far)
            if question.name == "name":
                named(found)
        except VirtualDevicesError as error:
            raise click.BadParameter(str(error)) from None
        return found

    accepted = f" ({question.range})" if question.range else ""
    click.echo(click.style(click.wrap_text(f"{question.help}{accepted}", WIDE), dim=True))
    found: Answered = click.prompt(question.title, default=question.usual(so_far), value_proc=read)
    if question.name == "place":
        spot = found.spot
        click.echo(click.style(f"{spot.latitude:g}, {spot.longitude:g}, {spot.altitude:g} m, {spot.zone}", dim=True))
    return found


def _told(texts: Mapping[str, str]) -> Answered:
    """What options say. Raises ConfigurationError where a question is left that nobody is there to answer."""
    so_far, left = unasked(), []
    for question in QUESTIONS:
        if question.name not in texts and question.name != "name" and question.asked(so_far):
            left.append(_option(question.name))
        so_far = answered(question, texts.get(question.name), so_far)
    if left:
        raise ConfigurationError(
            f"there is nobody to ask, since standard input is no terminal; give --preset {' or '.join(PRESETS)}, or --yes for what is usual, or answer {', '.join(left)}"
        )
    return so_far


def _unchanged(begun: Preset | None, given: Mapping[str, str | None]) -> bool:
    """Whether a home is what its preset says, but for its name."""
    return begun is not None and all(text is None for name, text in given.items() if name != "name")


def _first_answer(made: MadeHome) -> None:
    """What the home's first week comes to, in steps of its own, so that `simulate` says the same."""
    found = run_findings(load(made.path, ()), FIRST)
    click.echo(f"\nIts first week, {period(found)}:\n")
    click.echo("\n".join(wrapped((*sentences(found), *found.conditions))))


def _next(path: Path, told: Answered) -> tuple[str, ...]:
    """Commands to try. A home that is nothing without its sun has no *before* to compare with; a month of that takes seconds, a year a minute."""
    word = _word(path)
    has_before = told.on_grid and (told.panels or told.battery)
    last = f"compare {word} --before --for 30d" if has_before else f"check {word}"
    return tuple(f"virtual-devices {rest}" for rest in (f"simulate {word} --for 1y", f"up {word} --console", last))


def _word(path: Path) -> str:
    """A path as a shell takes it."""
    return shlex.quote(str(path))
