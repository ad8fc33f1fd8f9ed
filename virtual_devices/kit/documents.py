"""For a device that reads a file which people write in YAML: the text with the lines that things stand in, and forms made of it.

Only such a device imports this, and only where a setting names such a file: it brings a YAML reader.
"""

from __future__ import annotations

from virtual_devices.kit.forms.changes import model_of
from virtual_devices.kit.forms.yaml import Node, YamlError
from virtual_devices.kit.forms.yaml import read as read_yaml

__all__ = ["Node", "YamlError", "model_of", "read_yaml"]
