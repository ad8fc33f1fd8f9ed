"""An MQTT 3.1.1 client, or one of MQTT 5 where it answers questions, on the loop: it reconnects, subscribes again, and never stalls on a delayed acknowledgement.

The protocol is `paho`'s, the socket `wire.Wire`'s. An exception of a callback leaves through `Loop.run`; the client
stays usable.

Delivery. QoS 0 while there is no connection is dropped: whoever needs it asks again, or publishes anew from
`on_connect`. QoS 1 is kept until it is acknowledged, over reconnects too; without a connection only the newest of
each retained topic is kept (also of what a lost connection has not delivered), and of the others the newest `outbox.KEPT_OFFLINE`. Subscribe with QoS 0: sessions are
clean, so QoS 1 adds nothing over one connection but a third of the time, and the embedded broker hands a
subscriber with QoS 1 no more than 100 retained messages of a wildcard.
"""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.mqtt.endpoint import PASSWORD_VARIABLE, Endpoint
from virtual_devices.edge.mqtt.outbox import Outbox, Outgoing
from virtual_devices.edge.mqtt.wire import Ears, ReturnAddress, Wire
from virtual_devices.kit.errors import BrokerError

__all__ = ["MAX_MESSAGE_BYTES", "PASSWORD_VARIABLE", "Client", "Endpoint", "ReturnAddress", "Will"]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Longest payload; our brokers are configured for the same, a longer one would be dropped without a word."""

BACKOFF_SHORTEST, BACKOFF_LONGEST = 0.1, 5.0
"""Seconds before the first and the later attempts to connect again."""

BACKOFF_REFUSED = 30.0
"""Seconds before asking a broker again that said no: a person has to mend that first."""

TAKEOVER_SPAN = 5.0
"""Seconds after connecting within which losing the connection looks like another client of the same name."""

TAKEOVERS = 2
"""So many of them in a row are no chance: this client stays away for a while."""

TAKEOVER_PAUSE, TAKEOVER_PAUSES = 5.0, 4
"""Seconds that it stays away then, twice as long each time, doubled so often at most."""

LEAVE_WITHIN = 2.0
"""Seconds that a broker is given to acknowledge what a client says last."""

GREETING_TIMEOUT = 10.0
"""Seconds for the broker's answer once the connection is open."""

_HOUSEKEEPING = 5.0  # seconds between two looks at the keep-alive
_UNACKNOWLEDGED = 10_000  # messages handed to paho at once; it numbers them with 16 bits


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
            was there: another client has this name. One may be a broker that died; from the second on it pauses
            before it connects again, for 5 s, then 10 s, up to 80 s, so that nobody's fight is endless and fast.
        on_question: Told, instead of `on_message`, of messages that say where they want an answer, and where that is; `answer` sends it.
            With it the client speaks MQTT 5, or 3.1.1, under which nobody says such a thing, with a broker that knows no other.

    Attributes:
        closed: Not connected and not trying to be: before `connect` and after `disconnect`.
        leaving: `disconnect` was called, and `connect` not again.
        takeovers: The count that `on_takeover` was told last; 0 once a connection has lasted.
        dropped: Messages that were given up for want of a connection.
        last_error: Why there is no connection, in words; None while there is one.
        on_said: Told topic and payload of all that is published here; None: nobody is.
        untrusted: The broker's certificate was the reason: no name or password mends that.
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
        on_question: Callable[[str, bytes, bool, ReturnAddress], None] | None = None,
    ) -> None:
        self.client_id = client_id
        self.endpoint = endpoint
        self.closed = True
        self.takeovers = 0
        self.dropped = 0
        self.last_error: str | None = None
        self.untrusted = False
        self.on_takeover = on_takeover
        self.on_said: Callable[[str, bytes], None] | None = None
        self._loop = loop
        self._will = will
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        self._on_refused = on_refused
        self._on_question = on_question
        self._outbox = Outbox()
        self.leaving = False
        self._refused = False
        self._connected_at = 0.0
        self._backoff = BACKOFF_SHORTEST
        self._speaks_five: bool | None = None
        """Whether the broker has greeted a client of MQTT 5; None while it has greeted none."""
        self._timers: dict[str, Timer] = {}
        last_words = Outgoing(will.topic, will.payload, will.qos, will.retain) if will is not None else None
        ears = Ears(self._greeted, self._lost, on_message, self._served, on_question)
        self._wire = Wire(loop, endpoint, client_id, last_words, ears)

    @property
    def connected(self) -> bool:
        """Whether the broker has greeted, and the connection stands."""
        return self._wire.connected

    @property
    def subscribed(self) -> bool:
        """Whether the broker has confirmed every subscription: nothing published from now on is missed."""
        return self._wire.subscribed

    @property
    def pending(self) -> int:
        """Messages of QoS 1 that the broker has not acknowledged yet."""
        return self._wire.in_flight + len(self._outbox)

    def connect(self) -> None:
        """Begin to connect, in the loop's next turn; from then on the client keeps itself connected."""
        if not self.closed:
            return
        self.closed = self.leaving = False
        self._backoff, self.takeovers = BACKOFF_SHORTEST, 0
        self._set_timer("dial", 0.0, self._dial)

    def postpone(self, seconds: float) -> None:
        """Without a connection: begin to connect again no sooner than after so many seconds; harmless with one."""
        if "dial" in self._timers and not self.connected:
            self._set_timer("dial", max(seconds, self._timers["dial"].when - self._loop.time()), self._dial)

    def subscribe(self, *topics: tuple[str, int]) -> None:
        """Subscribe to (topic filter, QoS) pairs, now and after every connect."""
        self._wire.subscribe(list(topics))

    def unsubscribe(self, topic: str) -> None:
        """Forget a topic filter; harmless when it was not subscribed."""
        self._wire.unsubscribe(topic)

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:  # noqa: FBT001, FBT002
        """Publish; an empty retained payload clears the topic. See the module for what is kept without a connection.

        Raises:
            BrokerError: The payload is longer than `MAX_MESSAGE_BYTES`.
        """
        self._send(Outgoing(topic, payload, qos, retain))

    def publish_each(self, topic: str, payload: bytes) -> None:
        """Publish, retained, with QoS 1, a value of a topic of which each has to arrive, not only the newest. Raises BrokerError, see `publish`."""
        self._send(Outgoing(topic, payload, 1, retain=True, counts=True))

    def answer(self, back: ReturnAddress, payload: bytes) -> None:
        """Answer a question, with QoS 1. Raises BrokerError, see `publish`."""
        self._send(Outgoing(back.topic, payload, 1, retain=False, correlation=back.correlation))

    def _send(self, message: Outgoing) -> None:
        if len(message.payload) > MAX_MESSAGE_BYTES:
            raise BrokerError(
                f"message on {message.topic}: {len(message.payload)} bytes, and {MAX_MESSAGE_BYTES} is the longest that goes through; "
                "publish fewer steps at once"
            )
        if self.on_said is not None:
            self.on_said(message.topic, message.payload)
        if not self.connected:
            self.dropped += self._outbox.keep_offline(message) if message.qos else 1
        elif message.qos == 0 or (not self._outbox and self._wire.in_flight < _UNACKNOWLEDGED):
            self._wire.send(message)
        else:
            self._outbox.keep(message)

    async def flush(self, seconds: float) -> bool:
        """Wait until everything is written and acknowledged, for so many seconds at most; whether everything arrived."""
        return await self._loop.until(lambda: self.pending == 0 and not self._wire.unwritten, seconds)

    def disconnect(self, *, will_payload: bool = True, grace: float = LEAVE_WITHIN) -> None:
        """Begin to leave: say the will's message, and when all is acknowledged (after `grace` seconds at the latest), close.

        `closed` turns true then, which `leave` waits for.
        """
        if self.closed or self.leaving:
            return
        self.leaving = True
        self._cancel("dial")
        if not self.connected:
            self._hang_up()
        else:
            if self._will is not None and will_payload:
                self.publish(self._will.topic, self._will.payload, max(self._will.qos, 1), self._will.retain)
            self._set_timer("leave", grace, self._hang_up)
            self._loop.call_soon(self._leave_when_done)

    async def leave(self, *, will_payload: bool = True, grace: float = LEAVE_WITHIN) -> None:
        """`disconnect`, if that has not begun yet, and wait until it is done."""
        self.disconnect(will_payload=will_payload, grace=grace)
        await self._loop.until(lambda: self.closed, grace + 1.0)

    # -- connecting ----------------------------------------------------------------------------------------

    def _dial(self) -> None:
        self.dropped += self._outbox.put_back(self._wire.take_back())
        try:
            self._wire.open()
        except ssl.SSLCertVerificationError as error:
            self.untrusted = True
            self._unreachable(f"{self.endpoint.url}: the certificate is not trusted ({error.verify_message})")
            self._refuse(f"the certificate of {self.endpoint.url} is not trusted: {error.verify_message}")
        except OSError as error:
            odd = self.endpoint.tls and isinstance(error, (ssl.SSLError, ConnectionResetError))  # what no TLS makes of our hello
            self._unreachable(f"{self.endpoint.url}: {error}" + ("; see whether TLS is spoken there, or mqtt://" if odd else ""))
        else:
            # a broker that says nothing is hung up on; the socket then reports its end
            self._set_timer("greeting", GREETING_TIMEOUT, self._wire.shut)

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

    def _greeted(self, refusal: str | None) -> None:
        self._cancel("greeting")
        if refusal is not None and self._wire.five and "protocol" in refusal.casefold():
            return  # the connection ends now, and the next speaks another version
        if refusal == "Server unavailable":
            self.last_error = f"{self.endpoint.url}: the broker is not available"
            return
        if refusal is not None:
            self._refuse(f"{self.endpoint.url} refused {self.client_id!r}: {refusal}")
            return
        self._refused = self.untrusted = False
        self.last_error = None
        self._connected_at = self._loop.time()
        self._speaks_five = self._wire.five
        self._set_timer("settled", TAKEOVER_SPAN, self._settled)
        self._set_timer("housekeeping", _HOUSEKEEPING, self._keep_house)
        self._served()
        if self._on_connect is not None:
            self._on_connect()

    def _settled(self) -> None:
        """The connection has lasted: nobody fights for it, and the next loss begins with a short wait again."""
        self.takeovers = 0
        self._backoff = BACKOFF_SHORTEST

    def _lost(self, reason: str, was_connected: bool) -> None:  # noqa: FBT001
        self._cancel("greeting", "settled", "housekeeping")
        if self.leaving:
            self._cancel("leave")
            self.closed = True
            return
        if self._on_question is not None and self._speaks_five is None and not was_connected:
            self._wire.five = not self._wire.five  # some hang up on a version that they do not know
        self.last_error = self.last_error or f"{self.endpoint.url}: {reason}"
        early = was_connected and self._loop.time() - self._connected_at < TAKEOVER_SPAN
        self.takeovers = self.takeovers + early if was_connected else 0  # who is not greeted is not thrown off by anybody
        if "dial" not in self._timers and early and self.takeovers == 1:
            # at once: a broker that has died refuses now, and may be back a moment later; one that threw this client off is there
            self._set_timer("dial", 0.0, self._dial)
        elif "dial" not in self._timers and early:
            times = min(self.takeovers - TAKEOVERS, TAKEOVER_PAUSES)
            self._set_timer("dial", TAKEOVER_PAUSE * 2.0**times * random.uniform(1.0, 1.5), self._dial)  # noqa: S311 - two that fight take turns
        elif "dial" not in self._timers:
            self._dial_later()
        if was_connected and self._on_disconnect is not None:
            self._on_disconnect(reason)
        if early and self.on_takeover is not None:
            self.on_takeover(self.takeovers)

    def _keep_house(self) -> None:
        self._set_timer("housekeeping", _HOUSEKEEPING, self._keep_house)
        self._wire.keep_alive()

    # -- leaving -------------------------------------------------------------------------------------------

    def _leave_when_done(self) -> None:
        if self.leaving and self.connected and self.pending == 0:
            self._wire.leave()

    def _hang_up(self) -> None:
        """Close without waiting any longer for what is unacknowledged."""
        self._wire.close_now()
        self._cancel(*list(self._timers))
        self.closed = True

    def _served(self) -> None:
        """Acknowledgements have made room, perhaps: send what waited for it."""
        while self._outbox and self.connected and self._wire.in_flight < _UNACKNOWLEDGED:
            self._wire.send(self._outbox.take())
        if self.leaving:
            self._leave_when_done()

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
