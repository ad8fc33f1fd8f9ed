"""A `paho` client that reads its socket in gulps.

`paho` asks the kernel for every packet's first byte, then for each byte of its length, then for the rest: four
system calls where one does. This subclass fetches what is there once and hands it out byte by byte, and a whole
message of QoS 0, which nobody has to acknowledge, at once: nearly all that a device hears is of this sort, and a
sixth of its processor time went into these bytes. An acknowledgement of MQTT 3.1.1, four bytes, is taken from there too, without
the objects that MQTT 5 would need for it. What it says with QoS 0 goes to the kernel in one piece, where nothing waits before it: that is a
twelfth of a load's window. Everything else stays `paho`'s.

It overrides one method of `paho` that is not public (`_sock_recv`), calls two (`_do_on_publish`: a message is acknowledged; `_packet_queue`) and looks at some
of its fields (`_in_packet`: whether a packet is half read; `_out_packet`: what waits to be written; `_last_bytes_received` and `_last_msg_out`: for its
keep-alive; `_out_messages`: which wait for their acknowledgement, under its lock); a test holds them to what `paho` does.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from paho.mqtt.client import Client as PahoClient
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import ConfigurationError

GULP = 65536
"""Bytes fetched at once; a packet's body that is longer goes straight from the kernel into the packet."""

_PUBLISH_QOS_0 = 0x30
_ACKNOWLEDGED, _ACKNOWLEDGEMENT = b"\x40\x02", 4  # PUBACK of MQTT 3.1.1, and its length with the message's number (3.4)
_MORE = 128  # a byte of the length that says: another one follows
_LONGEST = 28  # bits of the length

_SUCCESS = ReasonCode(PacketTypes.PUBACK)
_NO_PROPERTIES = Properties(PacketTypes.PUBACK)  # type: ignore[no-untyped-call] # paho has left its types out

# Linux alone has it: acknowledge at once instead of waiting up to 40 ms for data to ride on
_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class GulpingClient(PahoClient):
    """`paho.mqtt.client.Client` with a read buffer."""

    whole_messages = True
    """Whether `take_message` may take them: those of MQTT 5 carry more than topic and payload."""
    _gulp: bytes = b""
    _taken: int = 0
    _dry: bool = False

    def start_of_read(self) -> None:
        """Call when the socket turned readable, before `loop_read`.

        The kernel drops the quick acknowledgement mode by itself, so it is armed again before each read.
        """
        self._dry = False
        sock: Any = self.socket()
        if sock is not None and _QUICK_ACK is not None:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def forget_gulp(self) -> None:
        """Call when a socket was opened or closed: what came over the old one is void."""
        self._gulp, self._taken, self._dry = b"", 0, False

    @property
    def buffered(self) -> int:
        """Bytes fetched and not yet used, plus those that TLS has decrypted: `loop_read` has work without the kernel."""
        sock: Any = self.socket()
        if sock is None:
            return 0
        decrypted = sock.pending() if hasattr(sock, "pending") else 0
        return len(self._gulp) - self._taken + decrypted

    def _sock_recv(self, bufsize: int) -> bytes:
        taken = self._taken
        if taken < len(self._gulp):
            chunk = self._gulp[taken : taken + bufsize]
            self._taken = taken + len(chunk)
            return chunk
        if bufsize >= GULP:
            return super()._sock_recv(bufsize)
        self._fetch()
        self._taken = min(bufsize, len(self._gulp))
        return self._gulp[:bufsize]

    def _fetch(self) -> None:
        """Ask the kernel for what is there. Raises BlockingIOError when there is nothing."""
        if self._dry:
            # the last gulp was not full, so there was no more; asking again would only cost a system call
            raise BlockingIOError
        self._gulp, self._taken = b"", 0
        self._gulp = super()._sock_recv(GULP)
        # a TLS record ends a read early: only a plain socket's short read says that it is empty
        self._dry = 0 < len(self._gulp) < GULP and not hasattr(self.socket(), "pending")

    def take_message(self) -> tuple[str, bytes, bool] | None:
        """Topic, payload and retain flag of the next packet, if that is a message of QoS 0 and has come whole."""
        if self._in_packet["command"] or self.socket() is None or not self.whole_messages:
            return None
        if self._taken >= len(self._gulp):
            try:
                self._fetch()
            except OSError:
                return None  # paho finds the same, and knows what to do
        gulp, at = self._gulp, self._taken
        if gulp.startswith(_ACKNOWLEDGED, at):
            at = self._take_acknowledgements(gulp, at)
        try:
            if gulp[at] & ~1 != _PUBLISH_QOS_0:
                return None
            begin, length = _remaining_length(gulp, at + 1)
            end, words = begin + length, begin + 2 + int.from_bytes(gulp[begin : begin + 2], "big")
            if end > len(gulp) or words > end:
                return None
            message = gulp[begin + 2 : words].decode(), gulp[words:end], bool(gulp[at] & 1)
        except (IndexError, UnicodeDecodeError):
            return None
        self._taken = end
        self._last_bytes_received = time.monotonic()
        return message

    @property
    def dry(self) -> bool:
        """Whether the last gulp is used up, and was all that there was: `loop_read` would find nothing."""
        return self._dry and 0 < len(self._gulp) <= self._taken

    def _take_acknowledgements(self, gulp: bytes, at: int) -> int:
        """Take those that have come whole, one after the other; where the next packet begins."""
        while gulp.startswith(_ACKNOWLEDGED, at) and at + _ACKNOWLEDGEMENT <= len(gulp):
            number = int.from_bytes(gulp[at + 2 : at + _ACKNOWLEDGEMENT], "big")
            self._taken = at = at + _ACKNOWLEDGEMENT
            with self._out_message_mutex:
                if number in self._out_messages:
                    self._do_on_publish(number, _SUCCESS, _NO_PROPERTIES)
        self._last_bytes_received = time.monotonic()
        return at

    def put_message(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Write a message of QoS 0, if nothing waits to be written and the kernel takes some of it now; else it is left to `publish`."""
        sock: Any = self.socket()
        if self._out_packet or sock is None or not self.whole_messages or hasattr(sock, "pending"):
            return False
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + payload
        packet = bytes((_PUBLISH_QOS_0 | retain,)) + _length_bytes(len(body)) + body
        try:
            sent = sock.send(packet)
        except OSError:
            return False  # paho finds the same, and knows what to do
        if sent < len(packet):
            self._packet_queue(_PUBLISH_QOS_0, packet[sent:], 0, 1)  # as if it were to be acknowledged: then paho tells nobody that it is out
        self._last_msg_out = time.monotonic()
        return True


def _length_bytes(length: int) -> bytes:
    """The length of a packet's body as MQTT writes it (3.1.1, 2.2.3)."""
    found = bytearray()
    while length >= _MORE:
        found.append(length & 127 | _MORE)
        length >>= 7
    found.append(length)
    return bytes(found)


def _remaining_length(gulp: bytes, at: int) -> tuple[int, int]:
    """Where a packet's body begins, and how long it is (MQTT 3.1.1, 2.2.3). Raises IndexError where the bytes end."""
    length = shift = 0
    while True:
        byte = gulp[at]
        length |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < _MORE:
            return at, length
        if shift >= _LONGEST:
            raise IndexError


def gulping_client(endpoint: Endpoint, client_id: str, *, five: bool = False) -> GulpingClient:
    """A client for this broker: MQTT 3.1.1, or 5, a clean session, the endpoint's identity and TLS.

    Raises:
        ConfigurationError: A certificate or key cannot be read.
    """
    client = GulpingClient(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if five else True,  # of MQTT 5 the first connection of a client is a clean one
        protocol=MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.whole_messages = not five
    # 0 is "no limit": with one, paho walks its whole queue at every acknowledgement
    client.max_inflight_messages_set(0)
    if endpoint.username is not None or endpoint.password is not None:
        client.username_pw_set(endpoint.username, endpoint.password)
    if endpoint.tls:
        try:
            client.tls_set(ca_certs=endpoint.cafile, certfile=endpoint.certfile, keyfile=endpoint.keyfile)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"TLS for {endpoint.url}: {error}; give readable PEM files for the authority (cafile), and for a "
                "client certificate both certfile and keyfile"
            ) from error
    return client
