"""The accounts of a home's ledger that no device has: its wires, and the world outside."""

from __future__ import annotations

METER = "meter"
ESSENTIAL = "essential"
AUX = "aux"
NON_ESSENTIAL = "non_essential"
PORTS = (ESSENTIAL, AUX, NON_ESSENTIAL)
"""What the ports of an inverter are called; a home's own names those that it has."""
DC_BUS = "dc_bus"
HEAT = "heat"
LOSSES = "losses"
RESET = "reset"
DRIVING = "driving"
GRID = "grid"
"""The outside account behind the meter, whatever the device is called."""
RESERVED = frozenset({METER, *PORTS, DC_BUS, HEAT, LOSSES, RESET, DRIVING})
"""Accounts that no device may be named like."""
OUTSIDE = frozenset({HEAT, LOSSES, RESET, DRIVING})
"""Accounts of the outside world, beside the sources and grids that a record names."""
