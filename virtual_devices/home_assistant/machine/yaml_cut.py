"""YAML files of a copy, with what reaches outside taken out; ``!include``, ``!secret`` and templates stay as they are written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from virtual_devices.home_assistant.machine.local import BASES, BY_DEFAULT, stays
from virtual_devices.kit.errors import ConfigurationError

_INCLUDE = "!include"


@dataclass(slots=True)
class Cutting:
    """What is to stay in a copy, and what was taken out of it.

    keep: integrations that stay though they reach outside.  core: what the house's own part is to say.  domains: each integration that
    was taken out, and how often.
    """

    folder: Path
    keep: frozenset[str]
    core: Mapping[str, Any]
    domains: dict[str, int] = field(default_factory=dict)

    def note(self, domain: str) -> None:
        """One more of it is taken out."""
        self.domains[domain] = self.domains.get(domain, 0) + 1


def cut(work: Cutting, own: Mapping[str, Any]) -> None:
    """Cutting the configuration of a copy where it stands. own: parts that replace the owner's, whole. Raises ConfigurationError."""
    file = work.folder / "configuration.yaml"
    root = _composed(file)
    if root is None:
        root = yaml.MappingNode("tag:yaml.org,2002:map", [])
    if not isinstance(root, yaml.MappingNode):
        raise ConfigurationError(f"{file.name} of the configuration is no list of integrations; is it one that Home Assistant starts with?")
    _cut_parts(work, root)
    named = {_name(key) for key, _ in root.value}
    if "default_config" in named:
        root.value = [(key, value) for key, value in root.value if _name(key) != "default_config"]
        root.value += [_pair(name, None) for name in BY_DEFAULT if name not in named and name not in own]
    root.value = [(key, value) for key, value in root.value if _name(key) not in own]
    root.value += [_pair(name, value) for name, value in own.items()]
    if "homeassistant" not in {_name(key) for key, _ in root.value}:
        root.value.append(_pair("homeassistant", dict(work.core)))
    _written(file, root)


def _cut_parts(work: Cutting, root: yaml.MappingNode, depth: int = 0) -> None:
    """Take out of a configuration, or of a package, the integrations that do not stay."""
    left = []
    for key, value in root.value:
        domain = _name(key).split(" ")[0]
        if domain == "homeassistant" and not depth:
            left.append((key, _core(work, value)))
        elif domain == "default_config":
            left.append((key, value))
        elif domain in BASES:
            for part in _parts(work, value):
                _cut_platforms(work, domain, part)
            left.append((key, value))
        elif stays(domain, work.keep):
            left.append((key, value))
        else:
            work.note(domain)
    root.value = left


def _cut_platforms(work: Cutting, domain: str, part: _Part) -> None:
    """Take out of a domain's entries those of a platform that does not stay."""
    node = part.node
    entries = node.value if isinstance(node, yaml.SequenceNode) else [node] if isinstance(node, yaml.MappingNode) else []
    left = []
    for entry in entries:
        platform = next((value.value for key, value in entry.value if _name(key) == "platform"), None) if isinstance(entry, yaml.MappingNode) else None
        if platform is None or stays(platform, work.keep):
            left.append(entry)
        else:
            work.note(f"{domain}.{platform}")
    if len(left) == len(entries):
        return
    if isinstance(node, yaml.SequenceNode):
        node.value = left
    elif isinstance(node, yaml.MappingNode):
        node.value = []
    part.write()


def _core(work: Cutting, node: yaml.Node) -> yaml.Node:
    """The house's own part, with what it is to say; its packages cut."""
    if node.tag == _INCLUDE:
        node = _composed(_inside(work.folder, str(node.value))) or node
    pairs = list(node.value) if isinstance(node, yaml.MappingNode) else []
    for key, value in pairs:
        if _name(key) == "packages":
            for part in _parts(work, value):
                if isinstance(part.node, yaml.MappingNode):
                    _cut_packages(work, part, single=part.file is not None and value.tag.endswith("_named"))
    own = {*work.core, "internal_url", "external_url", "media_dirs", "allowlist_external_urls"}
    pairs = [(key, value) for key, value in pairs if _name(key) not in own]
    return yaml.MappingNode("tag:yaml.org,2002:map", [*pairs, *(_pair(name, value) for name, value in work.core.items())])


def _cut_packages(work: Cutting, part: _Part, *, single: bool) -> None:
    """Packages in one place, or one of them in a file of its own."""
    for package in [part.node] if single else [value for _, value in part.node.value]:
        for each in _parts(work, package):
            if isinstance(each.node, yaml.MappingNode):
                _cut_parts(work, each.node, 1)
                each.write()
    part.write()


# -- files ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Part:
    """A piece of YAML, and the file that it is all of; None: it stands in another."""

    node: yaml.Node
    file: Path | None

    def write(self) -> None:
        if self.file is not None:
            _written(self.file, self.node)


def _parts(work: Cutting, node: yaml.Node) -> Iterator[_Part]:
    """A value, where it stands: here, in the file that it includes, or in all files of a folder."""
    if not node.tag.startswith(_INCLUDE):
        yield _Part(node, None)
        return
    place = _inside(work.folder, str(node.value))
    files = sorted(place.rglob("*.yaml")) if place.is_dir() else [place]
    for file in files:
        found = _composed(file) if file.is_file() else None
        if found is not None:
            yield _Part(found, file)


def _inside(folder: Path, name: str) -> Path:
    place = Path(os.path.normpath(folder / name))
    if not place.is_relative_to(folder):
        raise ConfigurationError(f"configuration.yaml includes {name}, which is not in its folder; a copy cannot follow it there")
    return place


def _composed(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{file.name} of the configuration cannot be read: {error}") from error


def _written(file: Path, node: yaml.Node) -> None:
    file.write_text(yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=10_000), encoding="utf-8")


def _name(key: yaml.Node) -> str:
    return str(key.value)


def _pair(name: str, value: Any) -> tuple[yaml.Node, yaml.Node]:
    node: Any = yaml.compose(yaml.safe_dump({name: value}, allow_unicode=True), Loader=yaml.SafeLoader)
    pair: tuple[yaml.Node, yaml.Node] = node.value[0]
    return pair
