"""MQTT: the client, the wire, what waits to be sent."""
