"""The configuration of a home's broker in a container: image eclipse-mosquitto, with a list of rights or with dynamic security."""

from __future__ import annotations

from virtual_devices.edge.broker.settings import (
    ACL_PLUGIN,
    DYNAMIC_PLUGIN,
    MOSQUITTO_LIMITS,
    PASSWORD_PLUGIN,
    PLUGINS_SINCE,
    Version,
)

_PLACES = """
persistence_location /mosquitto/data/
sys_interval 0
log_dest stderr
log_type error
log_type warning
log_type notice
"""

_CONTAINER = """\
# The home's broker in a container: image eclipse-mosquitto, {image}.
# Made by:  virtual-devices credentials HOME --out secret {option}
#
# The limits below are the same as those of the broker that `virtual-devices up` starts by itself
# (virtual_devices/edge/broker/settings.py), which says why they are what they are.
{before}
{common}
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
# WebSockets, for browsers, in the clear: let nobody else reach it but what speaks TLS for them
# (without socket_domain this listener would bind every interface, also where an address is named)
listener 9001
protocol websockets
socket_domain ipv4
{named}
{probe}"""
_MADE = """\
# Names, passwords and rights, from a mounted secret: every device may write below its own name only.
# Make the files with:  virtual-devices credentials HOME --out secret
"""
_BEFORE = """
# has to come first: who may connect is a matter of each listener
per_listener_settings true
"""
_NAMED = """\
allow_anonymous false
password_file /mosquitto/secret/passwords
acl_file /mosquitto/secret/acl
"""
_PROBE = """\
# for the container's own health probe, which knows no password; nobody outside reaches it
listener 1880 127.0.0.1
"""
# both on all listeners: what a plugin is told for one listener holds for all, and who comes without a name gets the rights before the
# first user of the access list
_RIGHTS = f"""\
{_MADE}global_plugin /usr/lib/{PASSWORD_PLUGIN}
plugin_opt_password_file /mosquitto/secret/passwords
global_plugin /usr/lib/{ACL_PLUGIN}
plugin_opt_acl_file /mosquitto/secret/acl
"""
_OLDER = "version 2.0 (2.1 takes it too, and warns of options that 3.0 will not know)"
_NEWER = "version 2.1 or newer"

_DYNAMIC = f"""\
# Names, passwords and rights, which the home's fleet changes while devices come and go. One plugin for all listeners, so nobody comes
# without a name: a health probe asks whether port 1883 opens.
# The broker writes this file. Before its first start, and only then, put there what is made by
#   virtual-devices credentials HOME --out secret --dynamic
allow_anonymous false
{{plugin}} /usr/lib/{DYNAMIC_PLUGIN}
plugin_opt_config_file /mosquitto/data/dynamic-security.json

# what is retained of a device that is removed stays until the fleet clears it, which has to see it for that
check_retain_source false
"""


def container_text(version: Version) -> str:
    """With names and rights from a list: with TLS, in the clear, for single devices, for browsers, and for its health probe."""
    option = f"--mosquitto {_words(version)}"
    if version < PLUGINS_SINCE:
        probe = f"{_PROBE}allow_anonymous true\nacl_file /mosquitto/config/probe.acl\n"
        return _text(image=_OLDER, option=option, before=_BEFORE, rights=_MADE, named=_NAMED, probe=probe)
    probe = f"{_PROBE}listener_allow_anonymous true\n"
    return _text(image=_NEWER, option=option, before="", rights=_RIGHTS, named="listener_allow_anonymous false\n", probe=probe)


def dynamic_text(version: Version) -> str:
    """With dynamic security: the same listeners but the probe's."""
    older = version < PLUGINS_SINCE
    return _text(
        image=_NEWER if not older else "version 2.0 (2.1 takes it too)", option=f"--dynamic --mosquitto {_words(version)}", before="",
        rights=_DYNAMIC.format(plugin="plugin" if older else "global_plugin"), named="", probe="",
    )  # fmt: skip


def _words(version: Version) -> str:
    return "2.0" if version < PLUGINS_SINCE else "2.1"


def _text(**parts: str) -> str:
    return _CONTAINER.format(common=common_options(), **parts).rstrip("\n") + "\n"


def common_options() -> str:
    """What any broker in a container has, whoever may come there: limits, the place of its database, what it logs."""
    return "\n".join(f"{name} {value}" for name, value in MOSQUITTO_LIMITS.items()) + "\n" + _PLACES
