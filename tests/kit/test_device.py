"""What authors of kinds import stays where they found it."""

from __future__ import annotations

import pytest

from virtual_devices.kit import device, offers, settings

MOVED = ["Choices", "ConsumerSettings", "DeviceName", "Document", "Everyday", "FileName", "Form", "HomeFileOnly", "Partner", "Settings"]


@pytest.mark.parametrize("name", MOVED)
def test_a_kind_that_was_written_before_finds_its_settings(name: str) -> None:
    assert getattr(device, name) is getattr(settings, name)


def test_it_finds_the_link() -> None:
    assert vars(device)["Link"] is offers.Link
