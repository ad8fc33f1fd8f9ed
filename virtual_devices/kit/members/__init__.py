"""Devices as members of a home: what they offer, settle and remember."""
