"""What a host knows of files that its devices read, wherever they run: for what time they say something.

A device of a home may be a process of its own. The host makes it once more of the same files, only to ask it what they
cover, and follows them as the device does.
"""

from __future__ import annotations

from collections.abc import Mapping

from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.home.model import DeviceEntry, Home
from virtual_devices.kit.ledger.gaps import reads_files
from virtual_devices.kit.site import Context, Site


class Shadow:
    """A device of a home beside the one that runs. documents: text of the home's files, by name."""

    def __init__(self, entry: DeviceEntry, site: Site, documents: Mapping[str, str]) -> None:
        self.name, self.settings = entry.name, entry.settings
        self._class, self._site = entry.device_class, site
        self.documents = dict(documents)
        self.device: AnyDevice = self._made(self.documents)

    def _made(self, documents: Mapping[str, str]) -> AnyDevice:
        return self._class(Context(self.name, self._site, documents))

    def renew(self, file: str, text: str) -> bool:
        """A file has a new text. One that is wrong the device itself refuses, and goes on as it was; so does this."""
        documents = {**self.documents, file: text}
        device = self._made(documents)
        try:
            device.begin(self.settings)
        except VirtualDevicesError:
            return True
        self.documents, self.device = documents, device
        return True

    def complain(self, text: str, about: str) -> None:
        """The device itself says what is wrong."""


def shadows(home: Home, documents: Mapping[str, str]) -> list[Shadow]:
    """Of every device of a home that reads files, all of which are among the documents; without one the device itself complains."""
    found = []
    for entry in home.devices:
        read = reads_files(entry.device_class, entry.settings)
        if read and all(name in documents for name in read):
            found.append(Shadow(entry, home.site, {name: documents[name] for name in read}))
    return found
