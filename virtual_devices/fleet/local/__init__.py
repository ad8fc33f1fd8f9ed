"""The fleet of a home on this machine."""
