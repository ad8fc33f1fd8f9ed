"""One identity's socket on the loop: what `paho` is told by the selector, and what it tells.

What `paho` reports is noted first and passed on after `paho` has returned, in its order. So an exception of whoever
hears it leaves through `Loop.run` and finds `paho` in order, and what is published on hearing of a new connection
comes after the unacknowledged messages that `paho` sends again by itself.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.mqtt.outbox import Outgoing
from virtual_devices.edge.mqtt.paho_socket import GulpingClient, gulping_client

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE = 30
"""Seconds; a broker gives a silent client up after one and a half times as many."""

CONNECT_TIMEOUT = 3.0
"""Seconds for a connection to open; nothing else happens on the loop meanwhile."""

_PACKETS_IN_A_ROW = 1000  # before the other clients of the loop have their turn
_NUMBERS_TRIED = 100  # message numbers to try when paho finds one still in use


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where a message of MQTT 5 wants its answer, and what the answer has to carry."""

    topic: str
    correlation: bytes | None = None


@dataclass(frozen=True, slots=True)
class Ears:
    """What a wire tells its owner.

    Attributes:
        greeted: The broker answered: why it refuses, None for a welcome.
        lost: The socket is closed, wanted or not: the reason, and whether the broker had welcomed it.
        heard: A message came: topic, payload, and whether it is a retained one from before the subscription.
        served: A batch of input has been dealt with; acknowledgements may have been among it.
        asked: A message came that wants an answer: topic, payload, whether it is retained, and where. With it the wire speaks MQTT 5.
    """

    greeted: Callable[[str | None], None]
    lost: Callable[[str, bool], None]
    heard: Callable[[str, bytes, bool], None]
    served: Callable[[], None]
    asked: Callable[[str, bytes, bool, ReturnAddress], None] | None = None


class Wire:
    """A `paho` client bound to a loop.

    Attributes:
        connected: The broker has welcomed this connection, and it stands.
        topics: Filters and QoS that are subscribed at every connect.
        five: The next connection speaks MQTT 5; it may be unset for a broker that does not.
    """

    def __init__(self, loop: Loop, endpoint: Endpoint, client_id: str, will: Outgoing | None, ears: Ears) -> None:
        self.connected = False
        self.five = ears.asked is not None
        self.topics: dict[str, int] = {}
        self._loop = loop
        self._endpoint = endpoint
        self._ears = ears
        self._unconfirmed: set[int | None] = set()
        self._will = will
        self._client_id = client_id
        self._unacknowledged: deque[tuple[paho.MQTTMessageInfo, Outgoing]] = deque()
        self._newest: dict[str, Outgoing | None] = {}
        """The last message sent to each retained topic, None once it needs no acknowledgement: a home's come to a megabyte."""
        self._notes: deque[Callable[[], None]] = deque()
        self._telling = False
        self._serving = False
        self._awaiting_room = False
        self._mqtt = self._new_client()

    def _new_client(self) -> GulpingClient:
        """One of paho's clients for each connection: what the last could not deliver is the owner's again, not paho's."""
        client = gulping_client(self._endpoint, self._client_id, five=self.five)
        client.connect_timeout = CONNECT_TIMEOUT
        if self._will is not None:
            client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        client.on_connect = self._paho_connect
        client.on_disconnect = self._paho_disconnect
        client.on_subscribe = self._paho_subscribe
        client.on_message = self._paho_message
        client.on_socket_open = self._paho_open
        client.on_socket_close = self._paho_close
        client.on_socket_register_write = self._paho_write
        return client

    # -- what the owner asks for -----------------------------------------------------------------------------

    @property
    def socket(self) -> Any:
        """The open socket, None without one."""
        return self._mqtt.socket()

    @property
    def subscribed(self) -> bool:
        """Whether the broker has confirmed every subscription."""
        return self.connected and not self._unconfirmed

    @property
    def in_flight(self) -> int:
        """Messages that paho has and the broker has not acknowledged; brokers acknowledge in order."""
        while self._unacknowledged and self._unacknowledged[0][0].is_published():
            _, message = self._unacknowledged.popleft()
            if self._newest.get(message.topic) is message:
                self._newest[message.topic] = None
        return len(self._unacknowledged)

    @property
    def unwritten(self) -> bool:
        """Whether bytes wait for the kernel to take them."""
        return self._mqtt.want_write()

    def open(self) -> None:
        """Connect, for `CONNECT_TIMEOUT` at most, and ask the broker in; `greeted` tells its answer.

        Raises:
            OSError: Nobody is there, or TLS failed.
        """
        self._mqtt = self._new_client()
        self._mqtt.connect_async(self._endpoint.host, self._endpoint.port, KEEPALIVE)
        try:
            self._mqtt.reconnect()
        finally:
            self._tell()

    def subscribe(self, topics: list[tuple[str, int]]) -> None:
        """Subscribe now, if there is a connection, and at every connect."""
        self.topics.update(topics)
        if self.connected and topics:
            self._unconfirmed.add(self._mqtt.subscribe(list(topics))[1])

    def unsubscribe(self, topic: str) -> None:
        """Forget a filter."""
        if self.topics.pop(topic, None) is not None and self.connected:
            self._mqtt.unsubscribe(topic)

    def send(self, message: Outgoing) -> None:
        """Publish; with QoS 1 the message is now paho's, until it is acknowledged or taken back."""
        if message.retain:
            self._newest[message.topic] = message if message.qos else None
        if message.qos == 0 and self._mqtt.put_message(message.topic, message.payload, retain=message.retain):
            return
        for _ in range(_NUMBERS_TRIED):
            info = self._mqtt.publish(message.topic, message.payload, message.qos, message.retain, _properties(message))
            if info.rc != MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
                break
        if message.qos:
            info.rc = MQTTErrorCode.MQTT_ERR_SUCCESS  # the connection may have just gone; then it is taken back
            self._unacknowledged.append((info, message))

    def take_back(self) -> list[Outgoing]:
        """What the last connection has not delivered; of a retained topic only what is still its newest value."""
        sent, self._unacknowledged = self._unacknowledged, deque()
        return [
            message for info, message in sent
            if not info.is_published() and (not message.retain or message.counts or self._newest[message.topic] is message)
        ]  # fmt: skip

    def keep_alive(self) -> None:
        """Ask a silent broker for a sign of life, or give it up; to be called every few seconds."""
        self._mqtt.loop_misc()
        self._tell()

    def leave(self) -> None:
        """Tell the broker good-bye after all that was sent before; `lost` follows."""
        self._mqtt.disconnect()

    def shut(self) -> None:
        """End the connection without another word, as a cut cable would; `lost` follows when the socket says so."""
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)

    def close_now(self) -> None:
        """Close at once: the good-bye goes out if the kernel takes it."""
        self._mqtt.disconnect()
        if self.socket is not None:
            self._mqtt.loop_write()
            self.shut()
            self._serve()

    # -- the socket ----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """Read what is there, tell the owner, write what came of it."""
        self._serving = True
        try:
            self._mqtt.start_of_read()
            for _ in range(_PACKETS_IN_A_ROW):
                message = self._mqtt.take_message()
                if message is not None:
                    self._ears.heard(*message)
                elif not self._mqtt.dry:  # else it was acknowledgements alone
                    self._mqtt.loop_read()
                    self._tell()
                if not self._mqtt.buffered:
                    break
        finally:
            self._serving = False
            self._push()
            if self._mqtt.buffered:
                # the selector does not know of bytes that were fetched already: the other clients first, then these
                self._loop.call_soon(self._serve)
        self._tell()
        self._ears.served()

    def _write(self) -> None:
        self._push()
        self._tell()

    def _push(self) -> None:
        """Write what waits; where the kernel takes no more, ask the loop to say when it does."""
        if self._mqtt.want_write():
            self._mqtt.loop_write()
        sock: Any = self._mqtt.socket()
        wanted = sock is not None and self._mqtt.want_write()
        if wanted and not self._awaiting_room:
            self._loop.add_writer(sock, self._write)
        elif self._awaiting_room and not wanted and sock is not None:
            self._loop.remove_writer(sock)
        self._awaiting_room = wanted

    def _tell(self) -> None:
        """Pass on what paho reported, in its order."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._notes:
                self._notes.popleft()()
        finally:
            self._telling = False

    # -- what paho reports: noted, except for what must happen at once -------------------------------------

    def _paho_connect(self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        if not reason.is_failure:
            self.connected = True
            self._unconfirmed.clear()
            if self.topics:
                # at once: paho sends its unacknowledged messages next, and an answer to them must not be missed
                self._unconfirmed.add(self._mqtt.subscribe(list(self.topics.items()))[1])
        refusal = reason.getName() if reason.is_failure else None
        self._notes.append(lambda: self._ears.greeted(refusal))

    def _paho_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        was_connected, self.connected = self.connected, False
        words = "the connection was lost" if reason.getName() == "Unspecified error" else reason.getName()
        self._notes.append(lambda: self._ears.lost(words, was_connected))

    def _paho_subscribe(self, _client: paho.Client, _data: Any, number: int, _reasons: Any, _more: Any) -> None:
        self._unconfirmed.discard(number)

    def _paho_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # no topic of ours; the protocol forbids it, and a broker should not have passed it on
        payload, retain, asked = bytes(message.payload), message.retain, self._ears.asked
        back = _return_address(message) if asked is not None else None
        if asked is None or back is None:
            self._notes.append(lambda: self._ears.heard(topic, payload, retain))
        else:
            self._notes.append(lambda: asked(topic, payload, retain, back))

    def _paho_open(self, _client: paho.Client, _data: Any, sock: Any) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._mqtt.forget_gulp()
        self._loop.add_reader(sock, self._serve)

    def _paho_close(self, _client: paho.Client, _data: Any, sock: Any) -> None:
        self._awaiting_room = False
        self._mqtt.forget_gulp()
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)

    def _paho_write(self, _client: paho.Client, _data: Any, _sock: Any) -> None:
        # within `_serve` the writing is done at its end; otherwise in the next turn, so that a burst goes together
        if not self._serving:
            self._loop.call_soon(self._write)


def _return_address(message: paho.MQTTMessage) -> ReturnAddress | None:
    """Where a message of MQTT 5 wants its answer; None where it wants none."""
    topic = getattr(message.properties, "ResponseTopic", None)
    return ReturnAddress(topic, getattr(message.properties, "CorrelationData", None)) if isinstance(topic, str) and topic else None


def _properties(message: Outgoing) -> Properties | None:
    if message.correlation is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has left its types out
    properties.CorrelationData = message.correlation
    return properties
