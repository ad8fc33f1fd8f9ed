"""What our brokers are told, as text: mosquitto's configuration and the embedded broker's TOML."""

from __future__ import annotations

from pathlib import Path

from virtual_devices.edge.mqtt.client import MAX_MESSAGE_BYTES

MAX_PACKET_BYTES = MAX_MESSAGE_BYTES + 128 * 1024
"""The longest payload with the longest topic and its header."""

MOSQUITTO_LIMITS = {
    # without it, every answer waits for a delayed acknowledgement: 44 ms
    "set_tcp_nodelay": "true",
    # a whole home's retained messages reach a new subscriber in one go
    "max_inflight_messages": "1000",
    "max_queued_messages": "100000",
    # a publisher of more is thrown off, which is seen; `message_size_limit` would drop its message without a word
    "max_packet_size": str(MAX_PACKET_BYTES),
    "persistence": "true",
    # seconds; what is lost between two of them, the devices and the home's host publish again
    "autosave_interval": "30",
}
"""Options that hold for the child that `start_broker` starts and for the container (`container_text`)."""

PLUGINS_SINCE = (2, 1)
"""The version since when `password_file`, `acl_file` and `per_listener_settings` are deprecated: the first two became plugins, the
last gave way to options of a listener. They are gone in 3.0. Sources: mosquitto.org, "Version 2.1.0 released" and the pages
"Per listener settings", "Password file" and "ACL file" of its documentation."""
PASSWORD_PLUGIN, ACL_PLUGIN = "mosquitto_password_file.so", "mosquitto_acl_file.so"
Version = tuple[int, int]

_LOG_SEGMENT_BYTES, _LOG_SEGMENTS = 10 * 1024 * 1024, 3


def mosquitto_text(
    *, host: str, port: int, state: Path, user: str | None, password_file: Path | None, password_plugin: Path | None = None
) -> str:
    """The configuration of one listener that keeps its database in `state`.

    Args:
        host: Address to bind.
        port: Port to bind.
        state: An existing folder that `user` may write.
        user: Who mosquitto shall run as when it is started by root; it would become user `mosquitto` else.
        password_file: Who may connect (made by `mosquitto_passwd`); None lets everybody in.
        password_plugin: What reads it since 2.1; None: the broker itself, as before.
    """
    lines = [f"{name} {value}" for name, value in MOSQUITTO_LIMITS.items()]
    lines += [
        f"persistence_location {state.resolve()}/",
        "sys_interval 0",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
    ]
    if user is not None:
        lines.append(f"user {user}")
    if password_file is not None and password_plugin is not None:
        lines += [f"global_plugin {password_plugin}", f"plugin_opt_password_file {password_file.resolve()}"]
    lines.append(f"listener {port} {host}")
    if password_file is None:
        lines.append("allow_anonymous true")
    elif password_plugin is not None:
        lines.append("listener_allow_anonymous false")
    else:
        lines += ["allow_anonymous false", f"password_file {password_file.resolve()}"]
    return "\n".join(lines) + "\n"


_CONTAINER = """\
# The home's broker in a container: image eclipse-mosquitto, {image}.
# Made by:  virtual-devices credentials HOME --out secret --mosquitto {version}
#
# The limits below are the same as those of the broker that `virtual-devices up` starts by itself
# (virtual_devices/edge/broker/settings.py), which says why they are what they are.
{before}
{limits}

persistence_location /mosquitto/data/
sys_interval 0
log_dest stderr
log_type error
log_type warning
log_type notice

# Names, passwords and rights, from a mounted secret: every device may write below its own name only.
# Make the files with:  virtual-devices credentials HOME --out secret
{rights}
# with TLS, for whoever comes over a network: Home Assistant, people, devices elsewhere
listener 8883
certfile /mosquitto/secret/server.crt
keyfile /mosquitto/secret/server.key
tls_version tlsv1.2
{named}

# in the clear, for the containers of the same home; publish this port to nobody else
listener 1883
{named}

# in the clear too, for containers that are one device each: who comes is called as it is named, so that nobody can take another's
# connection; the host, Home Assistant and people come by the listeners above, where each may have several
listener 1884
use_username_as_clientid true
{named}

# for the container's own health probe, which knows no password; nobody outside reaches it
listener 1880 127.0.0.1
{probe}
"""
_BEFORE = """
# has to come first: who may connect is a matter of each listener
per_listener_settings true
"""
_NAMED = """\
allow_anonymous false
password_file /mosquitto/secret/passwords
acl_file /mosquitto/secret/acl"""
_PROBE = """\
allow_anonymous true
acl_file /mosquitto/config/probe.acl"""
# both on all listeners: what a plugin is told for one listener holds for all, and who comes without a name gets the rights before the
# first user of the access list
_RIGHTS = f"""\
global_plugin /usr/lib/{PASSWORD_PLUGIN}
plugin_opt_password_file /mosquitto/secret/passwords
global_plugin /usr/lib/{ACL_PLUGIN}
plugin_opt_acl_file /mosquitto/secret/acl
"""


def container_text(version: Version) -> str:
    """The configuration of a home's broker in a container: with TLS, in the clear, for single devices, and for its health probe."""
    limits = "\n".join(f"{name} {value}" for name, value in MOSQUITTO_LIMITS.items())
    if version < PLUGINS_SINCE:
        return _CONTAINER.format(
            image="version 2.0 (2.1 takes it too, and warns of options that 3.0 will not know)", version="2.0", before=_BEFORE, limits=limits, rights="",
            named=_NAMED, probe=_PROBE,
        )  # fmt: skip
    return _CONTAINER.format(
        image="version 2.1 or newer", version="2.1", before="", limits=limits, rights=_RIGHTS, named="listener_allow_anonymous false",
        probe="listener_allow_anonymous true",
    )  # fmt: skip


def iotcore_text(*, host: str, port: int, v5_port: int) -> str:
    """The embedded broker's TOML: MQTT 3.1.1 on one port, MQTT 5 on the other, both on `host`.

    The embedded broker keeps what was published as a log in memory, one for each topic filter that somebody
    subscribes to, and never frees a message before the log is full: with the figures of its own example (10 segments
    of 100 MB) it grew by 1.7 MB for each MB published. A subscriber that lags behind by a whole log loses messages;
    20 to 30 MiB are more than a dozen devices can have on the way with messages of 1 MiB. A new subscriber gets as
    many retained messages as the outgoing packet count allows.
    """
    address = f"[{host}]" if ":" in host else host
    listeners = "".join(
        f"""
[{version}.1]
name = "{version}"
listen = "{address}:{number}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 10000
max_payload_size = {MAX_PACKET_BYTES}
max_inflight_count = 1000
dynamic_filters = true
"""
        for version, number in (("v4", port), ("v5", v5_port))
    )
    return f"""id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 10000
max_segment_size = {_LOG_SEGMENT_BYTES}
max_segment_count = {_LOG_SEGMENTS}
{listeners}"""
