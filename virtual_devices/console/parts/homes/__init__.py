"""All homes, and the health of one."""
