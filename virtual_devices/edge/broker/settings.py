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
"""Options that hold for the child that `start_broker` starts and for a container (`container.py`)."""

PLUGINS_SINCE = (2, 1)
"""The version since when `password_file`, `acl_file` and `per_listener_settings` are deprecated: the first two became plugins, the
last gave way to options of a listener. They are gone in 3.0. Sources: mosquitto.org, "Version 2.1.0 released" and the pages
"Per listener settings", "Password file" and "ACL file" of its documentation."""
PASSWORD_PLUGIN, ACL_PLUGIN, DYNAMIC_PLUGIN = "mosquitto_password_file.so", "mosquitto_acl_file.so", "mosquitto_dynamic_security.so"
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
