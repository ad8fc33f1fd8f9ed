"""Who runs devices: local processes."""
