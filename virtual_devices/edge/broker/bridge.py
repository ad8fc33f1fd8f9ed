"""Brokers that are shards of many homes: the bridge of each to a central broker, which passes homes' summaries on and nothing else; and that broker."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.edge.broker.container import common_options
from virtual_devices.edge.messages.topics import summary_topic

_BRIDGE = """\
# Shard {shard}: the bridge of its broker to the central one. Add these lines to the end of the shard's mosquitto.conf.
# Made by:  virtual-devices shards {shard} --centre {url} --out FOLDER
#
# What goes over it is each home's summary, one message in a quarter of an hour of its time; nothing comes back: no command, no state, no name of a
# device. What is retained is sent again with each connection, so a shard, or a centre, that was away is current when it is back.
connection {identity}
address {address}
bridge_protocol_version mqttv311
remote_clientid {identity}
remote_username {identity}
remote_password {password}
{tls}topic {topic} out 1
# of a connection that was cut nothing has to be remembered: the summaries are retained
cleansession true
local_cleansession true
# whether the bridge is up is no message of either broker
notifications false
keepalive_interval 30
# wall seconds between two attempts, longer each time up to the second
restart_timeout 1 30
"""

_CENTRE = """\
# The central broker of many homes, which hears their summaries from the brokers that they live on: mosquitto 2.0 (2.1 takes it too, and warns of
# options that 3.0 will not know).
# Made by:  virtual-devices shards NAME... --centre URL --out FOLDER
{common}
# each shard may write summaries, and hears nothing; people hear them, and write nothing
allow_anonymous false
password_file /mosquitto/secret/passwords
acl_file /mosquitto/secret/acl

# with TLS, for shards and people elsewhere
listener 8883
certfile /mosquitto/secret/server.crt
keyfile /mosquitto/secret/server.key
tls_version tlsv1.2

# in the clear, for shards and people on the same private network; publish this port to nobody else
listener 1883
"""


@dataclass(frozen=True, slots=True)
class Centre:
    """Where the central broker is. cafile: of the authority that vouches for it, as the shard's broker finds the file; None: without TLS."""

    host: str
    port: int
    cafile: str | None = None

    @property
    def address(self) -> str:
        """Host and port; an IPv6 address stands in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """As people write it."""
        return f"{'mqtt' if self.cafile is None else 'mqtts'}://{self.address}"


def bridge_text(shard: str, identity: str, password: str, centre: Centre) -> str:
    """The bridge of a shard's broker. identity, password: of the shard at the central broker."""
    tls = "" if centre.cafile is None else f"bridge_cafile {centre.cafile}\nbridge_tls_version tlsv1.2\n"
    return _BRIDGE.format(
        shard=shard, url=centre.url, identity=identity, address=centre.address, password=password, tls=tls, topic=summary_topic("+")
    )  # fmt: skip


def centre_text() -> str:
    """The central broker in a container, as the shipped configurations of a home's broker are."""
    return _CENTRE.format(common=common_options())
