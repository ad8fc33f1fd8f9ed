"""A price file: what a kit costs, and for how long it lasts. Read as strictly as a home file, every mistake with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from virtual_devices.answers.comparing.money import Investment, Replacement
from virtual_devices.edge.files.read import read_document
from virtual_devices.kit.errors import HomeFileError
from virtual_devices.kit.forms.changes import model_of
from virtual_devices.kit.forms.yaml import Node, YamlError, read
from virtual_devices.kit.quantities import Money, Percent, Quantity
from virtual_devices.kit.settings import Form

AGAIN = "replacement"
"""Key under which stands what has to be bought again; one, or a list."""
_YEARS = Quantity("years", "years", (("year", 1.0), ("a", 1.0)))

_Years = Annotated[int, _YEARS]


class InvestmentForm(Form):
    """A price file but for its replacements. Shares a year are in %."""

    currency: str = Field(min_length=1, max_length=8, description="as the grid of the home has it")
    kit: Annotated[Money, Field(ge=0)] = Field(description="panels, battery, inverter, whatever is bought")
    installation: Annotated[Money, Field(ge=0)] = Field(0.0, description="whatever is paid beside it at the beginning")
    subsidy: Annotated[Money, Field(ge=0)] = Field(0.0, description="what somebody else pays of it")
    maintenance: Annotated[Money, Field(ge=0)] = Field(0.0, description="each year: insurance, cleaning")
    life: Annotated[_Years, Field(ge=1, le=60)] = Field(description="after that nothing of it is worth anything")
    discount: Annotated[Percent, Field(ge=-5, le=50)] = Field(description="a year: what the money would bring elsewhere, or what a loan costs")
    price_rise: Annotated[Percent, Field(ge=-20, le=50)] = Field(description="a year: by how much electricity gets dearer")
    degradation: Annotated[Percent, Field(ge=0, le=20)] = Field(0.5, description="a year: by how much less it saves")


class ReplacementForm(Form):
    """What has to be bought again, such as a battery."""

    after: Annotated[_Years, Field(ge=1, le=60)] = Field(description="years, and as many after that")
    cost: Annotated[Money, Field(ge=0)] = Field(description="then, installation included")


def read_investment(path: Path) -> Investment:
    """The investment that a price file describes. Raises HomeFileError with every problem, ConfigurationError for a file that cannot be read."""
    return parse_investment(read_document(str(path.resolve()), Path.cwd()), str(path))


def parse_investment(text: str, source: str = "prices.yaml") -> Investment:
    """The investment that a text describes. source: the file's name, for messages. Raises HomeFileError with every problem."""
    try:
        root = read(text)
    except YamlError as error:
        raise HomeFileError([f"{source}:{error.line}: {error.text}"]) from None
    if root.kind != "map":
        raise HomeFileError([f"{source}:{root.line}: is no price file; write `currency: EUR`, `kit: 9000`, `life: 20 years` and the rest"])
    problems: list[tuple[int, str]] = []
    again = [part for node in _parts(root) if (part := _replacement(node, problems)) is not None]
    form, found = model_of(InvestmentForm, {key: node.plain() for key, node in root.map.items() if key != AGAIN})
    problems += [(root.keys.get(name, root.line), f"{name}: {said}" if name else said) for name, said in found]
    problems += _repeated(root)
    if form is not None and form.subsidy > form.kit + form.installation:
        problems.append((root.keys["subsidy"], f"subsidy: {form.subsidy:g} is more than kit and installation cost; write what is paid of them"))
    if form is None or problems:
        raise HomeFileError([f"{source}:{line}: {' '.join(said.split())}" for line, said in sorted(problems)])
    shares = {name: getattr(form, name) / 100 for name in ("discount", "price_rise", "degradation")}
    paid = Investment(form.currency, form.kit, form.life, form.installation, form.subsidy, form.maintenance, tuple(again))
    return replace(paid, **shares)


def _parts(root: Node) -> list[Node]:
    node = root.map.get(AGAIN)
    if node is None or node.empty:
        return []
    return node.items if node.kind == "list" else [node]


def _replacement(node: Node, problems: list[tuple[int, str]]) -> Replacement | None:
    if node.kind != "map":
        problems.append((node.line, f"{AGAIN}: should say when and for how much; write `{AGAIN}: {{after: 12 years, cost: 4000}}`"))
        return None
    form, found = model_of(ReplacementForm, node.plain())
    problems += [(node.keys.get(name, node.line), f"{AGAIN}.{name}: {said}" if name else f"{AGAIN}: {said}") for name, said in found]
    return None if form is None else Replacement(form.after, form.cost)


def _repeated(node: Node) -> list[tuple[int, str]]:
    found = [(line, f"{key} is written twice (first in line {node.keys[key]}); keep one") for key, line in node.repeated]
    return found + [problem for child in [*node.items, *node.map.values()] for problem in _repeated(child)]
