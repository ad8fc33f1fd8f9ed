"""A page in a browser: a client of the bus and of the records like any other, which owns no truth."""
