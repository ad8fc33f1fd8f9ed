"""Devices at work on the bus."""
