"""A home file, and what it would change."""
