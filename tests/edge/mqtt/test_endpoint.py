from __future__ import annotations

import pytest

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("mqtt://anna@broker.lan:1884", "mqtt://anna@broker.lan:1884"),
        ("mqtts://broker.lan", "mqtts://broker.lan:8883"),
        ("broker.lan", "mqtt://broker.lan:1883"),
        ("127.0.0.1:2000", "mqtt://127.0.0.1:2000"),
        ("anna@broker.lan", "mqtt://anna@broker.lan:1883"),
        ("mqtt://[::1]:2000/", "mqtt://[::1]:2000"),
        ("mqtt://an%40na@broker.lan", "mqtt://an%40na@broker.lan:1883"),
    ],
)
def test_an_address_is_read_and_written_alike(text: str, url: str) -> None:
    assert Endpoint.parse(text).url == url
    assert Endpoint.parse(url) == Endpoint.parse(text)


def test_the_parts() -> None:
    endpoint = Endpoint.parse("mqtts://an%40na@Broker.lan:1884")
    assert (endpoint.host, endpoint.port, endpoint.username, endpoint.tls) == ("broker.lan", 1884, "an@na", True)


@pytest.mark.parametrize(
    "text", ["mqtt://anna:hunter2@broker.lan", "anna:hunter2@broker.lan:1883", "mqtt://:hunter2@broker.lan"]
)
def test_a_password_in_the_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--password-file.*VIRTUAL_DEVICES_PASSWORD.*prompt") as caught:
        Endpoint.parse(text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mqtt://",
        "mqtt://a/b",
        "mqtt://a?x=1",
        "mqtt://[::1",
        "mqtt://broker.lan:0",
        "mqtt://broker.lan:99999",
        "broker.lan:x",
        "http://broker.lan",
        "http://anna:hunter2@broker.lan",
        "mqtt://anna:hunter2@broker.lan:99999",
        "mqtt://anna:hunter2",
    ],
)
def test_what_is_no_address_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(ConfigurationError, match="mqtt://") as caught:
        Endpoint.parse(text)
    assert "hunter2" not in str(caught.value)


def test_the_password_is_never_shown() -> None:
    endpoint = Endpoint.parse("mqtt://anna@broker.lan").with_password("hunter2")
    assert endpoint.password == "hunter2"  # noqa: S105
    assert "hunter2" not in f"{endpoint!r} {endpoint} {endpoint.url}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "LOCALHOST."])
def test_loopback(host: str) -> None:
    assert Endpoint.parse(host).is_loopback


@pytest.mark.parametrize("host", ["broker.lan", "192.168.1.5", "0.0.0.0", "[::]", "localhost.lan"])  # noqa: S104
def test_not_loopback(host: str) -> None:
    assert not Endpoint.parse(host).is_loopback
