"""Whoever looks at a running home, and gives it orders."""
