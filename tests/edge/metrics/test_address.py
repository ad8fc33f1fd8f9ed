"""Where metrics are served."""

from __future__ import annotations

import pytest

from virtual_devices.edge.metrics.address import MetricsAddress, metrics_address
from virtual_devices.kit.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "address"),
    [("9464", MetricsAddress(9464)), ("0.0.0.0:9464", MetricsAddress(9464, "0.0.0.0")), ("[::]:1", MetricsAddress(1, "::")), ("127.0.0.1:65535", MetricsAddress(65535))],  # noqa: S104 - a text
)  # fmt: skip
def test_a_port_is_of_loopback_unless_an_address_is_named(text: str, address: MetricsAddress) -> None:
    assert metrics_address(text) == address


@pytest.mark.parametrize("text", ["", "0", "65536", ":9464", "here", "0.0.0.0:", "0.0.0.0:x", "-1", "²", "٩٤٦٤", "[::1:9464", "::1:9464", "http://127.0.0.1:9464", "a b:9464", "127.0.0.1:9464/metrics", "1" * 5000])
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"write a port such as 9464, or 0\.0\.0\.0:9464"):
        metrics_address(text)
