"""Many homes in one process: one loop, one broker."""
