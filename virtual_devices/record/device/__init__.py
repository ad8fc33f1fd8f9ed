"""A record as a device of its home."""
