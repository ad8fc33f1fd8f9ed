"""The objects of a home, as plain data: no cluster, no client."""
