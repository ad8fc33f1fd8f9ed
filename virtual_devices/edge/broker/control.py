"""Orders to mosquitto's dynamic-security plugin, over MQTT: many in one message, each answered by its number.

The broker does nothing else while it carries a message out, and writes its file anew after each order: so a thousand orders are sent
in parts, and a home goes on between them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.kit.errors import BrokerError, ConfigurationError

TOPIC = "$CONTROL/dynamic-security/v1"
_ANSWERS = f"{TOPIC}/response"
PATIENCE = 10.0
"""Wall seconds that the broker may take for a connection, and for the answer to a message of one order."""
_EACH = 0.1  # more for each order: with 500 users a slow disk takes a fifth of it
ORDERS, ORDER_BYTES = 20, 500_000
"""Orders and bytes of one message at most; a broker of version 2.1 takes 2,000,000 unless told otherwise."""


@dataclass(frozen=True, slots=True)
class ControlAnswer:
    """What became of an order. error: the plugin's words, None when it is done.  data: what was asked for."""

    command: str
    error: str | None
    data: Mapping[str, Any] = field(default_factory=dict)


class ControlLostError(BrokerError):
    """The connection was lost with orders under way: nobody knows which of them are done."""


class BrokerControl:
    """A connection to the plugin, for the time of an ``async with`` block.

    endpoint: the broker, and a user whom the plugin has as its administrator. Orders carry passwords: over loopback, TLS, or a
    network of the home's own.  patience: wall seconds, see ``PATIENCE``.  Entering raises BrokerError when the broker cannot be
    reached, ConfigurationError when it does not know the user.
    """

    def __init__(self, loop: Loop, endpoint: Endpoint, *, patience: float = PATIENCE) -> None:
        self.endpoint = endpoint
        self._loop, self._patience = loop, patience
        own = secrets.token_hex(6)
        self._begin, self._count = f"{own}-", 0
        self._awaited: dict[str, ControlAnswer | None] = {}
        self._refusal: str | None = None
        self._losses = 0
        self._client = Client(
            loop, endpoint, f"virtual_control_{own}", on_message=self._heard, on_refused=self._refused, on_disconnect=self._lost
        )  # fmt: skip
        self._client.subscribe((_ANSWERS, 0))

    async def __aenter__(self) -> Self:
        self._client.connect()
        try:
            await self._ready()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave the broker. Harmless when it is done twice."""
        if not self._client.closed:
            await self._client.leave(grace=1.0)

    async def ask(self, orders: Sequence[Mapping[str, Any]]) -> list[ControlAnswer]:
        """Have orders carried out, in their order, and hear what became of each; some may be refused while others are done.

        Each is an object with ``command``, as the plugin's documentation has them.  Raises BrokerError when the broker falls silent,
        ControlLostError when the connection is lost: then nobody knows which of them are done; look, and ask again for what is missing.
        """
        answers: list[ControlAnswer] = []
        for part in _parts(orders):
            answers += await self._ask_at_once(part)
        return answers

    async def _ask_at_once(self, orders: Sequence[Mapping[str, Any]]) -> list[ControlAnswer]:
        await self._ready()
        numbers = [f"{self._begin}{self._count + place}" for place in range(len(orders))]
        self._count += len(orders)
        numbered = [{**order, "correlationData": number} for order, number in zip(orders, numbers, strict=True)]
        waiting: set[str] = set(numbers)
        self._awaited |= dict.fromkeys(numbers)
        losses = self._losses
        try:
            # QoS 0: said again after a reconnect, orders would be carried out at a time that nobody expects
            self._client.publish(TOPIC, orjson.dumps({"commands": numbered}))

            def done() -> bool:
                waiting.difference_update([number for number in waiting if self._awaited[number] is not None])
                return not waiting or self._losses != losses

            await self._loop.until(done, self._patience + _EACH * len(orders))
            answers = [answer for number in numbers if (answer := self._awaited[number]) is not None]
        finally:
            for number in numbers:
                del self._awaited[number]
        if len(answers) < len(numbers):
            raise self._silence(lost=self._losses != losses)
        return answers

    async def _ready(self) -> None:
        await self._loop.until(lambda: self._client.subscribed or self._refusal is not None, self._patience)
        if self._refusal is not None:
            raise ConfigurationError(f"{self._refusal}; mend the name or password of the broker's administrator")
        if not self._client.subscribed:
            raise BrokerError(f"no broker: {self._client.last_error or f'{self.endpoint.url} says nothing'}; see whether it runs, and try again")

    def _silence(self, *, lost: bool) -> BrokerError:
        if lost:
            return ControlLostError(f"{self.endpoint.url}: the connection was lost while the broker's dynamic security was asked; ask again")
        return BrokerError(
            f"{self.endpoint.url}: its dynamic security does not answer {self.endpoint.username or 'a client without a name'}; see whether the broker "
            "loads mosquitto_dynamic_security.so, and whether that user has its role admin"
        )

    def _heard(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        # mosquitto 2.0.11 names a role that was deleted by what now lies in its memory
        responses = json_object(payload.decode(errors="replace").encode()).get("responses")
        for each in responses if topic == _ANSWERS and isinstance(responses, list) else ():
            number = each.get("correlationData") if isinstance(each, dict) else None
            if isinstance(number, str) and number in self._awaited:  # another administrator's answers come here too
                error, data = each.get("error"), each.get("data")
                self._awaited[number] = ControlAnswer(
                    str(each.get("command")), None if error is None else printable(shortened(str(error))), data if isinstance(data, dict) else {}
                )

    def _refused(self, reason: str) -> None:
        self._refusal = reason

    def _lost(self, _reason: str) -> None:
        self._losses += 1


def _parts(orders: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Orders as they go into one message each; one that is too long for any goes alone."""
    parts: list[list[Mapping[str, Any]]] = []
    size = ORDER_BYTES
    for order in orders:
        length = len(orjson.dumps(order))
        if size + length > ORDER_BYTES or len(parts[-1]) == ORDERS:
            parts.append([])
            size = 0
        parts[-1].append(order)
        size += length
    return parts
