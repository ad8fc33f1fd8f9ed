"""What of a home survives its processes."""
