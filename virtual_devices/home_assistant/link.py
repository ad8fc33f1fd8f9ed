"""A Home Assistant that runs, spoken to as its own pages do: its websocket and its REST interface."""

from __future__ import annotations

import http.client
import importlib.util
import json
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, Self

from virtual_devices.kit.errors import BrokerError, ConfigurationError, shown

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

PATIENCE = 60.0
"""Wall seconds within which an answer comes."""
_OWN_MACHINE = ("127.0.0.1", "localhost")
_SECURE = {"http": "ws", "https": "wss"}


class RefusedError(BrokerError):
    """What a Home Assistant was asked and did not do."""


class HomeAssistant:
    """A connection to one Home Assistant, as a context.

    url: ``http://192.0.2.7:8123``.  token: a long-lived access token.  cafile: of the authority that its certificate is checked by.

    Raises ConfigurationError when the address or the token cannot be used, BrokerError when nothing answers.
    """

    def __init__(self, url: str, token: str, *, cafile: Path | None = None) -> None:
        if importlib.util.find_spec("websocket") is None:
            raise ConfigurationError("to speak to a Home Assistant, websocket-client is needed; pip install 'virtual-devices[home-assistant]'")
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in _SECURE or not parts.hostname:
            raise ConfigurationError(f"{shown(url)} is no address of a Home Assistant; write it like http://192.0.2.7:8123")
        if parts.username or parts.password:
            raise ConfigurationError("an address with a password in it can be read by every process of the machine; give a token by --token-file")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._socket_url = f"{_SECURE[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}/api/websocket"
        self._token, self._number = token, 0
        self._tls = ssl.create_default_context(cafile=str(cafile) if cafile else None) if parts.scheme == "https" else None
        self._socket = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Say good-bye."""
        self._socket.close()

    def _opened(self) -> Any:
        import websocket  # noqa: PLC0415 - not everybody has it

        try:
            link = websocket.create_connection(
                self._socket_url, timeout=PATIENCE, sslopt={"context": self._tls} if self._tls else None, http_no_proxy=list(_OWN_MACHINE)
            )
            first = json.loads(link.recv())
            if first["type"] == "auth_required":
                link.send(json.dumps({"type": "auth", "access_token": self._token}))
                first = json.loads(link.recv())
        except (OSError, ValueError, KeyError, websocket.WebSocketException) as error:
            raise BrokerError(f"no Home Assistant answers at {self.url}: {error}; is the address the one that its own page has?") from error
        if first["type"] != "auth_ok":
            link.close()
            raise ConfigurationError(f"{self.url} does not take this token; make one on your profile's page, under Security, and give it whole")
        return link

    def ask(self, command: str, **fields: object) -> Any:
        """One command of the websocket interface, and its result. Raises RefusedError when it is refused, BrokerError when it is away."""
        import websocket  # noqa: PLC0415 - not everybody has it

        self._number += 1
        try:
            self._socket.send(json.dumps({"id": self._number, "type": command, **fields}))
            while True:
                answer = json.loads(self._socket.recv())
                if answer.get("id") == self._number and answer["type"] == "result":
                    break
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise BrokerError(f"{self.url} has gone while it was asked for {command}: {error}") from error
        if not answer["success"]:
            raise RefusedError(f"{self.url} refuses {command}: {answer['error'].get('message') or answer['error']}")
        return answer["result"]

    def call(self, service: str, entity: str | None = None, **data: object) -> None:
        """One action, such as ``number.set_value``. Raises RefusedError."""
        domain, _, name = service.partition(".")
        target = {"target": {"entity_id": entity}} if entity else {}
        self.ask("call_service", domain=domain, service=name, service_data=data, **target)

    def version(self) -> tuple[int, int]:
        """Year and month of its version."""
        year, month, *_ = re.findall(r"\d+", str(self.ask("get_config")["version"]))
        return int(year), int(month)

    def get(self, path: str) -> Any:
        """A page of the REST interface, as JSON: ``get("states/sensor.x")``. Raises RefusedError, BrokerError."""
        return asked(self.url, self._token, path, tls=self._tls)


def asked(url: str, token: str, path: str, body: object = None, *, patience: float = PATIENCE, tls: ssl.SSLContext | None = None) -> Any:
    """A page of the REST interface at an address, as JSON; with a body that is put to it. patience: wall seconds.

    Raises RefusedError for an answer that is none, BrokerError where none comes.
    """
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    page = f"{url}/api/{urllib.parse.quote(path)}"
    request = urllib.request.Request(page, None if body is None else json.dumps(body).encode(), head)  # noqa: S310 - http or https
    around = [urllib.request.ProxyHandler({})] if urllib.parse.urlsplit(url).hostname in _OWN_MACHINE else []
    secure = [urllib.request.HTTPSHandler(context=tls)] if tls else []
    try:
        with urllib.request.build_opener(*around, *secure).open(request, timeout=patience) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise RefusedError(f"{page} is refused with {error.code}: {error.read(500).decode(errors='replace')}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise BrokerError(f"{url} does not answer: {error}") from error
