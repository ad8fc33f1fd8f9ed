"""An MQTT 3.1.1 client for our own loop: it reconnects, subscribes again, and never stalls on a delayed acknowledgement.

The protocol is `paho`'s; the sockets are driven by `Loop`. What `paho` reports is noted first and told to the owner
after `paho` has returned, so that an owner's exception leaves through `Loop.run` and finds `paho` in order.

Delivery. QoS 0 while there is no connection is dropped: whoever needs it asks again, or publishes anew from
`on_connect`. QoS 1 is kept until it is acknowledged, over reconnects too; without a connection only the newest of
each retained topic is kept, and of the others the newest `outbox.KEPT_OFFLINE`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from virtual_devices.edge.endpoint import PASSWORD_VARIABLE, Endpoint
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.outbox import Outbox, Outgoing
from virtual_devices.edge.paho_socket import GulpingClient
from virtual_devices.kit.errors import BrokerError, ConfigurationError

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

__all__ = ["MAX_MESSAGE_BYTES", "PASSWORD_VARIABLE", "Client", "Endpoint", "Will"]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Longest payload; our brokers are configured for the same, a longer one would be dropped without a word."""

KEEPALIVE = 30
"""Seconds; a broker gives a silent client up after one and a half times as many."""

BACKOFF_SHORTEST, BACKOFF_LONGEST = 0.1, 5.0
"""Seconds before the first and the later attempts to connect again."""

BACKOFF_REFUSED = 30.0
"""Seconds before asking a broker again that said no: a person has to mend that first."""

TAKEOVER_SPAN = 5.0
"""Seconds after connecting within which losing the connection looks like another client of the same name."""

CONNECT_TIMEOUT, GREETING_TIMEOUT = 3.0, 10.0
"""Seconds for the connection to open, and then for the broker's answer."""

_HOUSEKEEPING = 5.0  # seconds between two looks at the keep-alive
_UNACKNOWLEDGED = 10_000  # messages handed to paho at once; it numbers them with 16 bits
_PACKETS_IN_A_ROW = 1000  # before the other clients of the loop have their turn
_NUMBERS_TRIED = 100  # message numbers to try when paho finds one still in use


@dataclass(frozen=True)
class Will:
    """What the broker says for a client that vanishes, and what the client itself says when it leaves."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


class Client:
    """One MQTT identity on a shared loop.

    Args:
        loop: Drives the client; all callbacks come from it.
        endpoint: The broker.
        client_id: The identity; two clients with the same one throw each other off (see `on_takeover`).
        will: Published by the broker when the client vanishes, by the client when it disconnects.
        on_message: Topic, payload and whether it is a retained message from before the subscription.
        on_connect: After every (re)connect; subscriptions are renewed and unacknowledged messages sent before it.
        on_disconnect: The reason; connecting again is automatic, after 0.1 s up to 5 s.
        on_refused: The broker's answer was no (credentials, identity, certificate). Tried again every 30 s only.
        on_takeover: How many times in a row the connection was lost within 5 s of connecting while the broker
            was there: another client has this name. Two mean that this is the newcomer, and it should leave.
    """

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        client_id: str,
        *,
        on_message: Callable[[str, bytes, bool], None],
        will: Will | None = None,
        on_connect: Callable[[], None] | None = None,
        on_disconnect: Callable[[str], None] | None = None,
        on_refused: Callable[[str], None] | None = None,
        on_takeover: Callable[[int], None] | None = None,
    ) -> None:
        self.client_id = client_id
        self.endpoint = endpoint
        self.connected = False
        self.closed = True
        self.takeovers = 0
        self.dropped = 0
        self.last_error: str | None = None
        self.on_takeover = on_takeover
        self._loop = loop
        self._will = will
        self._on_message = on_message
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        self._on_refused = on_refused
        self._topics: dict[str, int] = {}
        self._unconfirmed: set[int | None] = set()
        self._outbox = Outbox()
        self._unacknowledged: deque[paho.MQTTMessageInfo] = deque()
        self._notes: deque[Callable[[], None]] = deque()
        self._telling = False
        self._serving = False
        self._leaving = False
        self._refused = False
        self._awaiting_room = False
        self._connected_at = 0.0
        self._backoff = BACKOFF_SHORTEST
        self._timers: dict[str, Timer] = {}
        self._mqtt = self._make_paho()

    @property
    def subscribed(self) -> bool:
        """Whether the broker has confirmed every subscription: nothing published from now on is missed."""
        return self.connected and not self._unconfirmed

    @property
    def pending(self) -> int:
        """Messages of QoS 1 that the broker has not acknowledged yet."""
        return self._in_flight() + len(self._outbox)

    def connect(self) -> None:
        """Begin to connect, in the loop's next turn; from then on the client keeps itself connected."""
        if not self.closed:
            return
        self.closed = self._leaving = False
        self._backoff, self.takeovers = BACKOFF_SHORTEST, 0
        self._mqtt.connect_async(self.endpoint.host, self.endpoint.port, KEEPALIVE)
        self._set_timer("dial", 0.0, self._dial)

    def subscribe(self, *topics: tuple[str, int]) -> None:
        """Subscribe to (topic filter, QoS) pairs, now and after every connect."""
        self._topics.update(topics)
        if self.connected and topics:
            self._unconfirmed.add(self._mqtt.subscribe(list(topics))[1])

    def unsubscribe(self, topic: str) -> None:
        """Forget a topic filter; harmless when it was not subscribed."""
        if self._topics.pop(topic, None) is not None and self.connected:
            self._mqtt.unsubscribe(topic)

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:  # noqa: FBT001, FBT002
        """Publish; an empty retained payload clears the topic. See the module for what is kept without a connection.

        Raises:
            BrokerError: The payload is longer than `MAX_MESSAGE_BYTES`.
        """
        if len(payload) > MAX_MESSAGE_BYTES:
            raise BrokerError(
                f"message on {topic}: {len(payload)} bytes, and {MAX_MESSAGE_BYTES} is the longest that goes through; "
                "publish fewer steps at once"
            )
        message = Outgoing(topic, payload, qos, retain)
        if not self.connected:
            self.dropped += self._outbox.keep_offline(message) if qos else 1
        elif qos == 0 or (not self._outbox and self._in_flight() < _UNACKNOWLEDGED):
            self._hand_over(message)
        else:
            self._outbox.keep(message)

    def flush(self, timeout: float) -> bool:
        """Run the loop until everything is written and acknowledged, for so many seconds at most.

        Not from a callback. Returns whether everything arrived.
        """
        return self._loop.run(until=lambda: self.pending == 0 and not self._mqtt.want_write(), timeout=timeout)

    def disconnect(self, *, will_payload: bool = True, grace: float = 2.0) -> None:
        """Leave: say the will's message, wait until all is acknowledged (`grace` seconds at most), close.

        From a callback this only begins, and `closed` turns true later; elsewhere it runs the loop until then.
        """
        if self.closed or self._leaving:
            return
        self._leaving = True
        self._cancel("dial")
        if not self.connected:
            self._hang_up()
        else:
            if self._will is not None and will_payload:
                self.publish(self._will.topic, self._will.payload, max(self._will.qos, 1), self._will.retain)
            self._set_timer("leave", grace, self._hang_up)
            self._loop.call_soon(self._leave_when_done)
        if not self._loop.running:
            self._loop.run(until=lambda: self.closed, timeout=grace + 1.0)

    # -- connecting ----------------------------------------------------------------------------------------

    def _make_paho(self) -> GulpingClient:
        client = GulpingClient(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            clean_session=True,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        # 0 is "no limit": with one, paho walks its whole queue at every acknowledgement; `_UNACKNOWLEDGED` limits
        client.max_inflight_messages_set(0)
        client.connect_timeout = CONNECT_TIMEOUT
        endpoint = self.endpoint
        if endpoint.username is not None or endpoint.password is not None:
            client.username_pw_set(endpoint.username, endpoint.password)
        if endpoint.tls:
            _use_tls(client, endpoint)
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

    def _dial(self) -> None:
        try:
            self._mqtt.reconnect()
        except ssl.SSLCertVerificationError as error:
            self._unreachable(f"{self.endpoint.url}: the certificate is not trusted ({error.verify_message})")
            self._refuse(f"the certificate of {self.endpoint.url} is not trusted: {error.verify_message}")
        except OSError as error:
            self._unreachable(f"{self.endpoint.url}: {error}")
        else:
            self._set_timer("greeting", GREETING_TIMEOUT, self._give_up_waiting)
        self._tell()

    def _unreachable(self, reason: str) -> None:
        self.last_error = reason
        # nobody answers, so nobody threw this client off
        self.takeovers = 0
        self._dial_later()

    def _dial_later(self) -> None:
        delay = BACKOFF_REFUSED if self._refused else self._backoff
        self._backoff = min(self._backoff * 2, BACKOFF_LONGEST)
        self._set_timer("dial", delay, self._dial)

    def _refuse(self, reason: str) -> None:
        self._refused = True
        self.last_error = reason
        self._set_timer("dial", BACKOFF_REFUSED, self._dial)
        if self._on_refused is not None:
            self._on_refused(reason)

    def _give_up_waiting(self) -> None:
        """The broker accepted the connection and then said nothing: end it, so that the socket reports its end."""
        sock: Any = self._mqtt.socket()
        if sock is not None and not self.connected:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _greeted(self, reason: ReasonCode) -> None:
        self._cancel("greeting")
        if reason.is_failure:
            name = reason.getName()
            if name == "Server unavailable":
                self.last_error = f"{self.endpoint.url}: the broker is not available"
            else:
                self._refuse(f"{self.endpoint.url} refused {self.client_id!r}: {name}")
            return
        self._refused = False
        self.last_error = None
        self._connected_at = self._loop.time()
        self._set_timer("settled", TAKEOVER_SPAN, self._settled)
        self._set_timer("housekeeping", _HOUSEKEEPING, self._keep_house)
        self._empty_outbox()
        if self._on_connect is not None:
            self._on_connect()

    def _settled(self) -> None:
        """The connection has lasted: nobody fights for it, and the next loss begins with a short wait again."""
        self.takeovers = 0
        self._backoff = BACKOFF_SHORTEST

    def _lost(self, reason: str, was_connected: bool) -> None:  # noqa: FBT001
        self._cancel("greeting", "settled", "housekeeping")
        if self._leaving:
            self._cancel("leave")
            self.closed = True
            return
        self.last_error = self.last_error or f"{self.endpoint.url}: {reason}"
        if "dial" not in self._timers:
            self._dial_later()
        if was_connected and self._on_disconnect is not None:
            self._on_disconnect(reason)
        if was_connected and self._loop.time() - self._connected_at < TAKEOVER_SPAN:
            self.takeovers += 1
            if self.on_takeover is not None:
                self.on_takeover(self.takeovers)

    def _keep_house(self) -> None:
        self._set_timer("housekeeping", _HOUSEKEEPING, self._keep_house)
        self._mqtt.loop_misc()
        self._tell()

    # -- leaving -------------------------------------------------------------------------------------------

    def _leave_when_done(self) -> None:
        if self._leaving and not self.closed and self.connected and self.pending == 0:
            self._mqtt.disconnect()

    def _hang_up(self) -> None:
        """Close without waiting any longer for what is unacknowledged."""
        self._cancel("leave")
        self._mqtt.disconnect()
        sock: Any = self._mqtt.socket()
        if sock is not None:
            self._mqtt.loop_write()
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            self._serve()
        self._cancel(*self._timers)
        self.closed = True

    # -- sending -------------------------------------------------------------------------------------------

    def _hand_over(self, message: Outgoing) -> None:
        for _ in range(_NUMBERS_TRIED):
            info = self._mqtt.publish(message.topic, message.payload, message.qos, message.retain)
            if info.rc != MQTTErrorCode.MQTT_ERR_QUEUE_SIZE:
                break
        if message.qos == 0:
            return
        # the connection may have just gone: paho keeps the message and sends it after the next connect
        info.rc = MQTTErrorCode.MQTT_ERR_SUCCESS
        self._unacknowledged.append(info)

    def _empty_outbox(self) -> None:
        while self._outbox and self.connected and self._in_flight() < _UNACKNOWLEDGED:
            self._hand_over(self._outbox.take())

    def _in_flight(self) -> int:
        """Messages that paho has and the broker has not acknowledged; brokers acknowledge in order."""
        while self._unacknowledged and self._unacknowledged[0].is_published():
            self._unacknowledged.popleft()
        return len(self._unacknowledged)

    # -- the socket ----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        """Read what is there, tell the owner, write what came of it."""
        self._serving = True
        try:
            self._mqtt.start_of_read()
            for _ in range(_PACKETS_IN_A_ROW):
                self._mqtt.loop_read()
                self._tell()
                if not self._mqtt.buffered:
                    break
            if self._outbox:
                self._empty_outbox()
        finally:
            self._serving = False
            self._push()
            if self._mqtt.buffered:
                # the selector does not know of bytes that were fetched already: the other clients first, then these
                self._loop.call_soon(self._serve)
        self._tell()
        if self._leaving:
            self._leave_when_done()

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
            if self._topics:
                self._unconfirmed.add(self._mqtt.subscribe(list(self._topics.items()))[1])
        self._notes.append(lambda: self._greeted(reason))

    def _paho_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        was_connected, self.connected = self.connected, False
        words = "the connection was lost" if reason.getName() == "Unspecified error" else reason.getName()
        self._notes.append(lambda: self._lost(words, was_connected))

    def _paho_subscribe(self, _client: paho.Client, _data: Any, number: int, _reasons: Any, _more: Any) -> None:
        self._unconfirmed.discard(number)

    def _paho_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # no topic of ours; the protocol forbids it, and a broker should not have passed it on
        payload, retain = bytes(message.payload), message.retain
        self._notes.append(lambda: self._on_message(topic, payload, retain))

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

    # -- timers --------------------------------------------------------------------------------------------

    def _set_timer(self, name: str, seconds: float, callback: Callable[[], None]) -> None:
        def ring() -> None:
            del self._timers[name]
            callback()

        self._cancel(name)
        self._timers[name] = self._loop.call_later(seconds, ring)

    def _cancel(self, *names: str) -> None:
        for name in names:
            timer = self._timers.pop(name, None)
            if timer is not None:
                timer.cancel()


def _use_tls(client: paho.Client, endpoint: Endpoint) -> None:
    try:
        client.tls_set(ca_certs=endpoint.cafile, certfile=endpoint.certfile, keyfile=endpoint.keyfile)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"TLS for {endpoint.url}: {error}; give readable PEM files for the authority (cafile), and for a client "
            "certificate both certfile and keyfile"
        ) from error

