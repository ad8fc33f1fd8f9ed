"""Curves, tables, and a moment that is asked about."""
