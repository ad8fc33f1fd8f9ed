"""A running home from Python: looked at, commanded and waited for, as the command line does it."""
