"""Prometheus metrics of a home, derived from what its devices declare and say; nothing is written per device."""
