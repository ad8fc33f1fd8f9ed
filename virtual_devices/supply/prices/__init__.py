"""Prices as somebody published them."""
