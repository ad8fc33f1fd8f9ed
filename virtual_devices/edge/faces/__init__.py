"""How a device looks to others: Home Assistant, Prometheus, AsyncAPI."""
