"""A home that runs virtually: every device a process, an MQTT client and a Home Assistant device, netted in joules."""

__version__ = "0.1.0"
