"""A house to build in."""
