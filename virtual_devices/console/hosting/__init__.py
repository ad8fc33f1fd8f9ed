"""Who makes and starts homes."""
